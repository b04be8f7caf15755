"""What really happened: read without trust, every fault with its line, never a person, and beside the model without a claim."""

from __future__ import annotations

import csv
import io
from copy import deepcopy
from datetime import date

import numpy as np
import pandas as pd
import pytest
from dashboard_examples import TOWN, renamed

from dashboard.comparison import compare
from dashboard.observed import (
    LARGEST,
    MEASURES,
    MOST_COLUMNS,
    MOST_FAULTS,
    MOST_ROWS,
    Observed,
    beside,
    observed_template,
    read_observed,
)
from dashboard.pictures.waiting import waiting_lists
from dashboard.texts import text
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from sim.fold import ALL, SERIES

HEAD = "dato;tjeneste;mål;tall\n"
FIRST = date(2027, 1, 4)


@pytest.fixture(scope="module")
def place():
    return load("etnedal")


@pytest.fixture(scope="module")
def town():
    return load(TOWN | {"staffing": "national_average"})


@pytest.fixture(scope="module")
def both(town):
    more = apply(town, "bup.psychologist.fte+=1")
    return compare({"i dag": town, "flere": more}, replications=12, workers=1)


def read(words, place, language="nb", encoding="utf-8"):
    return read_observed(words.encode(encoding) if isinstance(words, str) else words, place, language)


def faults(words, place, language="nb"):
    """Why a file is refused; nothing where it is not."""
    try:
        read(words, place, language)
    except TrinnError as error:
        return [str(fault) for fault in error.faults]
    return []


def values(observed):
    return [tuple(row) for row in observed.rows.drop(columns="small").itertuples(index=False)]


# -- what is read -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "language", "encoding"),
    [
        ("dato;tjeneste;mål;tall\n2027-03-01;BUP;venteliste;24\n01.06.2028;bup;ventetid i uker;9,5\n", "nb", "utf-8"),
        ("dato;tjeneste;mål;tall\r\n2027-03-01;BUP;venteliste;24\r\n01.06.2028;bup;ventetid i uker;9,5\r\n", "nb", "cp1252"),
        ("\ufeffdato;tjeneste;mål;tall\n2027-03-01;BUP;venteliste;24\n1.6.2028;bup;ventetid i uker;9,5\n", "nb", "utf-8"),
        (
            "sep=;\r\ndato;tjeneste;mål;tall\r\n2027-03-01;BUP;venteliste;24\r\n1.6.28;bup;ventetid i uker;9,5\r\n",
            "nb",
            "utf-8",
        ),
        (
            "\ufeffsep=,\ndate,service,measure,value\n2027-03-01,BUP,waiting,24\n2028-06-01,bup,wait in weeks,9.5\n",
            "en",
            "utf-8",
        ),
        ('date,service,measure,value\n2027-03-01,BUP,waiting,24\n1 June 2028,bup,"wait, weeks","9,5"\n', "nb", "utf-8"),
        (
            "Dato\tTjeneste\tMål\tVerdi\n2027-03-01\tBUP\tVenteliste\t24\n01.06.2028 00:00\tbup\tventetid i uker\t9,5\n",
            "nb",
            "utf-16",
        ),
        (
            "tall;mål;tjeneste;dato;;\n24;på venteliste;rød;2027-03-01;;\n\n66,5;ventetid (dager);BUP;1.6.2028;;\n",
            "nb",
            "utf-8",
        ),
        (
            "dato;tjeneste;mål;tall\r2027-03-01;trinn 4;venteliste;24 barn\r1.6.2028;BUP;ventetid i dager;9,5 uker\r",
            "nb",
            "utf-8",
        ),
    ],
)
def test_spreadsheets_of_all_sorts_say_the_same(place, words, language, encoding):
    expected = [(date(2027, 3, 1), "bup", "waiting", 24.0), (date(2028, 6, 1), "bup", "wait_started", 66.5)]
    assert values(read(words, place, language, encoding)) == expected


@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_service_is_known_by_id_and_by_both_its_names(place, language):
    services = ("low_threshold", "municipal_team", "bup", "long_term")
    for name in services:
        label = place.services[name].name
        for words in (name, name.replace("_", " "), label.nb.upper(), label.en):
            found = read(f'{HEAD}2027-03-01;"{words}";venteliste;24\n', place, language)
            assert found.rows["service"].to_list() == [name]


def test_a_step_stands_for_its_only_service_with_such_a_number(place):
    for words, name in (
        ("gult", "low_threshold"),
        ("trinn 3", "municipal_team"),
        ("orange", "municipal_team"),
        ("dark red", "long_term"),
    ):
        assert read(f"{HEAD}2027-03-01;{words};venteliste;24\n", place).rows["service"].to_list() == [name]
    assert read(f"{HEAD}2027-03-01;grønn;venteliste;24\n", place).rows["service"].to_list() == ["school_health"]


def test_counts_under_five_are_not_told_apart(place):
    words = "".join(f"{day}.3.2027;BUP;venteliste;{value}\n" for day, value in enumerate(("0", "1", "4", "under 5", "<5"), 1))
    found = read(HEAD + words + "6.3.2027;BUP;venteliste;5\n7.3.2027;BUP;ventetid i dager;3\n", place)
    assert found.rows["small"].to_list() == [True] * 5 + [False] * 2
    assert found.rows["value"].isna().to_list() == [True] * 5 + [False] * 2
    assert text("observed_small", "nb", number=5) in found.notes


def test_lines_without_a_value_say_nothing_and_unknown_is_no_fault(place):
    found = read(
        f"{HEAD}2027-03-01;BUP;venteliste;\n;;;\n2027-03-02;BUP;venteliste;vet ikke\n2027-03-03;BUP;venteliste;7\n", place
    )
    assert len(found.rows) == 1
    assert faults(f"{HEAD}2027-03-01;BUP;venteliste;\n", place) == [text("observed_no_values", "nb")]


def test_dates_outside_the_period_are_a_note_and_none_inside_is_a_fault(place):
    inside, before, after = (f"{day};BUP;venteliste;24\n" for day in (FIRST, date(2027, 1, 3), date(2030, 6, 1)))
    found = read(HEAD + before + inside + after, place)
    assert found.rows["date"].to_list() == [FIRST]
    assert any("2" in note and "4. jan. 2027" in note for note in found.notes)
    (only,) = faults(HEAD + before + after, place)
    assert "4. jan. 2027" in only


# -- what is refused ----------------------------------------------------------------------------------------------------


def test_every_fault_is_told_at_once_with_its_line_and_column(place):
    words = (
        "sep=;\n" + HEAD
        + "2027-13-01;BUP;venteliste;24\n"
        + "2027-03-01;BPU;ventelister;tjue\n"
        + "2027-03-02;BUP;venteliste;12,5\n"
        + "2027-03-02;;venteliste;12\n"
        + '"2027-03-02";"BUP\n";venteliste;-3\n'
        + "2027-03-03;BUP;venteliste;9\n2027-03-03;bup;venteliste;9\n"
    )  # fmt: skip
    said = faults(words, place)
    where = [line.split(":")[0] for line in said]
    assert where == [
        "linje 3 | dato", "linje 4 | mål", "linje 4 | tjeneste", "linje 5 | tall", "linje 6 | tjeneste", "linje 7 | tall",
        "linje 10",
    ]  # fmt: skip
    assert "BUP" in said[2]
    assert "linje 9" in said[-1]


def test_an_unknown_service_is_answered_with_the_nearest_names_and_never_repeated(place):
    (said,) = faults(f"{HEAD}2027-03-01;komunalt behandlingstilbu;venteliste;24\n", place)
    assert "Kommunalt behandlingstilbud" in said
    assert "komunalt" not in said
    (said,) = faults(f"{HEAD}2027-03-01;zzzzzz;venteliste;24\n", place)
    assert "Lavterskeltilbud" in said


def test_a_date_that_can_be_two_is_asked_about_in_english(place):
    words = "date,service,measure,value\n03/04/2027,BUP,waiting,24\n"
    assert "2027-03-01" in faults(words, place, "en")[0]
    assert read(words, place, "nb").rows["date"].to_list() == [date(2027, 4, 3)]


def test_measures_that_the_model_has_not_are_refused(place):
    said = faults(
        f"{HEAD}2027-03-01;fastlege;venteliste;9\n2027-03-01;lavterskeltilbud;avslag;9\n2027-03-01;BUP;trivsel;9\n", place
    )
    assert ["linje 2" in said[0], "linje 3" in said[1], "linje 4" in said[2]] == [True] * 3
    assert text("observed_measure_waiting", "nb") in said[2]


@pytest.mark.parametrize(
    "row",
    [
        "2027-03-01;BUP;venteliste;12031245678",
        "2027-03-01;BUP;120312 45678;24",
        "2027-03-01;Kari Nordmann;venteliste;24",
        "2027-03-01;jente 14 år;venteliste;24",
        "2027-03-01;født 12.03.2012;venteliste;24",
    ],
)
def test_a_person_is_refused_with_the_cell_and_never_with_what_stands_in_it(place, row):
    (said,) = faults(f"{HEAD}2027-03-01;BUP;venteliste;24\n{row}\n", place)
    assert "bare antall, ikke personer" in said
    assert "3" in said.split("!")[1][:2]
    assert not any(cell in said for cell in row.split(";") if cell not in ("BUP", "24", "venteliste"))


def test_a_row_for_each_child_is_refused(place):
    rows = "".join(f"2027-03-0{day};Barn {day};venteliste;9\n" for day in range(1, 6))
    assert "en rad per barn" in faults(HEAD + rows, place)[0]
    heads = "fødselsdato;fornavn;kjønn;alder\n2012-03-04;x;j;14\n2012-05-06;y;g;13\n"
    assert "bare antall, ikke personer" in faults(heads, place)[0]


def test_ordinary_tables_hold_no_persons(place):
    days = [f"2027-{month:02}-{day:02}" for month, day in ((1, 7), (2, 11), (3, 19), (5, 2), (9, 30))]
    rows = "".join(
        f"{day};{name};venteliste;{10 + number}\n" for number, day in enumerate(days) for name in ("BUP", "lavterskeltilbud")
    )
    assert len(read(HEAD + rows, place).rows) == 10


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "observed_empty"),
        (b" \r\n ", "observed_empty"),
        (b"PK\x03\x04" + b"0" * 40, "observed_no_text"),
        (b"%PDF-1.7", "observed_no_text"),
        (b"dato;tjeneste\x00", "observed_no_text"),
        (b"\xff\xfe\x00\xd8", "observed_no_text"),
        (b"\x81\x8d\x8f", "observed_no_text"),
    ],
)
def test_what_is_no_table_is_refused_in_words(place, data, key):
    assert faults(data, place) == [text(key, "nb")]


def test_what_is_too_large_is_refused(place):
    assert "1" in faults(b"x" * (LARGEST + 1), place)[0]
    many = HEAD + "".join(f"2027-03-01;BUP;venteliste;{n}\n" for n in range(MOST_ROWS + 1))
    assert faults(many, place) == [text("observed_rows", "nb", most=MOST_ROWS)]
    assert text("observed_columns", "nb", most=MOST_COLUMNS) in faults(HEAD + ";" * MOST_COLUMNS + "\n", place)[0]
    assert "linje 2" in faults(HEAD + '2027-03-01;"BUP;venteliste;9\n', place)[0]
    wrong = HEAD + "x;y;z;w\n" * (MOST_FAULTS * 2)
    assert len(faults(wrong, place)) == MOST_FAULTS + 1


def test_missing_double_and_foreign_columns_are_told(place):
    (said,) = faults("dato;tjeneste;tall\n2027-03-01;BUP;9\n", place)
    assert text("observed_column_measure", "nb") in said
    said = faults("dato;dag;tjeneste;mål;tall;kommentar\n2027-03-01;;BUP;venteliste;9;ok\n", place)
    assert ["B1" in said[0], "F1" in said[1]] == [True, True]
    assert faults("sep=x\n" + HEAD, place) == [f"{text('observed_line', 'nb', number=1)}: {text('observed_separator', 'nb')}"]


# -- the template -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_template_filled_in_is_read_without_a_fault(place, language):
    words = observed_template(place, language).decode("utf-8-sig")
    separator = ";" if language == "nb" else ","
    rows = list(csv.reader(io.StringIO(words), delimiter=separator))
    filled = [rows[0], *([*row[:3], "12"] for row in rows[1:])]
    again = "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in filled)
    found = read(again, place, language)
    assert len(found.rows) == len(rows) - 1 > 10
    assert set(found.rows["measure"]) == set(MEASURES)
    assert found.rows["date"].between(FIRST, date(2029, 12, 31)).all()


def test_no_name_in_the_template_is_a_formula_and_it_is_still_understood():
    town = deepcopy(TOWN)
    town["services"]["bup"]["name"] = {"nb": "=HYPERLINK(1)", "en": "@cmd"}
    place = load(town)
    words = observed_template(place, "nb").decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in words
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in words.splitlines() for cell in line.split(";"))
    assert read(f"{HEAD}2027-03-01;'=HYPERLINK(1);venteliste;9\n", place).rows["service"].to_list() == ["bup"]


# -- beside the model ---------------------------------------------------------------------------------------------------


def observed_of(*rows):
    table = pd.DataFrame(rows, columns=["date", "service", "measure", "value", "small"])
    return Observed(table, ())


def band(result, week):
    at = result.plans[0].shape.services.index("bup")
    begin = result.replications[0].folded.series.shape[0] - 53
    lists = [each.folded.series[begin + week, at, SERIES.index("waiting")] for each in result.replications]
    return np.quantile(lists, 0.1), np.quantile(lists, 0.9)


def test_a_list_is_judged_by_the_week_its_date_lies_in(both):
    low, high = band(both.base, 30)
    day = date(2027, 1, 4) + pd.Timedelta(weeks=30, days=6).to_pytimedelta()
    rows = [(day, "bup", "waiting", value, False) for value in (round(low) - 1, round(low), round(high), round(high) + 1)]
    found = beside(observed_of(*rows), both, "en")
    assert found.table["i dag: where"].to_list() == ["below", "inside", "inside", "above"]
    assert set(found.table["i dag: 8 of 10"]) == {f"{round(low)} to {round(high)}"}
    assert found.sentence.startswith("2 of 4 numbers lie inside 8 of 10 possible futures of “i dag”")


def test_waits_and_yearly_counts_are_judged_by_the_whole_period(both):
    key = (ALL, "bup", ALL, "wait_started")
    mean = float(np.nanmean(both.values(both.base, key)))
    day = date(2027, 12, 31)
    found = beside(observed_of((day, "bup", "wait_started", mean, False), (day, "bup", "rejected", 5000.0, False)), both, "nb")
    assert found.table["i dag: hvor"].to_list() == ["innenfor", "over"]
    assert text("observed_whole_period", "nb") in found.notes


def test_it_says_whose_staffing_and_claims_nothing(both):
    found = beside(observed_of((date(2027, 3, 1), "bup", "waiting", 30.0, False)), both, "nb")
    assert text("staffing_national_average", "nb") in found.notes
    assert text("observed_proves_nothing", "nb") in found.notes
    for language in ("nb", "en"):
        assert "valid" not in beside(observed_of(), both, language).sentence
    assert found.sentence.count("«") == 2


def test_small_counts_are_judged_without_their_height(both):
    rows = [
        (date(2027, 12, 1), "bup", "waiting", float("nan"), True),
        (date(2027, 12, 1), "bup", "rejected", float("nan"), True),
    ]
    found = beside(observed_of(*rows), both, "nb")
    assert found.table["Slik gikk det"].to_list() == ["under 5", "under 5"]
    low, _ = band(both.base, 47)
    assert found.table["i dag: hvor"].to_list() == ["innenfor" if round(low) < 5 else "under", "under"]
    assert waiting_lists(both, "nb", observed_of(*rows).rows)


def test_under_ten_futures_and_too_few_children_are_not_compared(town):
    few = compare({"i dag": town, "flere": town}, replications=3, workers=1)
    found = beside(observed_of((date(2027, 3, 1), "bup", "waiting", 30.0, False)), few, "nb")
    assert found.table["i dag: hvor"].to_list() == [text("observed_not_compared", "nb")]
    assert found.sentence == text("observed_none", "nb")


def test_a_scenario_may_be_called_anything(both):
    odd = renamed(both, {"flere": "{x} <b>"})
    found = beside(observed_of((date(2027, 3, 1), "bup", "waiting", 30.0, False)), odd, "nb")
    assert "{x} <b>: hvor" in found.table


def test_what_was_read_can_be_drawn_over_the_bands(place, both):
    town = both.base.scenario
    found = read(f"{HEAD}2027-03-01;BUP;venteliste;40\n2027-06-01;BUP;venteliste;30\n", town)
    (picture,) = waiting_lists(both, "nb", found.rows)
    assert "40" in str(picture.chart.to_dict())
