"""A grid of scenarios: read without trust, run on the same children, and repeated by the words that the page gives."""

import io
import shlex

import pandas as pd
import pytest
from click.testing import CliRunner

import trinn
from dashboard.comparison import compare
from dashboard.research import (
    MOST_CELLS,
    Axis,
    axes_of,
    cells_of,
    command_of_grid,
    parquet_bytes,
    scenarios_of_cells,
    snippet_of_grid,
    tidy,
)
from dashboard.work import Work, base_of
from scenarios.errors import TrinnError

WORDS = "bup.psychologist.fte: 40; 45,5\nlow_threshold.psychologist.fte: 1;2"


def work(**more):
    return Work(place="etnedal", futures=10, seed=3, **more)


@pytest.fixture(scope="module")
def grid():
    axes = axes_of("bup.psychologist.fte: 40; 45,5", "nb")
    short = work(today=("period.warmup=20d", "period.length=60d"))
    found = compare(scenarios_of_cells(base_of(short), cells_of(axes), "I dag"), replications=10, seed=3)
    return axes, short, found


def test_a_grid_is_every_value_with_every_other():
    axes = axes_of(WORDS, "nb")
    assert axes == (Axis("bup.psychologist.fte", ("40", "45.5")), Axis("low_threshold.psychologist.fte", ("1", "2")))
    assert len(cells_of(axes)) == 4
    assert cells_of(axes)["bup.psychologist.fte=45.5 low_threshold.psychologist.fte=1"] == (
        "bup.psychologist.fte=45.5",
        "low_threshold.psychologist.fte=1",
    )
    assert cells_of(()) == {}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("bup.psychologist.fte", r"linje 1: .*ingen adresse med verdier"),
        ("nothing here: ", r"linje 1: .*ingen adresse"),
        ("a.b: 1; 1", "nevnt to ganger"),
        ("a.b: 1\na.b: 2", "nevnt to ganger"),
        ("a.b: " + ";".join(map(str, range(MOST_CELLS + 1))), "høyst 4 adresser"),
        ("\n".join(f"a.b{number}: 1" for number in range(5)), "høyst 4 adresser"),
    ],
)
def test_what_is_no_grid_is_refused_with_its_line(words, match):
    with pytest.raises(TrinnError, match=match):
        axes_of(words, "nb")


def test_every_fault_of_every_cell_is_said_once():
    with pytest.raises(TrinnError, match="nothing_there") as caught:
        scenarios_of_cells(base_of(work()), {"a": ("nothing_there.fte=1",), "b": ("nothing_there.fte=1",)}, "I dag")
    assert len(caught.value.faults) == 1


def test_the_table_is_tidy_and_says_what_it_takes_to_repeat_it(grid):
    axes, _, found = grid
    table = tidy(found, axes, "nb")
    assert set(table["bup.psychologist.fte"]) == {"40", "45.5"}
    assert not table.duplicated(["scenario", "area", "service", "group", "measure"]).any()
    assert set(table["seed"]) == {3}
    assert table["content"].nunique() == 2
    assert table["staffing"].notna().all()
    again = pd.read_parquet(io.BytesIO(parquet_bytes(table)))
    pd.testing.assert_series_equal(again["mean"], table["mean"].reset_index(drop=True), check_dtype=False)


def test_the_python_text_runs_and_gives_the_same_numbers(grid):
    axes, short, found = grid
    space = {}
    exec(snippet_of_grid(short, axes, "I dag"), space)
    pd.testing.assert_frame_equal(space["table"], found.table)


def test_the_command_is_one_that_runs(monkeypatch):
    axes = axes_of("bup.psychologist.fte: 40; 45,5", "nb")
    words = shlex.split(command_of_grid(work(), axes, "nb"))
    assert words[:3] == ["trinn", "compare", "etnedal"]
    seen = {}

    def ran(scenarios, **more):
        seen.update(scenarios=scenarios, **more)
        raise TrinnError("enough")

    monkeypatch.setattr("dashboard.comparison.compare", ran)
    CliRunner().invoke(trinn._cli, words[1:])
    assert len(seen["scenarios"]) == 3
    assert (seen["replications"], seen["seed"]) == (10, 3)
    fte = [scenario.changes[-1].set for name, scenario in list(seen["scenarios"].items())[1:]]
    assert fte == ["bup.psychologist.fte=40", "bup.psychologist.fte=45.5"]


def test_own_numbers_have_no_command_but_stand_in_the_python_text():
    own = work(own={"about": {"nb": "vår", "en": "ours"}})
    axes = axes_of("bup.psychologist.fte: 40", "nb")
    assert command_of_grid(own, axes, "nb") == ""
    assert "'vår'" in snippet_of_grid(own, axes, "I dag")
