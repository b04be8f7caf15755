"""What posts cost a year, and who pays: budgets worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.changes import resolved
from scenarios.costs import by_payer, costs, unpriced
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import Scenario
from sim.replicate import run


def ladder(**over: Any) -> Scenario:
    """Two municipalities, 1000 and 3000 children, with a nurse each and a clinic of 4 posts that they share."""
    nurse = {"fte_per_1000": 1.0, "payer": "municipality", "price": 1_000_000}
    clinician = {"fte": 4.0, "payer": "health_trust", "price": 1_500_000}
    course = {"sessions": 4, "interval": "14d", "hours": 1.0}
    return load(
        {
            "name": "two",
            "period": {"length": "1y"},
            "demand": {"new": {"rate": "10/y", "to": "school"}},
            "areas": {"small": {"children": {"6-12": 1000}}, "large": {"children": {"6-12": 3000}}},
            "focus": ["small"],
            "services": {
                "school": {"staff": {"nurse": nurse}, "course": course, "routes": [{"to": "clinic"}]},
                "clinic": {"shared": True, "staff": {"clinician": clinician}, "course": course},
            },
        }
        | over
    )


def changed(*changes: str) -> Scenario:
    """The ladder as it is after the changes."""
    scenario = apply(ladder(), *changes)
    return resolved(scenario, scenario.period.start)


def test_a_service_of_the_municipality_s_own_costs_its_posts() -> None:
    """One post at a million."""
    row = next(row for row in costs(ladder()) if row.service == "school")
    assert (row.payer, row.area, row.shared_in, row.share, row.fte) == ("municipality", "small", "", 1.0, 1.0)
    assert (row.kroner, row.whole) == (1_000_000, 1_000_000)


def test_of_a_shared_service_both_the_area_s_part_and_the_whole_are_told() -> None:
    """A quarter of the children: a quarter of 4 posts at one and a half million."""
    row = next(row for row in costs(ladder()) if row.service == "clinic")
    assert (row.payer, row.area, row.shared_in, row.share, row.fte) == ("health_trust", "small", "catchment", 0.25, 4.0)
    assert (row.kroner, row.whole) == (1_500_000, 6_000_000)


def test_the_parts_of_all_areas_are_the_whole() -> None:
    """With both municipalities in focus nothing is counted twice."""
    assert by_payer(costs(ladder(focus=["small", "large"]))) == {"municipality": 4_000_000, "health_trust": 6_000_000}


def test_a_catchment_without_children_is_shared_evenly() -> None:
    """Nobody to count by: half each."""
    clinic = {"clinic": ladder().plain()["services"]["clinic"]}
    demand = {"new": {"rate": "10/y", "to": "clinic"}}
    empty = ladder(areas={"one": {}, "two": {}}, focus=["one"], demand=demand, services=clinic)
    assert [row.share for row in costs(empty)] == [0.5]


def test_a_pool_without_a_price_is_named_and_in_no_sum() -> None:
    """What is not known is not nothing."""
    unknown = changed("clinic.clinician.price=none")
    assert unpriced(costs(unknown)) == ("clinic.clinician",)
    assert by_payer(costs(unknown)) == {"municipality": 1_000_000}
    assert by_payer(costs(changed("clinic.clinician.payer=none"))) == {"municipality": 1_000_000, None: 1_500_000}


def test_those_away_and_vacancies_are_paid_for_and_closed_services_are_not() -> None:
    """A budget: leave and turnover change nothing, posts agreed and not filled are not in it, a closed clinic costs nothing."""
    away = changed("clinic.clinician.absent=0.5", "clinic.clinician.agreed=6.0")
    leaving = ladder().plain()["services"]
    leaving["clinic"]["staff"]["clinician"]["turnover"] = {"stay": "4y", "recruit": "26w"}
    assert costs(away) == costs(ladder(services=leaving)) == costs(ladder())
    assert by_payer(costs(changed("clinic.open=false"))) == {"municipality": 1_000_000}


def test_dated_changes_are_in_what_the_day_shows() -> None:
    """A post more from 2028 on."""
    more = apply(ladder(), "school.nurse.fte+=1@2028-01-01")
    day = more.period.start.replace(year=2028, month=2)
    assert by_payer(costs(more))["municipality"] == 1_000_000
    assert by_payer(costs(resolved(more, day)))["municipality"] == 2_000_000


def test_what_posts_cost_and_who_pays_decides_nothing_in_a_run() -> None:
    """The same records, row by row, without payer and price."""
    services = ladder().plain()["services"]
    for service in services.values():
        for pool in service["staff"].values():
            pool.pop("payer")
            pool.pop("price")
    told, silent = (run(scenario, replications=1, seed=1, engine="simpy") for scenario in (ladder(), ladder(services=services)))
    assert len(told.events(0)) > 20
    assert told.events(0).equals(silent.events(0))


@pytest.mark.parametrize("kind", [{"cases": 20}, {"rooms": 2}, {"cases_per_fte": {"nurse": 10.0}}])
@pytest.mark.parametrize("over", [{"payer": "municipality"}, {"price": 100_000}])
def test_ceilings_and_rooms_have_neither_payer_nor_price(kind: dict[str, Any], over: dict[str, Any]) -> None:
    """Nobody is paid for a ceiling, and what a room costs stands in the overhead of posts."""
    service = ladder().plain()["services"]["school"]
    service["staff"]["other"] = kind | over
    service["course"]["hours"] = {"nurse": 1.0, "other": 1.0}
    with pytest.raises(TrinnError, match=r"staff\.other: with .* is no posts: nobody is paid for it"):
        ladder(services=ladder().plain()["services"] | {"school": service})


def test_a_price_below_nothing_and_an_unknown_payer_are_refused() -> None:
    """Both at once, each at its field."""
    services = ladder().plain()["services"]
    services["school"]["staff"]["nurse"] |= {"payer": "somebody", "price": -1}
    with pytest.raises(TrinnError, match=r"nurse\.payer.*\n.*nurse\.price"):
        ladder(services=services)


def test_every_post_of_the_norwegian_ladder_has_a_payer_and_a_price() -> None:
    """The default knows what it costs, in sums a budget would hold."""
    rows = costs(load("hamar"))
    assert unpriced(rows) == ()
    assert {row.payer for row in rows} == {"municipality", "health_trust"}
    assert all(700_000 < row.price < 2_000_000 for row in rows if row.price)
