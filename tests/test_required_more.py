"""What the review of the search asked for; to be added to tests/test_required.py."""

import pytest

import trinn
from scenarios.evidence import numbers
from scenarios.evidence_placing import with_number
from sim.experiments import required as searched
from sim.experiments.required import required
from sim.experiments.targets import parse_target


def test_one_unit_less_is_judged_on_the_children_that_the_answer_is_judged_on():
    """Fresh children ask for a unit more than the search's own: then it is they who must show that less fails."""
    scenario = trinn.apply(trinn.load("one_service"), "period.length=1y")
    asked = (parse_target("wait_to_first_contact(clinic) <= 1d", scenario),)
    search = searched._Search(scenario, asked, searched._posts(scenario, asked), 0.9, "post", 1, 12, None, None)
    goal = round(search.reached((6.0,))[0].bound + 0.0005, 4)  # seed 1: six are just enough in the search, and not afterwards
    found = required(scenario, [f"wait_to_first_contact(clinic) <= {goal}d"], assumed=False)
    assert [each.units for each in found.needed] == [7]
    assert found.fails_with_less == {"clinic": True}


def test_another_profession_of_the_same_service_is_named_as_the_bottleneck():
    """Each course takes hours of both; more of the larger pool is no help, and it is no matter of delays."""
    ladder = {
        "name": "Two pools",
        "about": "x",
        "period": {"warmup": "1y", "length": "1y"},
        "demand": {"children": {"rate": "1/d", "to": "clinic"}},
        "services": {
            "clinic": {
                "staff": {"big": {"fte": 4.0}, "small": {"fte": 0.5}},
                "course": {"sessions": 5, "interval": "7d", "hours": {"big": 1.0, "small": 1.0}},
            }
        },
    }
    found = required(trinn.load(ladder), ["wait_to_first_contact(clinic) <= 14d"], assumed=False)
    assert [each.elsewhere for each in found.bottlenecks] == [("clinic.small",)]


def test_a_moved_number_never_moves_the_posts_that_are_sized():
    """So many counsellors are so many, whatever a range says of how many there are today."""
    scenario = trinn.load("stange")
    number = next(n for n in numbers(scenario) if n.key == "services.low_threshold.staff.counsellor.fte_per_1000")
    asked = (parse_target("wait_to_first_contact(low_threshold) <= 14d", scenario),)
    posts = searched._posts(scenario, asked)
    now = tuple(post.now for post in posts)
    means = []
    for position in (0.0, 1.0):
        moved = with_number(scenario, number, position)
        search = searched._Search(moved, asked, posts, 0.9, "tenth", 1, 2, None, None)
        means.append(search.reached(now)[0].mean)
    assert means[0] == pytest.approx(means[1], abs=1e-9)
