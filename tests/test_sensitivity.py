"""What a difference depends on: the estimators on functions whose answer is known, the whole on ladders where theory has it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from dashboard.sensitivity import exported_sensitivity, print_sensitivity
from dashboard.texts import LANGUAGES, Language
from scenarios.errors import TrinnError
from scenarios.evidence import numbers
from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import Scenario
from scenarios.units import parse_duration
from sim.experiments import morris, sensitivity_indices, sensitivity_points
from sim.experiments.sensitivity import Sensitivity, Settings, sensitivity, spelled_key
from sim.experiments.sensitivity_indices import Floats
from sim.experiments.sensitivity_points import Point, Question, answers, seed_of
from sim.experiments.store import Folder
from trinn import main

# -- a function whose indices are known: Ishigami and Homma 1990, a = 7, b = 0.1 ---------------------------------------------

A, B = 7.0, 0.1
VARIANCE = A**2 / 8 + B * np.pi**4 / 5 + B**2 * np.pi**8 / 18 + 0.5
FIRST = (0.5 * (1 + B * np.pi**4 / 5) ** 2 / VARIANCE, A**2 / 8 / VARIANCE, 0.0)
BOTH = B**2 * np.pi**8 * (1 / 18 - 1 / 50) / VARIANCE
TOTAL = (FIRST[0] + BOTH, FIRST[1], BOTH)


def ishigami(points: Floats) -> Floats:
    x = (2 * points - 1) * np.pi
    return np.asarray(np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0]))


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_indices_of_a_known_function_are_found_with_and_without_noise(noise: float) -> None:
    points = sensitivity_indices.design(3, 256, 1)
    outputs = ishigami(points)[:, None] + np.random.default_rng(3).normal(0, noise, (256, 4))
    found = sensitivity_indices.indices(points, outputs, 1)
    assert found is not None
    for index, first, total in zip(found.each, FIRST, TOTAL, strict=True):
        assert abs(index.first - first) < max(0.05, 3 * index.first_error)
        assert abs(index.total - total) < max(0.05, 3 * index.total_error)
    assert found.explained > 0.9
    assert found.noise == pytest.approx(noise**2 / 4 / (VARIANCE + noise**2 / 4), abs=0.005)
    assert found.deviation == pytest.approx(VARIANCE**0.5, rel=0.1)


def test_an_output_that_is_nothing_but_noise_has_no_indices() -> None:
    points = sensitivity_indices.design(3, 64, 1)
    assert sensitivity_indices.indices(points, np.random.default_rng(5).normal(0, 1, (64, 4)), 1) is None
    assert sensitivity_indices.indices(points, np.zeros((64, 4)), 1) is None


def test_places_where_an_output_is_not_defined_are_left_out() -> None:
    points = sensitivity_indices.design(2, 64, 1)
    outputs = np.repeat(points.sum(axis=1)[:, None], 2, axis=1) + np.random.default_rng(1).normal(0, 0.01, (64, 2))
    outputs[:5], outputs[7, 0] = np.nan, np.nan
    found = sensitivity_indices.indices(points, outputs, 1)
    assert found is not None
    assert [index.first for index in found.each] == pytest.approx([0.5, 0.5], abs=0.05)


# -- screening ----------------------------------------------------------------------------------------------------------


def run(design: morris.Trajectories, function: Any, noise: float, seed: int, replications: int = 4) -> Floats:
    """A function at every point, with noise that no two points share."""
    true = np.asarray([function(walk) for walk in design.points])
    return np.asarray(true[:, :, None] + np.random.default_rng(seed).normal(0, noise, (*true.shape, replications)))


def test_each_walk_moves_every_input_once_by_the_same_step_inside_the_cube() -> None:
    design = morris.trajectories(6, 5, 1)
    assert design.points.min() >= 0
    assert design.points.max() <= 1
    for walk in range(6):
        assert sorted(design.moved[walk]) == list(range(5))
        steps = np.diff(design.points[walk], axis=0)
        assert np.count_nonzero(np.abs(steps) > 1e-12, axis=1).tolist() == [1] * 5
        assert np.abs(steps).sum(axis=1) == pytest.approx(morris.STEP)


def test_every_level_is_begun_from_as_often() -> None:
    starts = morris.trajectories(8, 3, 2).points[:, 0, :]
    for number in range(3):
        assert np.unique(starts[:, number].round(6), return_counts=True)[1].tolist() == [2, 2, 2, 2]


def test_the_effects_of_a_straight_line_are_its_slopes() -> None:
    slopes = np.asarray([3.0, -1.5, 0.0])
    design = morris.trajectories(4, 3, 1)
    outputs = run(design, lambda points: points @ slopes, 0.0, 1)
    found = morris.effects(design, outputs)
    assert [effect.mean for effect in found] == pytest.approx(slopes)
    assert [effect.size for effect in found] == pytest.approx(np.abs(slopes))
    assert [effect.spread for effect in found] == pytest.approx([0, 0, 0], abs=1e-9)


def test_an_effect_that_changes_its_sign_from_place_to_place_is_found() -> None:
    """A valley: the mean effect is nothing, the effects are not."""
    design = morris.trajectories(8, 2, 3)
    found = morris.effects(design, run(design, lambda points: np.cos(2 * np.pi * points[:, 0]), 0.05, 1))
    assert morris.beyond_noise(found) == (True, False)
    assert found[0].spread > found[1].spread


@pytest.mark.parametrize("unlike", [0.0, 1.5])
def test_what_is_noise_is_not_ranked(unlike: float) -> None:
    """That any of 20 inputs without an effect is ranked is held to one time in twenty: at most 12 of 100 (p < 0.005).

    So it is where some places have a hundred times the noise of others, as a municipality's have.
    """
    wrong = 0
    for seed in range(100):
        design = morris.trajectories(8, 20, seed)
        noise = np.exp(np.random.default_rng([seed, 1]).normal(0, unlike, (8, 1, 1)))
        found = morris.effects(design, noise * run(design, lambda points: np.zeros(len(points)), 1.0, seed))
        wrong += any(morris.beyond_noise(found))
    assert wrong <= 12


def test_noise_is_taken_off_the_size_and_stated_as_an_error() -> None:
    design = morris.trajectories(200, 1, 1)
    (effect,) = morris.effects(design, run(design, lambda points: 2.0 * points[:, 0], 1.0, 78))
    error = (2 / 4) ** 0.5 / morris.STEP / 200**0.5  # two means of four, over a step, in 200 walks
    assert effect.error == pytest.approx(error, rel=0.1)
    assert abs(effect.mean - 2.0) < 4 * error
    assert effect.size == pytest.approx(2.0, abs=0.25)  # three standard errors


def test_an_input_that_changes_nothing_at_all_is_never_ranked() -> None:
    design = morris.trajectories(4, 2, 1)
    outputs = np.repeat(np.asarray([walk[:, 0] for walk in design.points])[:, :, None], 3, axis=2)
    found = morris.effects(design, outputs)
    assert [effect.never for effect in found] == [False, True]
    assert morris.beyond_noise(found) == (True, False)


def test_outputs_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="one row of outputs for each point"):
        morris.effects(morris.trajectories(2, 2, 1), np.zeros((2, 2, 3)))


# -- a single service ---------------------------------------------------------------------------------------------------

CLINIC: dict[str, Any] = {
    "name": "x",
    "period": {"length": "300d", "warmup": "100d"},
    "demand": {"c": {"to": "clinic", "rate": "1/d"}},
    "services": {
        "clinic": {
            "staff": {"helper": {"fte": 2.0, "price": 1000000}},
            "course": {"length": "9d", "hours": 5.0},
            "routes": [{"to": "empty", "after": "gave_up"}],
        },
        "empty": {"places": 3, "course": {"length": "9d"}},
    },
    "evidence": {
        "clinic.course.length.mean": {"grade": "assumed", "low": "7d", "high": "11d"},
        "clinic.staff.helper.weeks_a_year": {"grade": "stated", "low": 42, "high": 46},
        "clinic.staff.helper.price": {"grade": "assumed", "low": 500000, "high": 1500000},
        "empty.course.length.mean": {"grade": "assumed", "low": "1d", "high": "20d"},
        "clinic.staff.helper.weekly_hours": {"grade": "published", "low": 30, "high": 40},
        "clinic.course.hours": {"grade": "assumed"},
    },
}
"""Waits depend on the length of a course and a little on the weeks worked; not on the price of a post, nor on a service to
which nobody ever comes."""
QUICK = Settings(walks=4, replications=3, points=32, top=2, futures=10)
MEASURE = "wait_list_started(clinic)"


@cache
def clinic() -> Scenario:
    return load(CLINIC)


@cache
def answer(seed: int = 1) -> Sensitivity:
    """What half a post more depends on."""
    return asked(seed)


def asked(seed: int = 1, **how: Any) -> Sensitivity:
    scenarios = {"today": clinic(), "more": apply(clinic(), "clinic.helper.fte+=0.5")}
    return sensitivity(scenarios, measures=[MEASURE], settings=QUICK, seed=seed, **({"workers": 1} | how))


def test_the_number_that_waits_depend_on_comes_first_and_what_nobody_uses_is_not_ranked() -> None:
    found = answer()
    ranks = {each.number.key: each.rank for each in found.influences}
    assert ranks["clinic.course.length.mean"] == 1
    assert ranks["empty.course.length.mean"] is None
    assert next(each for each in found.influences if each.number.key == "empty.course.length.mean").effect.never
    assert found.moved[0].key == "clinic.course.length.mean"


def test_longer_courses_make_more_staff_shorten_waits_by_more() -> None:
    """Load grows with the length: what a half post more takes off the wait is larger where the load is larger."""
    first = answer().influences[0]
    assert first.effect.mean < -3 * first.effect.error
    assert first.index is not None
    assert first.index.total > 0.5


def test_what_cannot_matter_is_left_out_and_said() -> None:
    assert {each.number.key: each.why for each in answer().left_out} == {
        "clinic.staff.helper.price": "unused",
        "clinic.course.hours": "no_range",
    }


def test_published_numbers_stay_where_they_are_unless_they_are_asked_for() -> None:
    key = "clinic.staff.helper.weekly_hours"
    assert key not in {number.key for number in answer().moved}
    both = {"today": clinic(), "more": apply(clinic(), "clinic.helper.fte+=0.5")}
    small = replace(QUICK, walks=2, replications=2)
    found = sensitivity(both, measures=[MEASURE], grades=["published"], settings=small, workers=1)
    assert {number.key for number in found.moved} == {key}


def test_the_same_seed_gives_the_same_answer_and_another_seed_another() -> None:
    one, again, other = (json.dumps(exported_sensitivity(asked(seed), "en")) for seed in (1, 1, 2))
    assert one == again
    assert one != other


class Interrupted:
    """A store after which the power goes."""

    def __init__(self, folder: Folder, parts: int) -> None:
        self.folder, self.left = folder, parts

    def get(self, key: str) -> Any | None:
        return self.folder.get(key)

    def put(self, key: str, data: Any) -> None:
        if not self.left:
            raise KeyboardInterrupt("the power went")
        self.left -= 1
        self.folder.put(key, data)


@pytest.mark.parametrize("parts", [3, 20])
def test_what_was_interrupted_goes_on_and_gives_the_same_bytes(parts: int, tmp_path: Any) -> None:
    folder = Folder(tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt, match="the power went"):
        asked(store=Interrupted(folder, parts))
    assert len(list(folder.path.iterdir())) == parts
    (folder.path / "half.part").write_text("{", encoding="utf-8")
    heard = []
    found = asked(store=folder, progress=lambda part, done, total: heard.append((part, done, total)))
    assert json.dumps(exported_sensitivity(found, "nb")) == json.dumps(exported_sensitivity(answer(), "nb"))
    assert {part for part, _, _ in heard} == {"unused", "screening", "indices", "turning"}
    assert all(done <= total for _, done, total in heard)
    folder.forget()
    assert not folder.path.exists()


def test_a_part_that_is_not_whole_is_run_again(tmp_path: Any) -> None:
    folder = Folder(tmp_path)
    folder.put("a", {"x": 1.5})
    assert folder.get("a") == {"x": 1.5}
    (tmp_path / "a.json").write_text('{"x": 1', encoding="utf-8")
    assert folder.get("a") is None
    assert folder.get("b") is None


def test_worker_processes_give_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensitivity_points, "WORTH_A_POOL", 0.0)
    moved = tuple(number for number in numbers(clinic()) if not number.fixed)
    question = Question(
        clinic(), apply(clinic(), "clinic.helper.fte+=0.5"), ("a", "b"), moved, (("all", "clinic", "all", "load"),)
    )
    points = [Point(((0, place / 4),), 2, seed_of(1, place)) for place in range(4)]
    one, two = ([a.difference.tolist() for a in answers(question, points, workers, None, lambda _: None)] for workers in (1, 2))
    assert one == two


# -- where a conclusion turns -------------------------------------------------------------------------------------------


def flipped(low: str = "6d", high: str = "12d") -> Sensitivity:
    """A proposal after which a course takes 9 days, whatever it took before: it shortens waits exactly if that was more."""
    data = {**CLINIC, "evidence": {"clinic.course.length.mean": {"grade": "assumed", "low": low, "high": high}}}
    data["services"] = {"clinic": CLINIC["services"]["clinic"] | {"course": {"length": "11d", "hours": 5.0}, "routes": []}}
    base = load(data)
    return sensitivity(
        {"today": base, "nine": apply(base, "clinic.course.length.mean=9d")},
        measures=[MEASURE],
        settings=QUICK,
        workers=1,
    )


def test_the_value_at_which_the_sign_turns_is_found() -> None:
    found = flipped()
    (turning,) = found.turnings
    assert (turning.number.key, turning.before, turning.after) == ("clinic.course.length.mean", "-", "+")
    low, high = (parse_duration(str(end)) / 86400 for end in turning.between)
    assert low <= 9.0 <= high
    assert high - low < 1.0


def test_nothing_turns_where_the_sign_holds_over_the_whole_range() -> None:
    assert flipped("10d", "12d").turnings == ()


# -- asking it ----------------------------------------------------------------------------------------------------------


def test_a_measure_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    both = {"today": clinic(), "more": clinic()}
    with pytest.raises(TrinnError, match=r'no measure "wait_list_start\(clinic\)"; did you mean'):
        sensitivity(both, measures=["wait_list_start(clinic)"])


def test_what_is_asked_must_make_sense() -> None:
    with pytest.raises(TrinnError, match="one proposal against the base"):
        sensitivity({"today": clinic()})
    with pytest.raises(TrinnError, match="points: must be a power of 2"):
        asked_with(points=100)
    with pytest.raises(TrinnError, match="futures: must be a whole number from 10"):
        asked_with(futures=5)
    longer = load(CLINIC | {"period": {"length": "200d", "warmup": "100d"}})
    with pytest.raises(TrinnError, match="another period"):
        sensitivity({"today": clinic(), "longer": longer})


def asked_with(**amounts: int) -> Sensitivity:
    return sensitivity({"today": clinic(), "more": clinic()}, settings=replace(QUICK, **amounts))


def test_a_ladder_without_uncertain_numbers_gets_an_answer_too() -> None:
    base = load({key: value for key, value in CLINIC.items() if key != "evidence"})
    found = sensitivity({"today": base, "more": apply(base, "clinic.helper.fte+=1")}, settings=QUICK, workers=1)
    assert found.influences == found.turnings == ()
    assert [spelled_key(key) for key in found.measures] == ["wait_list_started(clinic)", "wait_list_started(empty)"]


def test_the_table_has_a_row_for_each_number_and_measure() -> None:
    table = answer().table
    assert len(table) == len(answer().moved)
    assert table["rank"].iloc[0] == 1
    assert set(table["unit"]) == {"days"}
    assert {"effect", "size", "error", "p", "first", "total_error"} <= set(table.columns)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_told_in_both_languages(language: Language) -> None:
    stream = StringIO()
    print_sensitivity(answer(), Console(file=stream, width=120, color_system=None), language)
    words = " ".join(stream.getvalue().split())
    assert {"nb": "hva forskjellen avhenger av", "en": "what the difference depends on"}[language] in words
    assert {"nb": "Kan ikke bety noe her", "en": "Cannot matter here"}[language] in words
    assert {"nb": "7 dager til 11 dager", "en": "7 days to 11 days"}[language] in words
    assert {"nb": "Ikke til å skille fra støy", "en": "Not to be told from noise"}[language] in words
    turned = StringIO()
    print_sensitivity(flipped(), Console(file=turned, width=120, color_system=None), language)
    assert {"nb": "snur forskjellen", "en": "changes sign"}[language] in " ".join(turned.getvalue().split())


def test_the_command_answers_programs(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "clinic.yaml"
    file.write_text(json.dumps(CLINIC), encoding="utf-8")
    words = ["sensitivity", str(file), "clinic.helper.fte+=0.5", "--measure", MEASURE, "--walks", "2", "--replications", "2",
             "--points", "32", "--top", "1", "--futures", "10", "--workers", "1"]  # fmt: skip
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--json"])
    data = json.loads(capsys.readouterr().out)
    assert data["proposal"] == "clinic.helper.fte+=0.5"
    assert [row["measure"] for row in data["measures"]] == [MEASURE]
    assert {row["number"] for row in data["left_out"]} == {"clinic.staff.helper.price", "clinic.course.hours"}
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--csv"])
    assert capsys.readouterr().out.splitlines()[0].startswith("measure,service,unit,rank,number")
