"""Running for people who wait: the same numbers as a comparison, soon, in turn, stopped at once, and never too much."""

import threading
import time

import numpy as np
import pandas as pd
import psutil
import pytest

from dashboard import runner as running
from dashboard.jobs import Job, Question, stages_for
from dashboard.runner import LimitError, Runner
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from sim.compare import compare
from sim.replicate import run

SHORT = ("period.warmup=30d", "period.length=60d")


@pytest.fixture(scope="module")
def runner():
    return Runner(2)


def question(*changes, place="etnedal", short=SHORT, **rest):
    base = apply(load(place), *short)
    return Question({"today": base, "more": apply(base, *changes)}, **{"stages": (10, 20), **rest})


def wait(job, until=lambda job: job.finished):
    end = time.monotonic() + 120
    while not until(job):
        assert time.monotonic() < end
        time.sleep(0.01)
    return job


def test_a_job_gives_what_a_comparison_gives(runner):
    asked = question("bup.psychologist.fte+=1", by=("group",), seed=5)
    job = wait(runner.ask(asked))
    assert (job.error, job.fault, job.shown, job.partial) == (None, "", 20, False)
    both = compare(asked.scenarios, replications=20, seed=5, by=("group",))
    assert job.comparison.table.equals(both.table)
    assert job.comparison.verdicts == both.verdicts


def test_the_first_stage_is_shown_before_the_last_and_never_changes_what_it_says(runner):
    asked = question("bup.psychologist.fte+=2", stages=(10, 60))
    job = wait(runner.ask(asked), lambda job: job.shown >= 10)
    first = job.comparison
    assert first.replications == 10 or job.shown == 60
    wait(job)
    assert job.comparison.replications == 60
    key = ("all", "", "all", "wait_after_referral")
    values = job.comparison.values(job.comparison.base, key)
    np.testing.assert_array_equal(values[: first.replications], first.values(first.base, key))


def test_what_was_run_is_not_run_again(runner):
    asked = question("bup.psychologist.fte+=3")
    wait(runner.ask(asked))
    again = runner.ask(asked)
    assert again.done == 20
    wait(again)
    assert again.comparison is not None


def test_results_come_by_scenario_also_where_there_is_nothing_to_compare(runner):
    base = question().scenarios["today"]
    job = wait(runner.ask(Question({"today": base}, stages=(10, 20))))
    assert job.comparison is None
    assert list(job.results) == ["today"]
    direct = run(base, replications=20, seed=1)
    pd.testing.assert_frame_equal(
        job.results["today"].measures.drop(columns="scenario"), direct.measures.drop(columns="scenario")
    )


def test_waiting_ends_when_the_first_answer_is_there_or_the_time_is_over(runner):
    job = runner.ask(question("bup.psychologist.fte+=21"))
    job.wait(10, 60)
    assert job.done >= 10
    other = runner.ask(question("bup.psychologist.fte+=22"))
    other.cancel()
    other.wait(20, 60)
    assert other.cancelled


def test_nothing_is_shown_before_the_plans_are_made_even_if_all_was_run_before(runner):
    asked = question("bup.psychologist.fte+=23")
    wait(runner.ask(asked))
    again = Job(asked, "", asked.digests)
    runner._take_known(again)
    assert again.done == 20
    assert (again.shown, again.results, again.comparison) == (0, {}, None)


def test_stages_end_with_what_is_wanted():
    assert stages_for(10) == (10,)
    assert stages_for(100) == (10, 40, 100)
    assert stages_for(1000) == (10, 40, 100, 1000)


def test_a_stopped_job_shows_what_it_has_and_stops_within_a_moment(runner):
    job = wait(
        runner.ask(question("bup.psychologist.fte+=4", short=(), place="stange", stages=(2, 1000))), lambda job: job.done >= 2
    )
    began = time.monotonic()
    job.cancel()
    wait(job)
    assert time.monotonic() - began < 10
    assert 2 <= job.shown < 1000
    assert job.partial
    assert job.comparison.replications == job.shown


def test_a_new_question_of_a_session_ends_its_last(runner):
    first = runner.ask(question("bup.psychologist.fte+=5", stages=(1000,)), "me")
    second = runner.ask(question("bup.psychologist.fte+=6"), "me")
    wait(first)
    assert first.cancelled
    wait(second)
    assert not second.cancelled
    third = runner.ask(question("bup.psychologist.fte+=7", stages=(1000,)), "gone")
    runner.cancel_all("gone")
    assert wait(third).cancelled


def test_a_short_job_is_not_kept_waiting_by_a_long_one(runner):
    long = runner.ask(question("bup.psychologist.fte+=8", stages=(1000,)), "long")
    short = wait(runner.ask(question("bup.psychologist.fte+=9"), "short"))
    assert short.shown == 20
    assert not long.finished
    long.cancel()
    wait(long)


def test_a_fault_of_ours_ends_its_job_and_nobody_elses(runner, monkeypatch):
    asked = question("bup.psychologist.fte+=10")
    monkeypatch.setattr(running.Worker, "replicate", lambda *_: 1 / 0)
    broken = wait(runner.ask(asked))
    assert len(broken.fault) == 4
    assert broken.comparison is None
    monkeypatch.undo()
    assert wait(runner.ask(question("bup.psychologist.fte+=11"))).shown == 20


def test_a_worker_that_dies_ends_the_job_it_had_and_another_takes_its_place():
    alone = Runner(1)
    job = wait(alone.ask(question("bup.psychologist.fte+=31", stages=(2, 1000))), lambda job: job.done >= 2)
    for process in psutil.Process().children():
        if "trinn-worker" in " ".join(process.cmdline()):
            process.kill()  # others' workers too: they begin again by themselves
    assert len(wait(job).fault) == 4
    assert job.shown == 2
    assert wait(alone.ask(question("bup.psychologist.fte+=32"))).shown == 20


def test_first_answers_come_in_the_order_they_were_asked_for_and_before_surer_ones():
    alone = Runner(1)
    surer = wait(alone.ask(question(stages=(2, 1000)), "surer"), lambda job: job.done >= 2)
    first = alone.ask(question("bup.psychologist.fte+=33", stages=(10, 1000)), "first")
    second = alone.ask(question("bup.psychologist.fte+=34", stages=(10, 1000)), "second")
    wait(first, lambda job: job.shown)
    assert second.done < 10
    wait(second, lambda job: job.shown)
    assert first.done < 100  # what makes it surer has not gone before
    for job in (surer, first, second):
        job.cancel()
        wait(job)


def test_what_makes_answers_surer_is_not_starved_by_those_who_always_ask_anew():
    alone = Runner(1)
    surer = wait(alone.ask(question(stages=(2, 60)), "surer"), lambda job: job.done >= 2)
    for number in range(40):
        if surer.finished:
            break
        wait(alone.ask(question(f"bup.psychologist.fte+={100 + number}", stages=(10,)), "anew"))
    assert surer.done > 4


def test_whoever_has_gone_leaves_nothing_behind_but_what_others_have_use_of(runner):
    wait(runner.ask(question("bup.psychologist.fte+=35"), "stays"))
    wait(runner.ask(question("bup.psychologist.fte+=36"), "goes"))
    before = len(runner._known)
    runner.cancel_all("goes")
    assert len(runner._known) == before - 20  # the base is of use to the one who stays
    again = runner.ask(question("bup.psychologist.fte+=35"), "stays")
    assert again.done == 20
    wait(again)


def test_a_runner_knows_when_it_is_still():
    alone = Runner(1)
    assert (alone.still, alone.busy, alone.asked) == (True, False, 0)
    job = alone.ask(question("bup.psychologist.fte+=37"))
    assert not alone.still
    wait(job)
    wait(job, lambda _: alone.still)
    assert alone.asked == 1


def test_what_a_user_can_put_right_is_said(runner):
    base = load("endless")
    job = wait(runner.ask(Question({"today": base, "more": base}, stages=(10,))))
    assert job.error is None or isinstance(job.error, TrinnError)


def test_too_much_too_many_and_too_little_memory_are_refused_in_words(runner, monkeypatch):
    with pytest.raises(LimitError, match="limit_work"):
        runner.ask(question(place="norge", short=(), stages=(1000,)))
    stuck = Runner(1)
    monkeypatch.setattr(running.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 1}))
    with pytest.raises(LimitError, match="limit_memory"):
        stuck.ask(question("bup.psychologist.fte+=12"))
    monkeypatch.undo()
    monkeypatch.setattr(running, "MOST_JOBS", 0)
    with pytest.raises(LimitError, match="limit_queue"):
        stuck.ask(question("bup.psychologist.fte+=12"))


def test_progress_says_how_far_and_how_many_stand_before(runner):
    job = runner.ask(question("bup.psychologist.fte+=13", stages=(1000,)))
    wait(job, lambda job: job.done >= 3)
    progress = runner.progress(job)
    assert 3 <= progress.done <= progress.wanted == 1000
    assert progress.place == 0
    job.cancel()
    wait(job)
    assert threading.active_count() < 60
