"""Our services: what the model says of today, and own numbers that are taken over whole or not at all."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sheet_examples import STAFF, filled, row_of
from streamlit.testing.v1 import AppTest

from dashboard import runner
from dashboard.entering import number_of, written
from dashboard.flowing import futures_of
from dashboard.jobs import Job
from dashboard.ladder_rows import rows_of
from dashboard.session import Session
from dashboard.staffing import posts_of, read_cells, stated, without_own
from dashboard.texts import text
from dashboard.today import crowded, waits_words
from dashboard.views import services
from dashboard.whose import staffing_words
from dashboard.widgets import running
from dashboard.work import Work, base_of, from_link, to_link
from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from sim.replicate import run

LANGUAGES = ("nb", "en")
SHORT = ("period.warmup=26w", "period.length=1y")
TEAM = ("etnedal", "municipal_team", "psychologist")
CELL = "services_fte_etnedal_municipal_team_psychologist"


def work(**more):
    return Work(**{"place": "etnedal", "today": SHORT, "futures": 10} | more)


def page():
    from dashboard.views.services import draw

    draw()


def opened(session):
    """The page with a table laid, as it is first drawn."""
    at = AppTest.from_function(page, default_timeout=120)
    at.session_state["trinn"] = session
    at.run()
    assert not at.exception
    return at


def settled(at):
    """The page when all is worked out and drawn."""
    session = at.session_state["trinn"]
    if session.job is not None:
        session.job.wait(session.job.wanted, 60)
    at.run()
    assert not at.exception
    return at


def seen(at):
    """Everything there is to read, without what keeps Markdown from taking it for markup."""
    kinds = (at.markdown, at.info, at.warning, at.error, at.success, at.caption, at.code)
    return " ".join(each.value for kind in kinds for each in kind).replace("\\", "")


def type_into(at, key, words):
    at.text_input(key=key).set_value(words).run()
    assert not at.exception
    return at


# -- numbers as people type them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("4,5", 4.5),
        ("4.5", 4.5),
        ("1 200", 1200),
        ("1\u00a0200", 1200),
        (" 0,05 ", 0.05),
        ("−3", -3),
        ("12 345,6", 12345.6),
        ("0", 0),
    ],
)
def test_numbers_are_understood_as_people_write_them(words, found, language):
    assert number_of(words, language) == found


@pytest.mark.parametrize(
    "words", ["4.5.1", "½", "4²", "vet ikke", "1e5", "nan", "inf", "4,5 hus", "1 2", "0x10", "=1+1", "--4"]
)
def test_what_is_no_number_is_said_in_the_words_that_were_typed(words):
    with pytest.raises(TrinnError, match=re.escape(f"«{words}» er ikke et tall. Skriv for eksempel 4,5.")):
        number_of(words, "nb")
    with pytest.raises(TrinnError, match=re.escape(f"“{words}” is not a number. Write for example 4.5.")):
        number_of(words, "en")


@pytest.mark.parametrize("words", ["", "   "])
def test_an_empty_field_lacks_a_number(words):
    with pytest.raises(TrinnError, match="mangler et tall"):
        number_of(words, "nb")


@pytest.mark.parametrize(("words", "language"), [("1.200", "nb"), ("12.345", "nb"), ("1,200", "en"), ("999,999", "en")])
def test_what_can_be_read_in_two_ways_is_asked_about(words, language):
    with pytest.raises(TrinnError, match="to måter" if language == "nb" else "two ways"):
        number_of(words, language)


def test_a_long_text_is_not_shown_back_whole():
    with pytest.raises(TrinnError, match=r"«a{39}…»"):
        number_of("a" * 5000, "nb")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [0.0, 0.3, 1.25, 1.234, 12.345, 1200.0, 87.81, 999.125, -4.5, 0.000001])
def test_what_a_field_shows_it_reads_back(value, language):
    assert number_of(written(value, language), language) == value


# -- posts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["etnedal", "tromso", "stange", "gamle_oslo", "BUP Helgeland", "trust_catchment"])
def test_own_posts_are_what_was_stated_whatever_levers_do_there(place):
    table = Work(place=place)
    wanted = {post.key: post.fte + 1.25 for post in posts_of(table, "nb")}
    found = stated(table, wanted, "nb")
    assert {post.key: post.fte for post in posts_of(found, "nb")} == pytest.approx(wanted)
    assert not any(post.average for post in posts_of(found, "nb"))
    assert base_of(found).staffing == ("own" if len(base_of(found).focal_areas) == 1 else "partly_own")
    assert from_link(to_link(found)) == found


def test_stating_a_post_twice_leaves_the_second_number():
    table = Work(place="tromso")
    key = next(post.key for post in posts_of(table, "nb") if post.key[1:] == ("low_threshold", "counsellor"))
    for fte in (9.0, 2.5, 4.0):
        table = stated(table, {key: fte}, "nb")
        assert next(post.fte for post in posts_of(table, "nb") if post.key == key) == pytest.approx(fte)
    assert len(table.own.get("changes", ())) <= 1


def test_one_own_post_makes_the_staffing_partly_own_and_says_which_are_averages():
    found = base_of(stated(Work(place="etnedal"), {TEAM: 4.5}, "nb"))
    assert found.staffing == "partly_own"
    words = staffing_words([found], "nb")
    assert "familieterapeut" in words
    assert "kommunepsykolog" not in words
    assert found.evidence["areas.etnedal.services.municipal_team.staff.psychologist.fte"].grade == "own"


def test_own_numbers_are_those_that_a_scenario_file_would_state():
    found = stated(Work(place="etnedal"), {TEAM: 4.5}, "nb")
    assert found.own["areas"] == {"etnedal": {"services": {"municipal_team": {"staff": {"psychologist": {"fte": 4.5}}}}}}
    file = load({"base": "etnedal", **found.own})
    assert file == base_of(found)


def test_a_service_where_nobody_works_is_closed_and_opens_again():
    table = Work(place="etnedal")
    none = stated(table, {post.key: 0.0 for post in posts_of(table, "nb") if post.service == "municipal_team"}, "nb")
    assert base_of(none).areas["etnedal"].services["municipal_team"]["open"] is False
    assert [post.fte for post in posts_of(none, "nb") if post.service == "municipal_team"] == [0.0, 0.0]
    some = stated(none, {TEAM: 1.0}, "nb")
    assert base_of(some).areas["etnedal"].services["municipal_team"]["open"] is True


def test_a_post_that_something_of_today_moves_comes_to_its_own_number_or_is_left_alone():
    moved = Work(place="etnedal", today=("municipal_team.psychologist.fte+=2",))
    assert next(post.fte for post in posts_of(stated(moved, {TEAM: 4.0}, "nb"), "nb") if post.key == TEAM) == pytest.approx(4.0)
    doubled = Work(place="etnedal", today=("municipal_team.psychologist.fte*=3",))
    with pytest.raises(TrinnError, match="tiltak som gjelder i dag"):
        stated(doubled, {TEAM: 4.0}, "nb")


def test_own_posts_of_a_workbook_can_be_changed_here_too(tmp_path):
    row = row_of("nb", STAFF, "skolehelsetjeneste og helsestasjon", "helsesykepleier")
    file = filled(tmp_path, {f"{STAFF}!C{row}": 4, f"{STAFF}!D{row}": 3.5})
    from dashboard.uploads import read_upload

    brought = read_upload("x.xlsx", file.read_bytes(), "nb")
    key = next(post.key for post in posts_of(brought, "nb") if post.pool == "nurse")
    found = stated(brought, {key: 6.0}, "nb")
    assert next(post for post in posts_of(found, "nb") if post.key == key).fte == 6.0
    assert found.own["entered"] == brought.own["entered"]


def test_averages_come_back():
    assert base_of(without_own(stated(work(), {TEAM: 4.5}, "nb"))) == base_of(work())


def test_cells_of_the_table_are_read_together_and_each_wrong_one_is_told_at_its_row():
    posts = posts_of(work(), "nb")
    cells = [written(post.fte, "nb") for post in posts]
    assert read_cells(posts, cells, "nb") == ({}, ())
    cells[0], cells[2], cells[4] = "4.5.1", "4,5", "-1"
    found, faults = read_cells(posts, cells, "nb")
    assert found == {posts[2].key: 4.5}
    assert [fault.partition(" (")[0] for fault in faults] == ["Rad 1", "Rad 5"]
    assert "«4.5.1» er ikke et tall" in faults[0]
    assert posts[4].words in faults[1]


# -- what is said of today ----------------------------------------------------------------------------------------------


def small_team(therapists, psychologists):
    """Stange with so many in its municipal team, whose list nobody leaves by giving up."""
    staff = {"therapist": {"fte": therapists}, "psychologist": {"fte": psychologists}}
    over = {"period": {"warmup": "26w", "length": "3y"}, "services": {"municipal_team": {"staff": staff, "patience": None}}}
    return load({"base": "3413", **over})


@pytest.fixture(scope="module")
def short_of_staff():
    return run(small_team(0.2, 0.1), replications=10, workers=1)


@pytest.fixture(scope="module")
def well_staffed():
    return run(small_team(20, 10), replications=10, workers=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_that_grows_in_the_models_own_run_is_said_to_grow(short_of_staff, language):
    found = {each.service: each for each in crowded(short_of_staff, language)}
    assert found["municipal_team"].kind == "growing"
    series = short_of_staff.series
    lists = series[(series["service"] == "municipal_team") & (series["week"] >= 0)].groupby("week")["waiting"].mean()
    first, last = round(lists.iloc[:26].mean()), round(lists.iloc[-26:].mean())
    assert (str(first) if first >= 5 else "5") in found["municipal_team"].words
    assert str(last) in found["municipal_team"].words


def test_a_service_with_room_is_not_called_crowded(well_staffed):
    assert "municipal_team" not in {each.service for each in crowded(well_staffed, "nb")}


def test_too_few_futures_say_nothing_of_growth(short_of_staff):
    few = run(small_team(0.2, 0.1), replications=3, workers=1)
    assert all(each.kind != "growing" for each in crowded(few, "nb"))
    assert any(each.kind == "growing" for each in crowded(short_of_staff, "nb"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wait_of_today_is_in_days_and_a_share(short_of_staff, language):
    assert re.search(r"\d+\s(?:dager|days).* \d+\s?%", waits_words(short_of_staff, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_row_of_the_table_says_what_it_rests_on(short_of_staff, language):
    table = rows_of(short_of_staff, posts_of(Work(place="3413"), language), language)
    by_service = {row[1]: row for row in table.itertuples(index=False)}
    heads = ("step", "service", "fte", "year", "week", "onward", "rejected", "dropout", "evidence")
    assert list(table.columns) == [text(f"services_head_{head}", language) for head in heads]
    steps = [text(f"services_step_{step}", language) for step in ("green", "yellow", "orange", "red", "dark_red")]
    order = [steps.index(step) for step in table.iloc[:, 0]]
    assert order == sorted(order)
    said = [text(key, language) for key in ("nothing", "services_assumption", "grade_published", "grade_calibrated")]
    for row in by_service.values():
        assert any(word in row[-1] for word in said)
    bup = next(row for name, row in by_service.items() if name.startswith("BUP"))
    assert bup[6].endswith("%")
    assert text("grade_calibrated", language) in bup[-1]


def test_few_children_are_never_counted_in_the_table():
    result = run(apply(load("utsira"), *SHORT), replications=5, workers=1)
    table = rows_of(result, posts_of(Work(place="utsira"), "nb"), "nb")
    for shown in table.iloc[:, 3]:
        assert shown == "under 5" or int(shown.replace("\u00a0", "")) >= 5
    assert set(table.iloc[:, 4]) <= {"–", "under 1"}


def test_own_posts_stand_as_own_in_the_table():
    table = stated(work(), {TEAM: 4.5}, "nb")
    result = run(base_of(table), replications=2, workers=1)
    rows = rows_of(result, posts_of(table, "nb"), "nb")
    team = rows[rows.iloc[:, 1].str.startswith("Kommunalt behandling")].iloc[0]
    assert "Egne tall: kommunepsykolog" in team.iloc[-1]
    assert team.iloc[2] == "4,8"


def test_the_picture_of_a_large_place_is_made_of_fewer_futures():
    assert futures_of(load("etnedal")) > futures_of(load("BUP Innlandet")) == 1


# -- the page -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_whose_staffing_it_is_and_shows_every_post_of_the_municipality(language):
    at = settled(opened(Session(language, work())))
    assert [title.value for title in at.title] == [text("app_services", language)]
    assert text("staffing_national_average", language) in seen(at)
    own = [post for post in posts_of(work(), language) if not post.shared]
    assert [field.value for field in at.text_input] == [written(post.fte, language) for post in own]
    assert text("services_upload_warning", language) in seen(at)
    assert at.table


@pytest.mark.parametrize(("language", "typed"), [("nb", "4,5"), ("en", "4.5"), ("en", "4,5"), ("nb", "4,5 årsverk")])
def test_a_number_that_is_typed_becomes_the_places_own(language, typed):
    session = Session(language, work())
    at = type_into(opened(session), CELL, typed)
    assert session.work.own["staffing"] == "partly_own"
    assert next(post.fte for post in posts_of(session.work, language) if post.key == TEAM) == 4.5
    assert at.text_input(key=CELL).value == written(4.5, language)
    unit = text("services_fte", language)
    assert f"{written(0.2, language)} → {written(4.5, language)}\u00a0{unit}" in seen(at)
    assert text("services_is_own", language) in seen(at)


def test_a_number_far_from_the_average_is_asked_about_and_taken():
    session = Session("nb", work())
    at = type_into(opened(session), CELL, "0,61")
    assert text("entering_large", "nb", old="0,2\u00a0årsverk") in seen(at)
    at = type_into(at, CELL, "0,05")
    assert text("entering_small", "nb", old="0,2\u00a0årsverk") in seen(at)
    at = type_into(at, CELL, "0,59")
    assert text("entering_large", "nb", old="0,2\u00a0årsverk") not in seen(at)


@pytest.mark.parametrize("typed", ["4.5.1", "", "-1", "5001", "mange"])
def test_a_faulty_number_is_said_at_its_field_and_changes_nothing(typed):
    session = Session("nb", work())
    at = type_into(opened(session), CELL, typed)
    assert session.work == work()
    assert len(at.error) == 1
    assert at.text_input(key=CELL).value == typed


@pytest.mark.parametrize("language", LANGUAGES)
def test_undo_and_the_language_show_in_the_field(language):
    session = Session(language, work())
    at = type_into(opened(session), CELL, "4,5")
    session.undo()
    at.run()
    assert at.text_input(key=CELL).value == written(0.2, language)
    session.language = "en" if language == "nb" else "nb"
    at.run()
    assert at.text_input(key=CELL).value == written(0.2, session.language)


def test_what_was_typed_stays_when_something_else_changes():
    session = Session("nb", work())
    at = type_into(opened(session), CELL, "4,5x")
    at = type_into(at, "services_fte_etnedal_low_threshold_counsellor", "1")
    assert at.text_input(key=CELL).value == "4,5x"


def test_own_numbers_go_away_with_one_button():
    session = Session("nb", stated(work(), {TEAM: 4.5}, "nb"))
    at = opened(session)
    at.button(key="services_reset").click().run()
    assert session.work == work()
    assert not [button for button in at.button if button.key == "services_reset"]


def test_what_cannot_be_set_is_said_and_changes_nothing():
    table = work(today=(*SHORT, "municipal_team.psychologist.fte*=3"))
    session = Session("nb", table)
    at = type_into(opened(session), CELL, "4,5")
    assert session.work == table
    assert "tiltak som gjelder i dag" in seen(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_whole_catchment_only_what_is_shared_is_asked(language):
    at = opened(Session(language, work(place="BUP Helgeland")))
    assert {field.key.split("_fte_")[1].split("_")[0] for field in at.text_input} == {"helgeland"}
    assert text("services_own_about_catchment", language) in seen(at)
    assert text("services_sheet_one", language) in seen(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_place_without_posts_says_so(language):
    at = opened(Session(language, work(place="loss", today=())))
    assert text("services_no_posts", language) in seen(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_place_that_does_not_load_is_said_with_a_way_out(language):
    own = {"areas": {"etnedal": {"services": {"municipal_team": {"staff": {"psychologist": {"fte": -1}}}}}}}
    session = Session(language, work(own=own))
    at = opened(session)
    assert text("running_input", language) in seen(at)
    at.button(key="services_reset").click().run()
    assert session.work.own == {}
    assert at.text_input


# -- files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_of_the_place_can_be_downloaded_and_opened(language):
    data = services._template("etnedal", language)
    book = load_workbook(BytesIO(data))
    assert "Etnedal (3450)" in str(book.worksheets[0]["A1"].value)
    at = opened(Session(language, work()))
    assert text("services_sheet_get", language) in [each.label for each in at.get("download_button")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_broken_file_is_told_and_changes_nothing(language):
    session = Session(language, work())
    at = opened(session)
    at.file_uploader[0].upload("../a.xlsx", b"PK\x03\x04nothing").run()
    assert not at.exception
    assert session.work == work()
    assert text("services_upload_refused", language) in seen(at)
    assert "a.xlsx: is damaged" in seen(at)
    assert ".." not in seen(at).partition("a.xlsx")[0][-4:]


def test_a_scenario_is_taken_over_under_the_proposals_of_the_table_and_can_be_undone():
    session = Session("nb", work())
    at = opened(session)
    own = "{etnedal: {services: {municipal_team: {staff: {psychologist: {fte: 4.5}}}}}}"
    at.file_uploader[0].upload("tall.yaml", f"base: etnedal\nstaffing: partly_own\nareas: {own}\n".encode()).run()
    assert not at.exception
    assert next(post.fte for post in posts_of(session.work, "nb") if post.key == TEAM) == 4.5
    assert text("services_upload_taken", "nb", name="tall.yaml") in seen(at)
    assert at.text_input(key=CELL).value == "4,5"
    session.undo()
    at.run()
    assert text("services_upload_taken", "nb", name="tall.yaml") not in seen(at)
    assert at.text_input(key=CELL).value == "0,2"


def test_what_a_workbook_said_is_shown_back_cell_by_cell(tmp_path):
    row = row_of("nb", STAFF, "skolehelsetjeneste og helsestasjon", "helsesykepleier")
    file = filled(tmp_path, {f"{STAFF}!D{row}": 4.5})
    session = Session("nb", work())
    at = opened(session)
    at.file_uploader[0].upload("tall.xlsx", file.read_bytes()).run()
    assert not at.exception
    assert f"{STAFF}!D{row}" in seen(at)
    assert base_of(session.work).staffing == "partly_own"
    assert resolved(base_of(session.work)).areas["hamar"].services["school_health"]["staff"]["nurse"]["fte"] == 4.5


# -- busy ---------------------------------------------------------------------------------------------------------------


def idle(question, **more):
    """A job that nobody works on."""
    job = Job(question, "x", question.digests)
    for name, value in more.items():
        setattr(job, name, value)
    return job


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, lambda language: text("running_stop", language)),
        ({"cancelled": True}, lambda language: text("running_again", language)),
        ({"fault": "7F3A"}, lambda language: text("running_fault", language, code="7F3A")),
    ],
)
def test_busy_stopped_and_broken_are_said_and_numbers_can_be_entered_all_the_same(language, more, expected, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", 0.0)
    monkeypatch.setattr(Session, "ask", lambda self, question: setattr(self, "job", idle(question, **more)) or self.job)
    session = Session(language, work())
    at = opened(session)
    assert expected(language) in seen(at) + " ".join(button.label for button in at.button)
    type_into(at, CELL, "4,5")
    assert session.work.own


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_limit_of_the_server_is_said_in_words(language, monkeypatch):
    monkeypatch.setattr(runner, "MOST_JOBS", 0)
    at = opened(Session(language, work(seed=78)))
    assert text("limit_queue", language) in seen(at)
    assert at.text_input(key=CELL)
