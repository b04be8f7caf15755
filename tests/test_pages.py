"""The pages on rejections, how much is needed, what matters most and research: every state, in both languages."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from threading import Event

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

import trinn
from dashboard import rejections as told
from dashboard import tasks
from dashboard.runner import LimitError
from dashboard.sensitivity import exported_sensitivity, measure_line, turning_lines, verdict_word
from dashboard.session import Session
from dashboard.tables import service_name
from dashboard.texts import text
from dashboard.views import matters as matters_page
from dashboard.views import required as required_page
from dashboard.whose import staffing_words
from dashboard.work import Proposal, Work, base_of, scenarios_of
from scenarios.errors import TrinnError
from sim.experiments.sensitivity import sensitivity

LANGUAGES = ("nb", "en")
SHORT = ("period.warmup=26w", "period.length=1y")
TARGETS = ("wait_to_first_contact(low_threshold) <= 14d", "share_started_within(bup, 91d) >= 0.7")


def session(language="nb", changes=("bup.psychologist.fte+=20",), **more):
    proposals = (Proposal(name="Flere <b>", changes=changes),) if changes else ()
    return Session(language, Work(**{"place": "etnedal", "today": SHORT, "proposals": proposals, "futures": 10} | more))


def page(name, held):
    """A page with a table laid, once all that it asked the runner for is there."""
    script = f"from dashboard.views.{name} import draw\n\ndraw()\n"
    at = AppTest.from_string(script, default_timeout=180)
    at.session_state["trinn"] = held
    at.run()
    return settled(at)


def settled(at):
    held = at.session_state["trinn"]
    for _ in range(40):
        busy = [each for each in held.kept.values() if isinstance(each, tasks.Task) and not each.finished]
        for each in busy:
            each.wait(120)
        if held.job is not None:
            held.job.wait(held.job.wanted, 60)
        at.run()
        if not at.exception and not at.get("progress") and text("compare_under_way", held.language) not in seen(at):
            break
    assert not at.exception
    return at


def seen(at):
    """Everything there is to read, without what keeps Markdown from taking it for markup."""
    kinds = (at.title, at.markdown, at.info, at.warning, at.error, at.caption, at.code)
    return " ".join(each.value for kind in kinds for each in kind).replace("\\", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["rejections", "required", "matters", "research"])
def test_a_page_says_what_it_is_and_whose_staffing_it_shows(name, language):
    held = session(language)
    at = page(name, held)
    assert [title.value for title in at.title] == [text(f"app_{name}", language)]
    words = seen(at)
    assert staffing_words([base_of(held.work)], language) in words
    assert text("not_forecast_short", language) in words
    assert all(chart.proto.alt for chart in at.get("vega_lite_chart"))
    assert all(table.proto.alt for table in at.get("arrow_table")) or not at.get("arrow_table")


@pytest.mark.parametrize("name", ["rejections", "required", "matters", "research"])
def test_a_change_that_does_not_fit_is_said_and_nothing_is_shown(name):
    held = session(changes=())
    object.__setattr__(held.work, "today", (*SHORT, "nothing_there.fte=1"))
    at = page(name, held)
    assert text("running_input", "nb") in seen(at)
    assert "nothing_there" in " ".join(code.value for code in at.code)
    assert not at.get("vega_lite_chart")


# -- how much is needed -------------------------------------------------------------------------------------------------


def test_before_it_is_asked_the_page_shows_how_it_is_now():
    at = page("required", session())
    assert text("required_page_now", "nb", name="i dag") in seen(at)
    assert len(at.get("arrow_table") or at.table) >= 1


def test_without_a_wish_there_is_nothing_to_ask():
    at = page("required", session())
    at.checkbox(key="required_wait").uncheck().run()
    at.checkbox(key="required_share").uncheck().run()
    assert at.button(key="required_ask").disabled


def test_a_limit_is_said_in_words(monkeypatch):
    at = page("required", session())

    def full(*_):
        raise LimitError("limit_queue")

    monkeypatch.setattr(tasks.line(), "ask", full)
    at.button(key="required_ask").click().run()
    assert text("limit_queue", "nb") in seen(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_page_finds_is_what_the_command_prints(language):
    held = session(language, place="one_service", today=("clinic.places=4",), changes=())
    at = page("required", held)
    at.checkbox(key="required_share").uncheck().run()
    at.button(key="required_ask").click().run()
    settled(at)
    words = ["required", "one_service", "--with", "clinic.places=4", "--target", "wait_to_first_contact(clinic) <= 14d"]
    ran = CliRunner().invoke(trinn._cli, [*words, "--json", "--fresh", "--language", language])
    assert ran.exit_code == 0, ran.output
    needed = json.loads(ran.stdout)["needed"][0]
    assert needed["needed"] > 4
    found = held.kept["required"].result
    assert [(each.post.address, each.post.now, each.units) for each in found.needed] == [("clinic.places", 4, needed["needed"])]
    part = {"service": service_name(base_of(held.work), "clinic", language), "now": "4", "need": f"{needed['needed']:g}"}
    assert text("required_page_part", language, **part) in seen(at)


# -- what matters most --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ranking_on_the_page_is_that_of_the_toolkit(language, monkeypatch):
    small = replace(matters_page.QUICK, walks=3, replications=2, points=32, top=1, futures=10)
    monkeypatch.setattr(matters_page, "QUICK", small)
    assumed = {"clinic.course.length.mean": {"grade": "assumed", "low": "0.9d", "high": "1.1d"}}
    held = session(language, place="one_service", today=(), own={"evidence": assumed}, changes=("clinic.places+=1",))
    at = page("matters", held)
    at.button(key="matters_ask").click().run()
    settled(at)
    pair = scenarios_of(held.work, language)
    found = sensitivity(pair, settings=small, seed=held.work.seed, workers=1)
    assert [each.number.key for each in found.influences] == ["clinic.course.length.mean"]
    words = seen(at)
    for line in (*turning_lines(found, language), measure_line(found, 0, language)):
        assert line.replace("\\", "") in words
    assert verdict_word(found.verdict, language) in words
    assert exported_sensitivity(held.kept["matters"].result, language) == exported_sensitivity(found, language)


def test_without_a_proposal_the_page_says_what_the_numbers_rest_on():
    at = page("matters", session(changes=()))
    words = seen(at)
    assert text("matters_no_proposal", "nb") in words
    assert text("rests_title", "nb") in words
    assert not [button for button in at.button if button.key == "matters_ask"]


def test_work_that_was_stopped_says_so_and_goes_on_when_asked_again(monkeypatch):
    held = session()
    at = page("required", held)
    began, stopped = Event(), Event()

    def slow(scenario, targets, *, progress, **_):
        began.set()
        for _ in range(3000):
            if stopped.is_set():
                break
            progress("growing", 1)
            time.sleep(0.01)
        raise TrinnError("asked again")

    monkeypatch.setattr(required_page, "required", slow)
    at.run()
    at.button(key="required_ask").click().run()
    task = held.kept["required"]
    assert began.wait(30)
    task.cancel()
    task.wait(30)
    stopped.set()
    at.run()
    assert text("tasks_stopped", "nb") in seen(at)
    at.button(key="required_ask").click().run()
    settled(at)
    assert "asked again" in seen(at)


# -- rejections ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_rejections_are_told_with_what_has_to_stand_beside_them(language):
    held = session(language)
    at = page("rejections", held)
    words = seen(at)
    followed = told.followed_of(base_of(held.work), held.work.seed).result()
    found = told.rejections(followed, language)
    assert found.sentence in words
    for line in found.told:
        assert line in words
    for part in found.parts:
        assert part.title in words


def test_hours_that_are_no_number_are_said_at_the_field():
    at = page("rejections", session())
    at.text_input(key="rejections_hours").set_value("1.2.3").run()
    settled(at)
    assert any("1.2.3" in error.value for error in at.error)
    at.text_input(key="rejections_hours").set_value("1,5").run()
    assert not at.error


def test_a_ladder_without_review_has_no_rejections():
    held = session(changes=(), place="tandem", today=())
    at = page("rejections", held)
    assert text("rejections_page_none", "nb") in seen(at)


# -- research -----------------------------------------------------------------------------------------------------------


def test_a_grid_is_run_and_its_table_shown():
    at = page("research", session(changes=()))
    assert text("research_table", "nb") in seen(at)
    assert "trinn.apply(base, *changes)" in " ".join(code.value for code in at.code)


def test_what_is_no_grid_is_said_with_its_line():
    at = page("research", session(changes=()))
    at.text_area(key="research_axes").set_value("bup.psychologist.fte 40").run()
    words = seen(at)
    assert text("research_line", "nb", number=1) in words
    assert text("research_table", "nb") not in words


def test_the_seed_is_a_whole_number_and_belongs_to_the_work():
    held = session(changes=())
    at = page("research", held)
    at.text_input(key="research_seed").set_value("7").run()
    assert held.work.seed == 7
    at.text_input(key="research_seed").set_value("x").run()
    assert held.work.seed == 7
    assert at.error
