"""How numbers are shown: rounding, small counts, differences, and the same rules in text and export."""

from __future__ import annotations

import json
from dataclasses import replace
from math import nan

import pytest
from dashboard_examples import clinics, town, towns
from hypothesis import given
from hypothesis import strategies as st

from dashboard import numbers
from dashboard.tables import Row, areas_hidden, cells, exported, exported_run, main_keys, presented, presented_run
from dashboard.terminal import comparison_text, result_text
from sim.fold import ALL
from sim.replicate import run

ROW = Row(
    key=(ALL, "", ALL, "lost_in_handover"),
    scenario="more",
    base=22.4,
    mean=18.2,
    difference=-4.2,
    low=-6.4,
    high=-2.0,
    half_width=2.2,
    share_better=0.9,
    direction="better",
    n=20,
    few=False,
)
DAYS = (ALL, "", ALL, "wait_to_help")


def test_a_row_is_shown_whole_with_sign_interval_and_futures() -> None:
    assert cells(ROW, "nb") == {
        "base": "22",
        "mean": "18",
        "difference": "−4",
        "interval": "−6 til −2",
        "half_width": "2",
        "better_in": "18 av 20",
        "judgement": "bedre",
    }


@pytest.mark.parametrize(
    ("value", "unit", "nb", "en"),
    [
        (4.99, "children a year", "under 5", "under 5"),
        (5.0, "children a year", "5", "5"),
        (0.0, "children", "under 5", "under 5"),
        (12345.6, "children", "12\u00a0346", "12,346"),
        (65.5, "days", "66", "66"),
        (0.2, "days", "under 1", "under 1"),
        (0.0, "days", "0", "0"),
        (0.215, "share", "22 %", "22%"),
        (0.004, "share", "under 1 %", "under 1%"),
        (nan, "days", "ikke målt", "not measured"),
        (nan, "children", "ikke målt", "not measured"),
    ],
)
def test_values_as_they_are_shown(value: float, unit: str, nb: str, en: str) -> None:
    assert numbers.shown(value, unit, "nb") == nb
    assert numbers.shown(value, unit, "en") == en


def test_a_post_keeps_its_decimals_with_the_languages_comma() -> None:
    assert numbers.decimal(1234.25, "nb") == "1\u00a0234,25"
    assert numbers.decimal(3.0, "nb") == "3"
    assert numbers.decimal(-0.5, "en") == "−0.5"


def test_differences_of_shares_are_percentage_points() -> None:
    assert numbers.shown_difference(0.031, "share", "nb") == "+3 %-poeng"
    assert numbers.shown_interval(-0.012, 0.034, "share", "nb") == "−1 til +3"


def test_an_interval_that_rounds_to_nothing_says_on_which_side_of_0_it_lies() -> None:
    assert numbers.shown_interval(0.1, 0.3, "days", "nb") == "under 1"
    assert numbers.shown_interval(-0.2, 0.3, "days", "nb") == "rundt 0"


@pytest.mark.parametrize(("base", "mean"), [(22.0, 4.0), (4.0, 22.0), (2.0, 3.0)])
def test_a_difference_from_or_to_a_small_count_is_a_direction_only(base: float, mean: float) -> None:
    shown = cells(replace(ROW, base=base, mean=mean, difference=mean - base), "nb")
    assert shown["difference"] in ("flere", "færre")
    assert (shown["interval"], shown["half_width"]) == ("–", "–")
    assert not any(digit in shown["difference"] for digit in "0123456789")


def test_a_difference_whose_interval_holds_0_is_too_small_to_say() -> None:
    assert cells(replace(ROW, direction="unclear", high=0.4), "nb")["difference"] == "for liten"


def test_under_ten_futures_there_is_no_difference_and_no_range() -> None:
    shown = cells(replace(ROW, n=9, direction="unclear"), "nb")
    assert (shown["difference"], shown["interval"], shown["half_width"]) == ("for få framtider", "–", "–")


def test_what_rests_on_too_few_children_shows_no_number() -> None:
    shown = cells(replace(ROW, few=True, direction="too few"), "en")
    assert not any(digit in "".join(shown.values()) for digit in "0123456789")


def test_a_measure_never_defined_is_not_measured() -> None:
    empty = replace(ROW, key=DAYS, base=nan, mean=nan, difference=nan, low=nan, high=nan, half_width=nan, share_better=nan, n=0)
    shown = cells(empty, "nb")
    assert (shown["base"], shown["mean"], shown["difference"]) == ("ikke målt",) * 3
    assert shown["better_in"] == "–"


@given(st.floats(-1e6, 1e6), st.sampled_from(["days", "share", "children", "children a year", "hours a week"]))
def test_rounding_is_symmetric_and_never_further_off_than_half_a_step(value: float, unit: str) -> None:
    step = 0.01 if unit == "share" else 1.0
    assert numbers.rounded(-value, unit) == -numbers.rounded(value, unit)
    assert abs(numbers.rounded(value, unit) - value) <= step * 0.5 + 1e-6


@given(st.floats(0, 4.999), st.sampled_from(sorted(numbers.COUNTS)), st.sampled_from(["nb", "en"]))
def test_no_count_under_5_is_ever_shown(value: float, unit: str, language: str) -> None:
    assert numbers.shown(value, unit, language) == "under 5"  # type: ignore[arg-type]


def test_exports_hold_nothing_that_the_table_suppresses() -> None:
    shown = presented(clinics(), "en")
    out = exported(clinics(), "en")
    assert len(shown) == len(out)
    for seen, kept in zip(shown.to_dict("records"), out.to_dict("records"), strict=True):
        for cell, number in (("base", "base_mean"), ("mean", "mean")):
            assert (kept[number] is None) == (seen[cell] in ("under 5", "too few", "not measured"))
        if seen["interval"] == "–":
            assert kept["low"] is None or kept["difference"] == 0
        if "under 5" in (seen["base"], seen["mean"]):
            assert kept["difference"] is kept["low"] is kept["half_width"] is None


def test_exported_numbers_are_whole_and_counts_at_least_5() -> None:
    out = exported(towns(), "en")
    for row in out.to_dict("records"):
        for name in ("base_mean", "mean"):
            if row[name] is not None and row["unit"] in numbers.COUNTS:
                assert isinstance(row[name], int)
                assert row[name] >= 5
        if row["unit"] == "days":
            assert all(
                row[name] is None or isinstance(row[name], int) for name in ("base_mean", "mean", "difference", "low", "high")
            )


def test_exports_say_whose_staffing_and_pass_as_strict_json() -> None:
    out = exported(towns(), "en")
    assert set(out["staffing"]) == {"national average"}
    assert set(exported(clinics(), "en")["staffing"]) == {"as stated"}
    json.dumps(out.to_dict("records"), allow_nan=False)
    json.dumps(exported_run(towns().base, "nb").to_dict("records"), allow_nan=False)


def test_the_main_table_has_the_judged_measures_then_the_services_up_the_ladder() -> None:
    keys = main_keys(towns().base)
    services = [key[1] for key in keys]
    assert services == sorted(services, key=["", "gp", "bup"].index)
    assert {key[3] for key in keys if key[1] == "bup"} == {
        *("wait_started", "wait_90", "waiting_end", "in_course", "load", "referrals", "rejected_share", "rejected_alone")
    }


def test_a_ladder_without_doors_has_its_own_main_table() -> None:
    names = [key[3] for key in main_keys(clinics().base)]
    assert names == ["wait_list_started", "waiting", "load", "gave_up_share", "refused_share"]


def test_rows_that_are_zero_for_everyone_are_left_out() -> None:
    shown = presented(clinics(), "en")
    assert "gave_up_share" not in set(shown["measure"])


def test_small_counts_are_suppressed_on_the_terminal_too() -> None:
    shown = presented(clinics(), "en")
    row = shown[(shown["measure"] == "waiting") & (shown["scenario"] == "more")].iloc[0]
    assert (row["base"], row["mean"]) == ("under 5", "under 5")
    line = next(line for line in comparison_text(clinics(), "en").splitlines() if "Waiting, on average" in line)
    assert line.count("under 5") == 2
    assert "under 5" in next(line for line in result_text(clinics().base, "en").splitlines() if "Waiting, on average" in line)


def test_areas_under_national_average_staffing_are_not_shown_beside_each_other() -> None:
    two = town().model_copy(
        update={"areas": {name: town().areas["here"].model_copy(update={"name": name}) for name in ("a", "b")}}
    )
    result = run(two, replications=2, workers=1, record="weekly", by=("area",))
    assert areas_hidden([result])
    assert set(presented_run(result, "en")["area"]) == {ALL}
    assert areas_hidden([replace(result, scenario=two.model_copy(update={"staffing": "partly_own"}))])
    own = replace(result, scenario=two.model_copy(update={"staffing": "own"}))
    assert set(presented_run(own, "en")["area"]) == {ALL, "a", "b"}


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("language", ["nb", "en"])
def test_piped_text_fits_its_width_without_colour_codes_and_says_whose_staffing(width: int, language: str) -> None:
    words = comparison_text(towns(), language, width)  # type: ignore[arg-type]
    assert "\x1b" not in words
    assert max(len(line) for line in words.splitlines()) <= width
    whose = {"nb": "landsgjennomsnitt, ikke denne kommunens", "en": "national average, not this municipality's"}[language]
    assert words.replace("\n", " ").count(whose) >= 3
    assert "bup.psychologist.fte: 1" in words


def test_the_text_of_a_run_says_whose_staffing_and_that_it_is_no_forecast() -> None:
    words = " ".join(result_text(towns().base, "nb", 80).split())
    assert "landsgjennomsnitt, ikke denne kommunens" in words
    assert "Ikke en prognose" in words
