"""What answers become in the model: each sets what it should or is shown back, and nothing claims to be own that is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from dashboard_examples import towns
from openpyxl import load_workbook
from sheet_examples import ABOUT_PLACE, LISTS, PLACE, STAFF, TRUST, faults, read, template

from dashboard.tables import staffing as least_own
from dashboard.texts import LANGUAGES
from dashboard.verdicts import caution_words, cautions, whose_staffing
from dashboard.whose import staffing_words
from scenarios import load as loading
from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.resolve import averages, mean_of, staffing
from scenarios.schema import Scenario
from scenarios.setting import look_up
from scenarios.sheet.shown import shown_back
from scenarios.warnings import warnings
from sim.build import phases
from sim.compare import Caution
from sim.replicate import run

NURSE, COUNSELLOR, PSYCHOLOGIST, THERAPIST, TEAM_PSYCHOLOGIST, CLINICIAN, BUP_PSYCHOLOGIST, WORKER = 5, 8, 9, 10, 11, 12, 13, 14
EVERY_POST = (NURSE, COUNSELLOR, PSYCHOLOGIST, THERAPIST, TEAM_PSYCHOLOGIST, CLINICIAN, BUP_PSYCHOLOGIST, WORKER)


def staff(row: int, **values: Any) -> dict[str, Any]:
    """Cells of a row of the staff sheet."""
    columns = {
        "service": "A",
        "profession": "B",
        "agreed": "C",
        "filled": "D",
        "absent": "E",
        "young": "F",
        "school": "G",
        "youth": "H",
    }
    columns |= {"adult": "I", "cases": "J", "supervision": "K", "system": "L", "funding": "M", "until": "N", "employer": "O"}
    return {f"{STAFF}!{columns[key]}{row}": value for key, value in values.items()}


def pool(scenario: Scenario, service: str, name: str) -> dict[str, Any]:
    """A pool as the place's own area, or its catchment, states it."""
    home = scenario.areas["hamar"].services.get(service) or scenario.catchments["innlandet"].services[service]
    return dict(home["staff"][name])


def hours(scenario: Scenario, service: str, name: str) -> float:
    return next(float(row["hours_a_week"]) for row in staffing(scenario) if (row["service"], row["pool"]) == (service, name))


def test_filled_posts_take_the_place_of_the_average_and_the_rest_stays(tmp_path: Path) -> None:
    own, base = read(tmp_path, staff(PSYCHOLOGIST, filled="2,5")), load(PLACE)
    assert pool(own, "low_threshold", "psychologist") == {"fte": 2.5}
    before, after = ({(r["service"], r["pool"]): r["fte"] for r in staffing(s)} for s in (base, own))
    assert {key for key in before if before[key] != after[key]} == {("low_threshold", "psychologist")}
    assert own.staffing == "partly_own"
    assert "low_threshold.psychologist" not in averages(own)
    assert len(averages(own)) == len(averages(base)) - 1
    (evidence,) = [own.evidence[key] for key in own.evidence.keys() - base.evidence.keys()]
    assert evidence.grade == "own"
    assert look_up(own, "areas.hamar.services.low_threshold.staff.psychologist.fte") == (2.5,)
    assert own.services == base.services
    assert phases(own)


def test_staffing_is_own_once_every_post_is_and_never_before(tmp_path: Path) -> None:
    cells = {f"{STAFF}!D{row}": 4.0 + row for row in EVERY_POST}
    assert read(tmp_path, cells).staffing == "own"
    assert averages(read(tmp_path, cells)) == ()
    for row in EVERY_POST:
        some = read(tmp_path, {key: value for key, value in cells.items() if not key.endswith(f"D{row}")})
        assert some.staffing == "partly_own"
        assert len(averages(some)) == 1


def test_what_is_no_staffing_does_not_make_the_staffing_own(tmp_path: Path) -> None:
    own = read(tmp_path, {f"{ABOUT_PLACE}!B8": 2100, f"{LISTS}!I8": "6,5", **staff(PSYCHOLOGIST, cases=0.5)})
    assert own.staffing == "national_average"
    assert own.areas["hamar"].children["0-5"] == 2100
    assert own.evidence["areas.hamar.children.0-5"].grade == "own"


def test_a_scenario_may_not_call_itself_partly_own_without_a_post_of_its_own() -> None:
    with pytest.raises(TrinnError, match="staffing: is partly_own, but every post is a national average"):
        load({"base": PLACE, "staffing": "partly_own"})


def test_agreed_posts_and_absence(tmp_path: Path) -> None:
    own = read(tmp_path, staff(PSYCHOLOGIST, agreed=3, filled="2,5", absent="0,5"))
    assert pool(own, "low_threshold", "psychologist") == {"fte": 2.5, "agreed": 3.0, "absent": 0.2}
    assert pool(read(tmp_path, staff(PSYCHOLOGIST, filled=2, absent="25 %")), "low_threshold", "psychologist")["absent"] == 0.25


def test_agreed_posts_alone_are_taken_as_filled_and_marked_as_assumed(tmp_path: Path) -> None:
    own = read(tmp_path, staff(PSYCHOLOGIST, agreed=3))
    assert pool(own, "low_threshold", "psychologist") == {"fte": 3.0, "agreed": 3.0}
    evidence = own.evidence["areas.hamar.services.low_threshold.staff.psychologist.fte"]
    assert (evidence.grade, evidence.low, evidence.high) == ("assumed", 2.4, 3.0)


def test_professions_of_a_service_are_put_together_psychologists_apart_from_the_others(tmp_path: Path) -> None:
    rows = [
        staff(30, service="kommunalt behandlingstilbud", profession="sosionom", agreed=2, filled=1.5, absent=0.5),
        staff(31, service="kommunalt behandlingstilbud", profession="barnevernspedagog", filled=0.5),
        staff(32, service="kommunalt behandlingstilbud", profession="psykologspesialist", filled=0.7),
        staff(33, service="kommunalt behandlingstilbud", profession="psykolog", filled=0.3),
        staff(34, service="kommunalt behandlingstilbud", profession="vet ikke", filled=1),
    ]
    own = read(tmp_path, {key: value for row in rows for key, value in row.items()})
    assert pool(own, "municipal_team", "therapist") == {"fte": 3.0, "agreed": 3.5, "absent": pytest.approx(0.166667)}
    assert pool(own, "municipal_team", "psychologist") == {"fte": 1.0}


def test_posts_of_bup_are_those_of_the_whole_catchment(tmp_path: Path) -> None:
    own = read(tmp_path, staff(CLINICIAN, filled=95))
    assert own.catchments["innlandet"].services["bup"]["staff"]["clinician"] == {"fte": 95.0}
    assert own.areas["hamar"].services == {}


@pytest.mark.parametrize(
    ("values", "share_of_paid"),
    [
        ({"cases": 0.6, "supervision": 0.2, "system": 0.2}, 0.6),
        ({"cases": 0.6}, 0.6),
        ({"cases": 0.5, "supervision": 0.1}, 0.5),
        ({"supervision": 0.2}, 0.6),
        ({"supervision": 0.5, "system": 0.2}, 0.3),
        ({"young": 0.1, "school": 0.3, "youth": 0.4, "adult": 0.2}, 0.48),
        ({"adult": 0.5}, 0.3),
        ({"young": 0.1, "school": 0.2, "youth": 0.2}, 0.3),
        ({"youth": 0.4}, 0.6),
        ({"cases": 0.5, "adult": 0.5}, 0.25),
    ],
)
def test_shares_say_how_many_hours_reach_children_0_17(tmp_path: Path, values: dict[str, float], share_of_paid: float) -> None:
    """Paid hours x weeks worked x what goes to single cases of children; supervision and system work are not counted twice."""
    own = read(tmp_path, staff(PSYCHOLOGIST, filled=2, **values))
    usual = load(PLACE).services["low_threshold"].staff["psychologist"]
    assert usual.turnover is not None
    assert usual.turnover.recruit is not None
    stay, recruit = mean_of(usual.turnover.stay), mean_of(usual.turnover.recruit)
    a_week = hours(own, "low_threshold", "psychologist") * stay / (stay + recruit)  # the rest of the posts stand vacant
    assert a_week == pytest.approx(2 * 37.5 * share_of_paid * usual.weeks_a_year / 52, rel=3e-3)


def test_supervision_and_system_work_stand_as_hours_a_week_of_a_post(tmp_path: Path) -> None:
    own = read(tmp_path, staff(PSYCHOLOGIST, filled=2, cases=0.6, supervision=0.2, system=0.1))
    assert pool(own, "low_threshold", "psychologist")["work"] == {"supervision": 7.5, "system": 3.75}


def test_shares_of_several_rows_count_by_their_posts(tmp_path: Path) -> None:
    rows = staff(30, service="lavterskeltilbud", profession="psykolog", filled=3, cases="80 %") | staff(
        PSYCHOLOGIST, filled=1, cases=0.4
    )
    together = pool(read(tmp_path, rows), "low_threshold", "psychologist")
    alone = pool(read(tmp_path, staff(PSYCHOLOGIST, filled=4, cases=0.7)), "low_threshold", "psychologist")
    assert together == alone


def test_who_pays(tmp_path: Path) -> None:
    own = read(tmp_path, staff(PSYCHOLOGIST, filled=2, funding="tilskudd eller prosjektmidler", employer="kommunen"))
    assert pool(own, "low_threshold", "psychologist")["payer"] == "grant"
    assert [entry.cell for entry in own.entered if entry.why] == [f"{STAFF}!O9"]


# -- funding that ends --------------------------------------------------------------------------------------------------


def test_posts_are_gone_the_day_after_the_last_day_of_funding(tmp_path: Path) -> None:
    rows = staff(PSYCHOLOGIST, filled=1, until="31.12.2027") | staff(
        30, service="lavterskeltilbud", profession="psykolog", filled=1.5
    )
    own = read(tmp_path, rows)
    days = {day: staffing(resolved(own, day)) for day in (date(2027, 12, 31), date(2028, 1, 1))}
    fte = {
        day: next(r["fte"] for r in rows if (r["service"], r["pool"]) == ("low_threshold", "psychologist"))
        for day, rows in days.items()
    }
    assert fte == {date(2027, 12, 31): 2.5, date(2028, 1, 1): 1.5}
    assert phases(own)


def test_a_service_all_of_whose_funding_ends_closes(tmp_path: Path) -> None:
    own = read(tmp_path, staff(COUNSELLOR, filled=1.1, until="30.6.2028") | staff(PSYCHOLOGIST, filled=0.7, until="31.12.2027"))
    assert own.areas["hamar"].services["low_threshold"]["closes"] == "2028-07-01"
    assert len(own.changes) == 1
    assert len(phases(own)) == 3


def test_funding_that_outlasts_the_period_is_kept_and_not_used_and_one_that_has_ended_takes_the_posts(tmp_path: Path) -> None:
    own = read(tmp_path, staff(PSYCHOLOGIST, filled=2, until="31.12.2035"))
    assert own.changes == ()
    assert [entry.cell for entry in own.entered if entry.why] == [f"{STAFF}!N9"]
    gone = read(tmp_path, staff(PSYCHOLOGIST, filled=2, until="31.12.2026"))
    post = next(
        r for r in staffing(resolved(gone, gone.period.start)) if (r["service"], r["pool"]) == ("low_threshold", "psychologist")
    )
    assert post["fte"] == 0


def test_a_service_without_posts_is_closed(tmp_path: Path) -> None:
    own = read(tmp_path, staff(COUNSELLOR, filled=0) | staff(PSYCHOLOGIST, filled=0))
    assert own.areas["hamar"].services["low_threshold"]["open"] is False
    assert not any(row["service"] == "low_threshold" for row in staffing(own))
    assert "low_threshold.open=false" in own.entered[0].to
    assert phases(own)


def test_posts_too_few_for_a_single_course_are_told_with_their_cell(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, staff(COUNSELLOR, filled=0.001) | staff(PSYCHOLOGIST, filled=0))
    assert "Årsverk!D8" in fault
    assert "it can never start" in fault


# -- lists --------------------------------------------------------------------------------------------------------------


def test_sessions_and_missed_ones_are_those_of_the_course(tmp_path: Path) -> None:
    own = read(tmp_path, {f"{LISTS}!I8": "6,5", f"{LISTS}!J8": "9 %"})
    assert own.areas["hamar"].services["low_threshold"]["course"] == {"sessions": 6.5, "missed": 0.09}


def test_counts_are_shown_back_and_not_used_unless_asked_to_start_from(tmp_path: Path) -> None:
    cells = {
        f"{LISTS}!B8": 12,
        f"{LISTS}!C8": 34,
        f"{LISTS}!D8": "1.11.2026",
        f"{LISTS}!E8": 20,
        f"{LISTS}!F8": 3,
        f"{LISTS}!H8": 40,
    }
    own = read(tmp_path, cells)
    assert own.model_copy(update={"entered": ()}) == load(PLACE)
    assert {entry.cell: entry.value.nb for entry in own.entered} == {
        f"{LISTS}!B8": "12",
        f"{LISTS}!C8": "34",
        f"{LISTS}!D8": "01.11.2026",
        f"{LISTS}!E8": "140 dager",
        f"{LISTS}!F8": "under 5",
        f"{LISTS}!H8": "40",
    }
    assert all(entry.why and not entry.to for entry in own.entered)


def everybodys_lists() -> dict[str, Any]:
    cells: dict[str, Any] = {
        f"{ABOUT_PLACE}!B7": "ja",
        f"{TRUST}!I6": 400,
        f"{TRUST}!J6": date(2026, 12, 1),
        f"{TRUST}!K6": 1800,
        f"{TRUST}!H6": 47,
    }
    for row, waiting, courses in ((5, 0, 12), (8, 34, 20), (9, "under 5", 25)):
        cells |= {f"{LISTS}!C{row}": waiting, f"{LISTS}!H{row}": courses, f"{LISTS}!D{row}": "1.12.2026", f"{LISTS}!E{row}": 20}
    return cells


def test_a_run_can_start_from_todays_lists_where_everybodys_are_known(tmp_path: Path) -> None:
    own = read(tmp_path, everybodys_lists())
    assert own.period.warmup == 0
    assert own.period.start == date(2026, 12, 1)
    low = own.areas["hamar"].services["low_threshold"]
    assert (low["opening_list"], low["opening_cases"]) == (34, 20)
    assert low["opening_waited"] == {"law": "uniform", "low": "0d", "high": "20w"}
    assert sum(low["opening_mix"].values()) == pytest.approx(1)
    assert own.areas["hamar"].services["municipal_team"]["opening_list"] == 2  # "under 5" is not told apart
    assert own.catchments["innlandet"].services["bup"]["opening_list"] == 400
    assert phases(own)
    assert not [warning for warning in warnings(own) if "warm-up" in warning.text]
    assert run(own, replications=1, engine="simpy").measures is not None


def test_starting_from_lists_needs_all_of_them_from_one_day(tmp_path: Path) -> None:
    cells = everybodys_lists()
    del cells[f"{LISTS}!H8"], cells[f"{TRUST}!K6"]
    found = faults(tmp_path, cells)
    assert any(
        "Egne lister!H8: «ja» til å starte fra dagens lister krever I hjelp nå (antall) for lavterskeltilbud" in each
        for each in found
    )
    assert any("Fra helseforetaket!K6" in each and "BUP" in each for each in found)
    (fault,) = faults(tmp_path, everybodys_lists() | {f"{LISTS}!D8": "5.12.2026"})
    assert "tellingene er fra ulike datoer" in fault


def test_what_the_trust_reports_is_shown_back(tmp_path: Path) -> None:
    own = read(tmp_path, {f"{TRUST}!B5": 2025, f"{TRUST}!C5": 88, f"{TRUST}!G5": 27, f"{TRUST}!H6": 47})
    assert [(entry.cell, entry.value.nb) for entry in own.entered] == [
        (f"{TRUST}!B5", "2025"),
        (f"{TRUST}!C5", "88"),
        (f"{TRUST}!G5", "27"),
        (f"{TRUST}!H6", "47 dager"),
    ]
    assert own.model_copy(update={"entered": ()}) == load(PLACE)


def test_services_that_the_model_lacks_are_read_and_not_used(tmp_path: Path) -> None:
    own = read(
        tmp_path,
        staff(6, filled=3) | staff(30, service="annen tjeneste (leses, brukes ikke)", profession="psykolog", filled=1),
    )
    assert [(entry.cell, entry.to) for entry in own.entered] == [(f"{STAFF}!D6", ""), (f"{STAFF}!D30", "")]
    assert own.staffing == "national_average"


# -- shown back ---------------------------------------------------------------------------------------------------------


def test_every_cell_that_was_filled_in_is_shown_back_once_in_the_order_of_the_workbook(tmp_path: Path) -> None:
    cells = staff(
        PSYCHOLOGIST, agreed=3, filled=2, absent=0.5, young=0.1, school=0.3, youth=0.4, adult=0.2, cases=0.6, supervision=0.2
    )
    cells |= staff(PSYCHOLOGIST, system=0.2, funding="staten", until="31.12.2027", employer="kommunen")
    cells |= {
        f"{LISTS}!{column}8": value
        for column, value in zip("BCDEFGHIJ", (9, 8, "1.11.2026", 7, 6, 6, 12, 5.5, 0.07), strict=True)
    }
    own = read(tmp_path, cells | {f"{ABOUT_PLACE}!B{row}": 1000 for row in (8, 9, 10, 11)} | {f"{ABOUT_PLACE}!B7": "nei"})
    shown = [entry.cell for entry in own.entered]
    assert len(shown) == len(set(shown))
    assert set(shown) == set(cells) | {f"{ABOUT_PLACE}!B{row}" for row in (7, 8, 9, 10, 11)}
    assert shown[0] == f"{ABOUT_PLACE}!B7"
    for language in LANGUAGES:
        lines = shown_back(own, language)
        assert len(lines) == len(shown)
    assert all(bool(entry.to) != bool(entry.why) for entry in own.entered)


def test_the_same_workbook_is_the_same_scenario_in_any_process(tmp_path: Path) -> None:
    cells = staff(PSYCHOLOGIST, filled=2, cases=0.5, young=0.5, school=0.5, youth=0, adult=0) | {f"{LISTS}!B8": 3}
    assert repr(read(tmp_path, cells)) == repr(read(tmp_path, cells))


# -- on top of levers ---------------------------------------------------------------------------------------------------


def as_base(monkeypatch: pytest.MonkeyPatch, base: Scenario) -> None:
    """Let the workbooks of these tests lie on another scenario of the same place."""
    original = loading._load

    def given(source: Any, detail: Any, trail: Any) -> Scenario:
        return base if source == "Hamar (3403)" else original(source, detail, trail)

    monkeypatch.setattr(loading, "_load", given)


def test_a_closed_service_that_has_posts_opens_unless_a_lever_keeps_it_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = staff(COUNSELLOR, filled=2) | staff(PSYCHOLOGIST, filled=1)
    closed = load({"base": PLACE, "areas": {"hamar": {"services": {"low_threshold": {"open": False}}}}})
    as_base(monkeypatch, closed)
    own = read(tmp_path, cells)
    assert own.areas["hamar"].services["low_threshold"]["open"] is True
    monkeypatch.undo()
    as_base(monkeypatch, apply(load(PLACE), "low_threshold.open=false@2020-01-01"))
    (fault,) = faults(tmp_path, cells)
    assert "Årsverk!D8: tjenesten er stengt av et tiltak" in fault


def test_own_numbers_hold_where_a_lever_of_the_base_has_moved_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planner tells how it is today, with what has been done; the lever's posts do not come on top."""
    described = apply(
        load(PLACE), "low_threshold.psychologist.fte+=2@2020-01-01", "low_threshold.course.sessions*=1.5@2020-01-01"
    )
    as_base(monkeypatch, described)
    own = read(tmp_path, staff(PSYCHOLOGIST, filled=1.5) | {f"{LISTS}!I8": 7})
    now = resolved(own, own.period.start)
    assert look_up(now, "low_threshold.psychologist.fte") == (1.5,)
    assert look_up(now, "low_threshold.course.sessions") == (7.0,)
    assert "low_threshold.psychologist" not in averages(own)
    assert own.staffing == "partly_own"


# -- whose staffing, where results are shown ----------------------------------------------------------------------------


def test_the_sentence_of_a_partly_own_result_names_what_is_average(tmp_path: Path) -> None:
    own = read(tmp_path, staff(PSYCHOLOGIST, filled=2) | staff(NURSE, filled=20))
    nb, en = (staffing_words([own], language) for language in ("nb", "en"))
    assert nb.startswith(
        "Bemanningen er bare delvis stedets egne tall. Landsgjennomsnitt er brukt for lavterskeltilbud (rådgiver), kommunalt"
    )
    assert en.startswith(
        "The staffing is only partly the place's own numbers. National averages are used for low-threshold service (counsellor)"
    )
    assert "skolehelsetjeneste" not in nb
    assert "BUP" in nb


def test_beside_an_average_the_least_own_is_said(tmp_path: Path) -> None:
    own, base = read(tmp_path, staff(PSYCHOLOGIST, filled=2)), load(PLACE)
    assert staffing_words([own, base], "en") == "The staffing is a national average, not this municipality's."
    assert "only partly" in staffing_words([apply(own, "bup.psychologist.fte+=1"), own], "en")


def test_a_lever_on_an_average_post_does_not_make_it_the_places_own(tmp_path: Path) -> None:
    own = read(tmp_path, staff(NURSE, filled=20))
    more = apply(own, "low_threshold.psychologist.fte+=2")
    assert "low_threshold.psychologist" in averages(more)
    assert staffing_words([more], "en") == staffing_words([own], "en")


def test_comparisons_of_partly_own_staffing_warn() -> None:
    both = towns()
    results = {
        name: replace(result, scenario=result.scenario.model_copy(update={"staffing": "partly_own"}))
        for name, result in both.results.items()
    }
    partly = replace(both, results=results)
    assert least_own(partly) == "partly_own"
    assert "partly_own" in {caution.kind for caution in partly.cautions}
    for language in LANGUAGES:
        said = whose_staffing(partly, language)
        assert said
        assert said not in cautions(partly, language)
        assert caution_words(Caution("partly_own"), partly.base.scenario, language)


def test_own_numbers_hold_on_a_place_as_the_documents_described_it(tmp_path: Path) -> None:
    """A lever of the preset that sets a number, even to what it was, gives way to the municipality's own."""
    book = load_workbook(BytesIO(template("nb", "tromso")))
    rows = [row for row in book[STAFF].iter_rows(min_row=5, max_row=40) if row[0].value and row[1].value != "vet ikke"]
    for number, row in enumerate(rows, 5):
        row[3].value = number
    for row in book[LISTS].iter_rows(min_row=5, max_row=12):
        row[8].value = 7.5 if row[0].value else None
    book.save(tmp_path / "staff.xlsx")
    own = load(tmp_path / "staff.xlsx")
    now = resolved(own, own.period.start)
    assert [row["fte"] for row in staffing(now)] == list(range(5, 5 + len(rows)))
    assert look_up(now, "low_threshold.course.sessions") == look_up(now, "municipal_team.course.sessions") == (7.5,)
    assert own.staffing == "own"
    assert look_up(now, "bup.intake.accuracy") == look_up(resolved(load("tromso"), own.period.start), "bup.intake.accuracy")
