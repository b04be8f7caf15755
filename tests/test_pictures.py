"""Figures on the screen: the numbers of the tables, in the reader's language, to be read by everybody."""

import json

import altair as alt
import pandas as pd
import pytest

from dashboard.charts import COLOURS, FAINT, INK
from dashboard.comparison import compare
from dashboard.numbers import SMALL
from dashboard.pictures.differences import DOTS, UNSURE, circles, differences, dots
from dashboard.pictures.flow import OTHER, STEP_COLOURS, flow, ways
from dashboard.pictures.parts import areas, groups, measures_of_parts
from dashboard.pictures.waiting import started_within, waiting_lists
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.preset import on_the_ladder
from scenarios.reading import Document, validate
from scenarios.schema import Scenario
from sim.fold import ALL
from sim.records import Kind
from sim.replicate import run

HELPED = (ALL, "", ALL, "helped_within_13_weeks")


@pytest.fixture(scope="module")
def comparison():
    base = apply(load("stange"), "period.warmup=104w", "period.length=52w")
    more = {
        "I dag": base,
        "Flere <i>": apply(base, "bup.psychologist.fte+=20"),
        "Færre": apply(base, "bup.psychologist.fte*=0.7"),
    }
    return compare(more, replications=12, by=("group", "area"))


@pytest.fixture(scope="module")
def logged():
    return run(apply(load("etnedal"), "period.warmup=52w", "period.length=52w"), replications=3, record="log")


@pytest.fixture(scope="module")
def pictures(comparison):
    found = [*waiting_lists(comparison, "nb"), *started_within(comparison, "nb"), differences(comparison, "nb")]
    return [*found, dots(comparison, "nb", HELPED), groups(comparison, "wait_to_help", "nb")]


def contrast(colour):
    """To white, as WCAG counts it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)


@pytest.mark.parametrize("colour", [*COLOURS, INK, FAINT, UNSURE, OTHER, *STEP_COLOURS.values()])
def test_every_colour_can_be_read_on_white(colour):
    assert contrast(colour) >= 4.5


def test_every_figure_says_what_it_shows_has_a_table_and_is_small(pictures):
    for picture in pictures:
        assert any(letter.isdigit() for letter in picture.alt), picture.name
        assert len(picture.table)
        assert picture.how
        words = picture.chart.to_json()
        assert len(words) < 60_000, picture.name
        assert json.loads(words)["description"] == picture.alt


def test_letters_in_figures_have_contrast_and_numbers_the_readers_marks(pictures):
    for picture in pictures:
        config = json.loads(picture.chart.to_json())["config"]
        assert config["axis"]["labelColor"] == config["legend"]["labelColor"] == config["header"]["labelColor"] == INK
        assert config["locale"]["number"]["decimal"] == ","


def test_figures_speak_the_readers_language(comparison):
    assert waiting_lists(comparison, "en")[0].title.startswith("Children on the waiting list")
    assert json.loads(differences(comparison, "en").chart.to_json())["config"]["locale"]["number"]["decimal"] == "."


def test_a_waiting_list_is_drawn_from_the_weekly_series(comparison):
    picture = next(each for each in waiting_lists(comparison, "nb") if each.name == "waiting_bup")
    drawn = next(table for table in tables(picture.chart) if "middle" in table)
    series = comparison.base.series
    start = pd.Timestamp(comparison.base.scenario.period.start)
    weeks = series[(series["service"] == "bup") & series["week"].between(0, 3)]
    by_hand = weeks.groupby("replication")["waiting"].mean().median()
    here = drawn[(drawn["scenario"] == "I dag") & (pd.to_datetime(drawn["date"]) == start)]
    assert here["middle"].item() == pytest.approx(by_hand, abs=1e-3)


def tables(chart):
    """The tables inside a chart."""
    found = json.loads(chart.to_json(format="vega-lite"))["datasets"] if isinstance(chart, alt.TopLevelMixin) else {}
    return [pd.DataFrame(rows) for rows in found.values()]


def test_counts_under_five_are_not_drawn_at_their_height(comparison):
    for picture in waiting_lists(comparison, "nb"):
        drawn = next(table for table in tables(picture.chart) if "middle" in table)
        assert drawn[["middle", "low", "high"]].to_numpy().min() >= SMALL


def test_what_really_happened_stands_over_the_bands(comparison):
    observed = pd.DataFrame({"date": ["2027-03-01"], "service": ["bup"], "measure": ["waiting"], "value": [321]})
    picture = next(each for each in waiting_lists(comparison, "nb", observed) if each.name == "waiting_bup")
    assert any("value" in table and 321 in list(table["value"]) for table in tables(picture.chart))
    assert "321" not in next(each for each in waiting_lists(comparison, "nb") if each.name == "waiting_bup").chart.to_json()


def test_differences_that_cannot_be_told_are_grey(comparison):
    picture = differences(comparison, "nb")
    drawn = next(table for table in tables(picture.chart) if "sure" in table)
    for row in drawn.itertuples():
        crosses = row.low <= 0 <= row.high
        assert (row.sure == "for liten til å si noe sikkert") == crosses


def test_twenty_dots_for_each_and_their_order_is_that_of_the_values(comparison):
    picture = dots(comparison, "nb", HELPED)
    drawn = next(table for table in tables(picture.chart) if "height" in table)
    assert set(drawn.groupby("scenario").size()) == {DOTS}
    assert list(picture.table.columns[1:]) == ["I dag", "Flere <i>", "Færre"]
    assert len(picture.table) == DOTS


def test_circles_hold_the_name_as_text_and_as_many_filled_as_are_better(comparison):
    html = circles(comparison, "Flere <i>", HELPED, "nb")
    share = comparison.pair(HELPED, "Flere <i>").better
    assert html.count('fill="#0B5E8A"') == round(share * DOTS)
    assert html.startswith('<svg role="img" aria-label="')
    assert "<i>" not in html


def test_groups_are_compared(comparison):
    assert "wait_to_help" in measures_of_parts(comparison)
    picture = groups(comparison, "wait_to_help", "nb")
    assert list(picture.table.iloc[:, 0]) == ["0-5", "6-12", "13-17"]
    assert areas(comparison, "wait_to_help", "name", "nb") is None, "one municipality has none to stand beside"


def two(staffing):
    """A large and a small municipality that share a BUP, the large one last in the alphabet."""
    bands = {"0-5": 2500, "6-12": 3200, "13-17": 2300, "18-25": 3900}
    small = {band: count // 2 for band, count in bands.items()}
    large = {"name": "Øygarden", "catchment": "c", "children": bands}
    areas = {"a": large, "b": {"name": "Alver", "catchment": "c", "children": small}}
    period = {"start": "2027-01-04", "warmup": "1y", "length": "1y"}
    own = {"name": "To", "staffing": staffing, "areas": areas, "catchments": {"c": {}}, "period": period}
    document = on_the_ladder(Document(own))
    scenario = validate(Scenario, document)
    return compare({"I dag": scenario, "Mer": apply(scenario, "bup.psychologist.fte+=5")}, replications=10, by=("area",))


def test_areas_stand_by_name_or_size_and_never_by_result():
    found = two("own")
    for measure in measures_of_parts(found)[:3]:
        assert list(areas(found, measure, "name", "nb").table.iloc[:, 0]) == ["Alver", "Øygarden"]
        assert list(areas(found, measure, "size", "nb").table.iloc[:, 0]) == ["Øygarden", "Alver"]


def test_areas_do_not_stand_beside_each_other_while_their_staffing_is_an_average():
    found = two("national_average")
    assert areas(found, measures_of_parts(found)[0], "name", "nb") is None


def test_ways_are_counted_as_the_records_say(logged):
    """Every child of ours that was rejected by BUP in the period has gone from BUP to a rejection."""
    years = (logged.plans[0].shape.end + 1) / (365.25 * 86400)
    number = 0
    for replication in range(3):
        events = logged.events(replication)
        ours = events[events["area"].isin(logged.scenario.focal_areas)]
        number += ((ours["kind"] == Kind.REJECTED.name.lower()) & (ours["service"] == "bup") & (ours["time"] >= 0)).sum()
    found = {(way.source, way.target): way.children for way in ways(logged)}
    assert found["service:bup", "end:rejected:bup"] == pytest.approx(number / 3 / years, rel=0.02)


def test_the_flow_has_no_way_back_and_none_under_five(logged):
    picture = flow(logged, "I dag", "nb")
    series = picture.echarts["series"][0]
    seen = {node["name"] for node in series["data"]}
    assert len(seen) == len(series["data"])
    links = {(link["source"], link["target"]) for link in series["links"]}
    reached = set()
    while True:
        free = {name for name in seen - reached if not any(b == name and a not in reached for a, b in links)}
        if not free:
            break
        reached |= free
    assert reached == seen
    assert all(link["value"] >= SMALL for link in series["links"])
    assert picture.echarts["aria"]["label"]["description"] == picture.alt


def test_the_flow_needs_the_records():
    result = run(apply(load("etnedal"), "period.warmup=4w", "period.length=4w"), replications=2, record="weekly")
    with pytest.raises(TrinnError, match="did not keep its records"):
        ways(result)
