"""A visitor's table: what is on it, undone, asked and linked; and the pieces that pages are made of."""

import json

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.jobs import Question, stages_for
from dashboard.session import EXAMPLES, MOST_STEPS_BACK, Session
from dashboard.texts import text
from dashboard.widgets.showing import csv_of, plain
from dashboard.work import Proposal, Work, from_link, to_link
from scenarios.levers import apply
from scenarios.load import load

SHORT = ("period.warmup=30d", "period.length=60d")


def work(place="etnedal", *changes, futures=10):
    proposals = (Proposal(name="Flere", changes=changes),) if changes else ()
    return Work(place=place, today=SHORT, proposals=proposals, futures=futures)


def app(session=None, **query):
    """The whole script, with a table laid before it is drawn."""
    at = AppTest.from_file("../dashboard/app.py", default_timeout=60)
    if session is not None:
        at.session_state["trinn"] = session
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def asked(at, key):
    """What stands behind the question mark of the page's address."""
    found = at.query_params[key]
    return found if isinstance(found, str) else found[0]


def test_what_is_changed_can_be_undone_step_by_step():
    session = Session("nb", EXAMPLES["nb"])
    first, second = work("etnedal"), work("stange")
    session.change(first)
    session.change(first)
    session.change(second)
    session.undo()
    assert session.work == first
    session.undo()
    assert session.work == EXAMPLES["nb"]
    session.undo()
    assert session.work == EXAMPLES["nb"]


def test_so_many_steps_can_be_undone_and_no_more():
    session = Session("nb", EXAMPLES["nb"])
    for number in range(2 * MOST_STEPS_BACK):
        session.change(work(futures=10).model_copy(update={"seed": number}))
    assert len(session.before) == MOST_STEPS_BACK


def test_the_same_question_is_the_same_job_and_another_ends_it():
    base = apply(load("etnedal"), *SHORT)
    session = Session("nb", EXAMPLES["nb"])
    job = session.ask(Question({"I dag": base}, stages=stages_for(10)))
    assert session.ask(Question({"I dag": base}, stages=stages_for(10))) is job
    other = session.ask(Question({"I dag": base}, stages=stages_for(20)))
    assert other is not job
    named = session.ask(Question({"Today": base}, stages=stages_for(20)))
    assert named is not other
    session.ask_again()
    assert session.ask(Question({"Today": base}, stages=stages_for(20))) is not named


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_shell_stands_in_both_languages(language):
    at = app(Session(language, work("etnedal", "bup.psychologist.fte+=1")))
    assert not at.exception
    assert at.sidebar.button[0].label == text("app_undo", language)
    assert at.sidebar.button[0].disabled
    assert text("app_foot", language) in [caption.value for caption in at.main.caption][-1]
    assert any(f"lang='{language}'" in html.proto.body for html in at.get("html"))


def test_the_address_holds_the_work_so_that_reloading_loses_nothing():
    on_the_table = work("etnedal", "bup.psychologist.fte+=1")
    at = app(Session("nb", on_the_table))
    assert from_link(asked(at, "s")) == on_the_table
    assert asked(at, "lang") == "nb"
    again = app(s=asked(at, "s"), lang="en")
    session = again.session_state["trinn"]
    assert (session.work, session.language) == (on_the_table, "en")


def test_a_broken_link_is_said_and_the_example_is_shown():
    at = app(s="nothing", lang="nb")
    assert not at.exception
    assert at.session_state["trinn"].work == EXAMPLES["nb"]
    assert text("app_link_problem", "nb") in [warning.value for warning in at.warning]
    assert "damaged" in at.code[0].value


def test_a_link_holds_markup_in_a_name_as_text():
    name = "<b>x</b> [a](b) $y$"
    proposals = (Proposal(name=name, changes=("bup.psychologist.fte+=1",)),)
    at = app(s=to_link(Work(place="etnedal", today=SHORT, proposals=proposals, futures=10)))
    assert not at.exception
    shown = " ".join(each.value for each in at.main.markdown)
    assert "<b>" not in shown.replace("\\<b\\>", "")


def test_the_language_changes_and_the_work_stays():
    at = app(Session("nb", work("etnedal", "bup.psychologist.fte+=1")))
    at.sidebar.get("button_group")[0].set_value("en").run()
    assert at.session_state["trinn"].language == "en"
    assert at.session_state["trinn"].work.place == "etnedal"
    assert asked(at, "lang") == "en"


@pytest.mark.parametrize(
    ("cell", "language", "found"),
    [
        ("=1+1", "nb", "'=1+1"),
        ("@SUM(A1)", "nb", "'@SUM(A1)"),
        ("+cmd", "en", "'+cmd"),
        ("\t=1", "en", "'\t=1"),
        ("-4,5", "nb", "-4,5"),
        ("+12 %", "nb", "+12 %"),
        ("navn", "nb", "navn"),
    ],
)
def test_a_downloaded_table_holds_no_formula(cell, language, found):
    lines = csv_of(pd.DataFrame({"what": [cell]}), language).decode("utf-8-sig").split("\r\n")
    assert lines[1].strip('"') == found


def test_a_downloaded_table_is_read_by_the_spreadsheets_of_the_readers_country():
    table = pd.DataFrame({"tjeneste": ["BUP"], "uker": [4.5]})
    assert csv_of(table, "nb").decode("utf-8-sig") == "tjeneste;uker\r\nBUP;4,5\r\n"
    assert csv_of(table, "en").decode("utf-8-sig") == "tjeneste,uker\r\nBUP,4.5\r\n"


def test_words_stay_words():
    assert plain("a*b_c [d](e) <f> $g$ # :h: i dag: 4") == r"a\*b\_c \[d\](e) \<f\> \$g\$ \# \:h: i dag: 4"
    assert json.loads(json.dumps(plain("5 % av 20"))) == "5 % av 20"
    assert [plain(words) for words in ("4. september", "- a", "+2 %", "4.5", ". ")] == [
        "4\\. september", "\\- a", "+2 %", "4.5", "\\. "]  # fmt: skip


def test_an_untouched_example_is_in_the_readers_language_and_a_table_of_ones_own_stays():
    session = Session("nb", EXAMPLES["nb"])
    session.read_in("en")
    assert (session.work, session.language) == (EXAMPLES["en"], "en")
    assert EXAMPLES["en"].proposals[0].name == "Two psychologists per 20 000 inhabitants"
    mine = EXAMPLES["en"].model_copy(update={"seed": 7})
    session.change(mine)
    session.read_in("nb")
    assert session.work == mine
