"""The page of comparisons: every state in both languages, and that it shows what the command prints."""

import json
import re
import shlex
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner
from dashboard_examples import towns
from streamlit.testing.v1 import AppTest

import trinn
from dashboard import comparing
from dashboard.jobs import Job
from dashboard.numbers import whole
from dashboard.runner import runner
from dashboard.session import Session
from dashboard.tables import cells, main_keys, presented, rows_of
from dashboard.terminal import comparison_text
from dashboard.texts import text
from dashboard.twins import twins_of
from dashboard.verdicts import cautions, limits, verdict_words
from dashboard.whose import staffing_words
from dashboard.widgets.running import question_of
from dashboard.work import Proposal, Work, scenarios_of

SHORT = ("period.warmup=90d", "period.length=200d", "bup.clinician.fte*=0.3", "bup.psychologist.fte*=0.3")
MORE = ("bup.psychologist.fte+=30",)


def work(*proposals, **more):
    named = tuple(Proposal(name=name, changes=changes) for name, changes in proposals)
    return Work(**{"place": "etnedal", "today": SHORT, "proposals": named, "futures": 10} | more)


def page(session):
    """The page alone, with a table laid."""

    def script():
        from dashboard.views.compare import draw

        draw()

    at = AppTest.from_function(script, default_timeout=60)
    at.session_state["trinn"] = session
    return at.run()


def answered(table, language):
    """A session whose question has been answered already."""
    session = Session(language, table)
    job = session.ask(question_of(table, language))
    finish(job)
    return session


def finish(job):
    for _ in range(600):
        job.wait(job.wanted, 1)
        if job.finished:
            return
        time.sleep(0.05)
    raise RuntimeError("the job did not finish")


def halfway(table, language, done):
    """A job that has come so far and goes no further, made of one that was finished."""
    question = question_of(table, language)
    whole_job = runner().ask(question)
    finish(whole_job)
    job = Job(question, "x", question.digests)
    job._done = [{number: each[number] for number in range(done)} for each in whole_job._done]
    job._made = whole_job._made
    job._parts = 2 * job.wanted
    return job


def shown(at):
    """All words on the page, with what escapes markup taken away."""
    blocks = (at.title, at.markdown, at.caption, at.info, at.warning, at.error, at.code, at.success)
    words = [str(each.value) for block in blocks for each in block]
    words += [re.sub("<[^>]+>", "", each.proto.body) for each in at.get("html")]
    return "\n".join(words).replace("\\", "")


def table_cells(at, number=0):
    return at.table[number].value.map(lambda cell: str(cell).replace("\\", ""))


TWO = (("Ti til", MORE), ("Færre", ("bup.psychologist.fte-=1",)))


# -- it says what the command says --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_page_shows_what_the_command_prints(language):
    table = work(*TWO)
    session = answered(table, language)
    at = page(session)
    at.session_state[f"compare_tabs_{language}"] = text("compare_tab_table", language)
    at.run()
    assert not at.exception
    plain = trinn.compare(scenarios_of(table, language), replications=10, seed=1, workers=1)
    printed = comparison_text(plain, language, width=400)
    squeezed = " ".join(printed.split())
    for number, name in enumerate(plain.others):
        words = verdict_words(plain, name, language)
        for line in (f"{name}: {words.title}", words.sentence, *words.notes):
            assert line in shown(at)
            assert " ".join(line.split()) in squeezed
        rows = rows_of(plain, main_keys(plain.base), name)
        on_page = table_cells(at, number)
        assert len(on_page) == len(rows) > 10
        for row, (_, found) in zip(rows, on_page.iterrows(), strict=True):
            assert tuple(found.iloc[3:]) == tuple(cells(row, language).values())
            line = " ".join([*found.iloc[3:6], *found.iloc[6:]]).replace("\u00a0", " ")
            assert " ".join(line.split()) in squeezed.replace("\u00a0", " ")


def test_the_command_on_the_page_prints_the_numbers_on_the_page():
    table = work(("Ti til", MORE), today=())
    session = answered(table, "nb")
    at = page(session)
    command = next(each.value for each in at.code if each.value.startswith("trinn compare"))
    ran = CliRunner().invoke(trinn._cli, [*shlex.split(command)[1:], "--json", "--workers", "1"])
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    verdicts = {name: verdict.word for name, verdict in session.job.comparison.verdicts.items()}
    assert found["verdicts"] == verdicts
    mine = json.loads(comparing.json_bytes(session.job.comparison, table, "nb", partial=False))
    assert mine["measures"] == found["measures"]
    assert {key: mine[key] for key in found if key not in ("command", "measures")} == {
        key: found[key] for key in found if key not in ("command", "measures")
    }


@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_measure_on_the_page_is_that_of_the_tables(language):
    comparison = towns()
    name = next(iter(comparison.others))
    whole_list = comparing.whole_table(comparison, name, language)
    expected = presented(comparison, language)
    assert whole_list[name].to_list() == expected["mean"].to_list()
    assert whole_list[comparison.base.name].to_list() == expected["base"].to_list()
    rows = comparing.headline_rows(comparison, name)
    for tile, row in zip(comparing.tiles(comparison, name, language), rows, strict=True):
        said = cells(row, language)
        assert (tile.value, tile.difference, tile.interval, tile.better_in) == (
            said["mean"],
            said["difference"],
            said["interval"],
            said["better_in"],
        )


@pytest.mark.parametrize("language", ["nb", "en"])
def test_what_may_not_mislead_stands_on_the_page(language):
    session = answered(work(*TWO), language)
    at = page(session)
    words = shown(at)
    comparison = session.job.comparison
    assert staffing_words(session.job.question.scenarios.values(), language) in words
    for line in (*cautions(comparison, language), *limits(comparison.base.scenario, language)):
        assert line in words
    assert text("cut_not_safe", language) in words
    assert all(each.proto.alt for each in at.get("vega_lite_chart"))


# -- states -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
def test_without_proposals_it_says_where_to_make_one(language):
    at = page(Session(language, work()))
    assert not at.exception
    assert text("proposals_none", language) in shown(at)
    assert not at.tabs


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_proposal_that_does_not_fit_is_told(language):
    at = page(Session(language, work(("Rar", ("nothing.there=1",)))))
    assert not at.exception
    assert text("running_input", language) in shown(at)
    assert 'no service or field "nothing"' in shown(at)


@pytest.mark.parametrize("language", ["nb", "en"])
def test_while_it_runs_what_is_done_is_shown_as_partial(language):
    table = work(("Ti til", MORE), futures=20)
    session = Session(language, table)
    session.job = halfway(table, language, 12)
    at = page(session)
    assert not at.exception
    assert text("compare_partial", language, done=10, wanted=20) in shown(at)
    assert at.button(key="running_stop").label == text("running_stop", language)
    part = comparing.file_name("report", "html", session.job.comparison, 20, language)
    assert text("compare_file_partial", language, done=10, wanted=20) in part
    assert text("compare_file_partial", language, done=10, wanted=10) not in comparing.file_name(
        "report", "html", session.job.comparison, 10, language
    )


@pytest.mark.parametrize("language", ["nb", "en"])
def test_before_the_first_answer_there_is_only_progress(language):
    table = work(("Ti til", MORE))
    session = Session(language, table)
    session.job = halfway(table, language, 3)
    at = page(session)
    assert not at.exception
    assert not at.tabs
    assert at.button(key="running_stop")


@pytest.mark.parametrize("language", ["nb", "en"])
def test_when_stopped_what_was_finished_is_shown_as_such(language):
    table = work(("Ti til", MORE), futures=20)
    session = Session(language, table)
    session.job = halfway(table, language, 13)
    session.job.cancelled = session.job.finished = True
    at = page(session)
    assert not at.exception
    assert text("running_stopped", language, done=13) in shown(at)
    assert text("proposals_futures", language, futures=whole(13, language)) in shown(at)
    assert text("compare_partial", language, done=13, wanted=20) in shown(at)


@pytest.mark.parametrize("language", ["nb", "en"])
def test_an_answer_to_what_was_there_before_is_said_to_be_stale_and_gives_no_files(language):
    old = answered(work(("Ti til", MORE)), language)
    new = work(("Elleve til", ("bup.psychologist.fte+=11",)))
    session = Session(language, new)
    session.answered["compare"] = old.job
    session.job = halfway(new, language, 2)
    at = page(session)
    assert not at.exception
    assert text("running_stale", language) in shown(at)
    assert "Ti til:" in shown(at)
    assert text("compare_files_stale", language) in shown(at)
    assert not [each for each in at.get("download_button") if "compare_save" in str(each.proto.id)]


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_limit_of_the_server_is_said(language, monkeypatch):
    monkeypatch.setattr("dashboard.runner.MOST_JOBS", 0)
    at = page(Session(language, work(("Noe nytt", ("bup.psychologist.fte+=7",)))))
    assert not at.exception
    assert text("limit_queue", language) in shown(at)


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_place_in_the_line_is_said(language, monkeypatch):
    table = work(("Ti til", MORE))
    session = Session(language, table)
    session.job = halfway(table, language, 0)
    waiting = replace(runner().progress(session.job), place=3)
    monkeypatch.setattr(type(runner()), "progress", lambda self, job: waiting)
    at = page(session)
    assert not at.exception
    assert text("running_queue", language, place=3) in [each.proto.text for each in at.get("progress")]


# -- pictures, single futures, parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("tab", ["waiting", "waits", "futures", "who", "flow", "table"])
def test_every_tab_has_its_figures_with_words_and_tables(language, tab):
    at = page(answered(work(("En til", ("clinic.places+=1",)), place="one_service", today=CLINIC), language))
    at.session_state[f"compare_tabs_{language}"] = text(f"compare_tab_{tab}", language)
    at.run()
    assert not at.exception
    assert all(each.proto.alt for each in at.get("vega_lite_chart"))
    if tab in ("waiting", "waits", "futures"):
        assert at.get("vega_lite_chart")
        assert len(at.table) >= len(at.get("vega_lite_chart"))
    if tab == "who":
        assert text("compare_who_ask", language) in shown(at)


def test_possible_futures_are_stepped_through():
    session = answered(work(("Ti til", MORE)), "nb")
    at = page(session)
    at.session_state["compare_tabs_nb"] = text("compare_tab_futures", "nb")
    at.run()
    seen = []
    for number in range(1, 4):
        assert text("compare_single_at", "nb", number=number, total=10) in shown(at)
        seen.append(at.table[-1].value.to_csv())
        at.button(key="compare_single_next").click().run()
    assert len(set(seen)) > 1
    for _ in range(4):
        at.button(key="compare_single_before").click().run()
    assert text("compare_single_at", "nb", number=10, total=10) in shown(at)


def test_one_future_holds_the_values_of_that_future_and_hides_small_counts():
    comparison = towns()
    found = comparing.one_future(comparison, 3, "nb")
    assert list(found.columns[2:]) == list(comparison.results)
    counts = [cell for row in found.itertuples(index=False) for cell in row[2:] if row[1] == "barn i året"]
    assert not {"0", "1", "2", "3", "4"} & set(counts)


def test_parts_are_asked_for_and_the_why_of_hidden_municipalities_is_told():
    session = answered(work(("Ti til", MORE)), "nb")
    at = page(session)
    at.session_state["compare_tabs_nb"] = text("compare_tab_who", "nb")
    at.get("button_group")[0].set_value(["group", "area"]).run()
    assert session.job.question.by == ("group", "area")
    finish(session.job)
    at.run()
    assert not at.exception
    assert text("compare_who_ask", "nb") not in shown(at)
    assert text("compare_areas_one", "nb") in shown(at) or text("compare_areas_hidden", "nb") in shown(at)
    assert "--by group --by area" not in shown(at)  # what holds today already cannot be said in a command
    assert text("compare_command_none", "nb") in shown(at)


def test_more_futures_are_one_choice_and_can_be_undone():
    session = answered(work(("Ti til", MORE)), "nb")
    at = page(session)
    at.selectbox(key="compare_futures").set_value(20).run()
    assert not at.exception
    assert session.work.futures == 20
    assert session.job.wanted == 20
    session.undo()
    at.run()
    assert at.selectbox(key="compare_futures").value == 10


def test_a_rerun_draws_nothing_twice(monkeypatch):
    at = page(answered(work(("Ti til", MORE)), "nb"))
    monkeypatch.setattr("dashboard.views.compare.waiting_lists", lambda *_: pytest.fail("drawn twice"))
    at.run()
    assert not at.exception


CLINIC = ("period.warmup=100d", "period.length=300d", "demand.children.rate=4.95/d")


@pytest.mark.parametrize("language", ["nb", "en"])
def test_what_really_happened_lies_over_the_bands_and_stands_beside_them(language):
    session = answered(work(("En til", ("clinic.places+=1",)), place="one_service", today=CLINIC), language)
    at = page(session)
    assert text("compare_observed_counts", language) in shown(at)
    before = str(at.get("vega_lite_chart")[0].proto)
    assert text("pictures_observed", language) not in before
    year = session.job.comparison.base.scenario.period.start.year
    upload(at, f"date;service;measure;value\n{year}-04-01;clinic;waiting;77\n{year}-05-01;clinic;waiting;2\n")
    assert not at.exception
    assert text("pictures_observed", language) in str(at.get("vega_lite_chart")[0].proto)
    assert text("observed_proves_nothing", language) in shown(at)
    tables = [each.value.astype(str).to_csv() for each in at.table]
    assert any("77" in found and text("under", language, number=5) in found for found in tables)
    at.button(key="compare_observed_away").click().run()
    assert text("observed_proves_nothing", language) not in shown(at)
    assert str(at.get("vega_lite_chart")[0].proto) == before


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_faulty_file_of_counts_gives_every_fault_and_is_not_kept(language):
    session = answered(work(("En til", ("clinic.places+=1",)), place="one_service", today=CLINIC), language)
    at = page(session)
    upload(at, "date;service;measure;value\nyesterday;clinic;waiting;7\n2027-03-01;nowhere;waiting;7\n")
    assert not at.exception
    assert text("compare_observed_refused", language) in shown(at)
    faults = next(each.value for each in at.code if text("observed_line", language, number=2) in each.value)
    assert text("observed_line", language, number=3) in faults
    assert text("observed_proves_nothing", language) not in shown(at)


def upload(at, words):
    """Choose a file of counts."""
    at.get("file_uploader")[0].set_value(("counts.csv", words.encode(), "text/csv")).run()


# -- stories, files, command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_same_invented_child_twice_is_stamped(language):
    table = work(("Ti til", MORE))
    session = answered(table, language)
    scenarios = scenarios_of(table, language)
    twins_of(scenarios, 1, language, "trinn compare").result(60)
    at = page(session)
    at.session_state["compare_twins"] = True
    at.run()
    assert not at.exception
    assert shown(at).count(text("story_stamp", language)) == 2
    columns = [list(each.value.columns) for each in at.table]
    assert [*scenarios] in [found[2:] for found in columns]
    at.button(key="compare_twins_next").click().run()
    assert not at.exception
    assert shown(at).count(text("story_stamp", language)) == 2


def test_stories_differ_and_are_told_of_the_places_own_children():
    table = work(("Ti til", MORE))
    found = twins_of(scenarios_of(table, "nb"), 1, "nb", "trinn compare").result(60)
    assert 0 < found.different <= found.sought
    assert found.twins
    same = twins_of(dict(zip("ab", [scenarios_of(table, "nb")["i dag"]] * 2, strict=True)), 1, "nb", "").result(60)
    assert (same.different, same.twins) == (0, ())
    assert same.sought == found.sought


@pytest.mark.parametrize("language", ["nb", "en"])
def test_files_are_made_only_when_asked_for(language, monkeypatch):
    made = []
    real = comparing.html_bytes
    monkeypatch.setattr(comparing, "html_bytes", lambda *given: made.append(1) or real(*given))
    session = answered(work(("Ti til", MORE)), language)
    at = page(session)
    assert not at.exception
    assert not made
    assert len([each for each in at.get("download_button") if "compare_save" in str(each.proto.id)]) == 5


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_report_is_that_of_the_command_and_names_as_many_futures_as_it_holds(language):
    table = work(("Ti til", MORE), today=(), futures=20)
    job = halfway(table, language, 12)
    partial = comparing.as_shown(job.comparison, table, language, job.wanted)
    assert partial.command.endswith(f"--replications 10 --seed 1 --language {language}")
    page_ = comparing.html_bytes(partial, language).decode()
    assert "--replications 10" in page_
    assert staffing_words(job.question.scenarios.values(), language) in page_
    said = text("caution_partial", language, done=10, wanted=20)
    assert said in page_
    assert said not in comparing.html_bytes(comparing.as_shown(job.comparison, table, language, 10), language).decode()
    about = json.loads(comparing.json_bytes(partial, table, language, partial=True))
    assert about["partial"] is True
    assert about["replications"] == 10
    assert Work.model_validate(about["work"]) == table


def test_a_command_is_only_given_where_it_is_read_as_it_was_meant():
    assert comparing.command_words(work(("Ti til", MORE), today=()), "nb")
    assert comparing.command_words(work(("Ti til", MORE), today=()), "nb", ["area"]).endswith("--by area")
    assert not comparing.command_words(work(("Ti til", MORE)), "nb")
    assert not comparing.command_words(work(("Tom", ()), today=()), "nb")
    assert not comparing.command_words(work(("a=b", MORE), today=()), "nb")
    assert not comparing.command_words(work(("x", ("bup.routes+={to: [bup], share: 0.1}",)), today=()), "nb")
