"""What is allowed but should be said: each warning where it belongs, once, and none without a reason."""

import pytest

import trinn
from scenarios.levers import apply
from scenarios.load import examples, load
from scenarios.warnings import Warning, warnings

COURSE = {"length": "30d"}
QUIET = {
    "name": "Quiet",
    "period": {"start": "2027-01-04", "length": "90d"},
    "demand": {"children": {"rate": "1/d", "to": "first"}},
    "services": {
        "first": {"places": 3, "course": COURSE, "routes": [{"to": "second", "share": 0.5}]},
        "second": {"places": 3, "course": COURSE, "routes": [{"to": "third", "share": 0.5}]},
        "third": {"places": 3, "course": COURSE, "routes": [{"to": "first", "share": 0.5}]},
    },
}


def quiet(**services):
    """The quiet ladder with what is given laid over its services, each of which children come to."""
    demand = {name: {"rate": "1/d", "to": name} for name in QUIET["services"]}
    laid = {name: content | services.get(name, {}) for name, content in QUIET["services"].items()}
    return {**QUIET, "demand": demand, "services": laid}


def held(to, at_most="30d"):
    """Routes that hold until there is room."""
    return {"routes": [{"to": to, "share": 0.5, "hold": {"at_most": at_most}}]}


def staffed(opening_cases, **course):
    """A service with 15 hours a week for courses of 2 hours a week each."""
    return {"staff": {"worker": {"fte": 0.4}}, "opening_cases": opening_cases, "course": COURSE | {"hours": 2.0} | course}


def alone(service, **rest):
    """A ladder of one service."""
    return load({**QUIET, "demand": {"children": {"rate": "1/d", "to": "clinic"}}, "services": {"clinic": service}, **rest})


def addresses(scenario):
    return [warning.address for warning in warnings(scenario)]


def test_the_library_gives_no_cause_for_a_warning():
    for name in (*examples(), "3413", "norge"):
        assert warnings(load(name)) == ()


def test_a_circle_without_holds_gives_no_cause_for_a_warning():
    assert warnings(load(QUIET)) == ()


def test_a_chain_of_holds_cannot_lock():
    assert warnings(load(quiet(first=held("second"), second=held("third")))) == ()


def test_a_circle_of_holds_is_named_once_with_the_time_after_which_it_comes_loose():
    scenario = load(quiet(first=held("second"), second=held("third", "10d"), third=held("first")))
    assert warnings(scenario) == (
        Warning(
            "services.first.routes",
            "each waits for room in the next, first → second → third → first: they can lock each other until 10d have passed",
        ),
    )


def test_a_service_that_holds_for_itself_is_a_circle_too():
    found = warnings(load(quiet(second=held("second"))))
    assert [w.address for w in found] == ["services.second.routes"]
    assert "second → second" in found[0].text


def test_two_circles_are_two_warnings():
    scenario = load(quiet(first=held("second"), second=held("first"), third=held("third")))
    assert addresses(scenario) == ["services.first.routes", "services.third.routes"]


def test_a_circle_that_only_begins_on_a_date_is_said_too():
    scenario = load(quiet(first=held("second"), second=held("third")))
    assert addresses(apply(scenario, "second.routes[0].to=[first]@2027-02-01")) == ["services.first.routes"]


def test_a_tightening_threshold_is_observed_practice_and_never_proposed():
    intake = {"review": "5d", "accept": {}, "tightens": {"every": 10, "by": 0.1}}
    (found,) = warnings(alone({"places": 3, "course": COURSE, "intake": intake}))
    assert found.address == "services.clinic.intake.tightens"
    assert "observed practice, not lawful policy" in found.text
    assert "Never propose it" in found.text


def test_what_is_so_everywhere_is_said_once():
    intake = {"review": "5d", "accept": {}, "tightens": {"every": 10, "by": 0.1}}
    areas = {"north": {}, "south": {"services": {"clinic": {"weight": 1}}}}
    assert addresses(alone({"places": 3, "course": COURSE, "intake": intake}, areas=areas)) == [
        "services.clinic.intake.tightens"
    ]


@pytest.mark.parametrize(
    ("service", "most"),
    [
        (staffed(8), 7),
        (staffed(57, group={"size": 8}), 56),
        (
            staffed(3)
            | {"staff": {"worker": {"fte": 1.0}, "load": {"cases": 2}}, "course": COURSE | {"hours": {"worker": 1, "load": 1}}},
            2,
        ),
        (
            staffed(11)
            | {"staff": {"a": {"fte": 0.4}, "b": {"fte": 0.2}}, "course": COURSE | {"hours": [{"a": 2.0}, {"b": 2.0}]}},
            10,
        ),
    ],
)
def test_more_on_the_first_day_than_the_hours_hold_is_an_overload_from_the_start(service, most):
    number = service["opening_cases"]
    (found,) = warnings(alone(service))
    assert found.address == "services.clinic.opening_cases"
    assert f"{number} children are in courses on the first day, and the hours hold {most}:" in found.text
    assert warnings(alone(service | {"opening_cases": most})) == ()


def test_the_hours_of_each_area_are_looked_at_by_themselves():
    areas = {"north": {}, "south": {"services": {"clinic": {"staff": {"worker": {"fte": 0.2}}}}}}
    assert addresses(alone(staffed(7), areas=areas)) == ["areas.south.services.clinic.opening_cases"]


def test_hours_that_are_cut_later_are_no_overload_of_the_first_day():
    scenario = alone(staffed(7))
    assert warnings(apply(scenario, "clinic.worker.fte=0.2@2027-02-01")) == ()
    assert addresses(apply(scenario, "clinic.worker.fte=0.2")) == ["services.clinic.opening_cases"]


def test_opening_lists_and_a_warm_up_both_fill_the_services():
    service = {"places": 3, "course": COURSE, "opening_list": 5, "opening_cases": 2}
    assert warnings(alone(service)) == ()
    found = warnings(alone(service, period={**QUIET["period"], "warmup": "1y"}))
    assert [w.address for w in found] == ["services.clinic.opening_list", "services.clinic.opening_cases"]
    assert all("on top of those whom the warm-up of 1y has brought" in w.text for w in found)


def test_validate_says_ok_and_then_what_is_worth_knowing(tmp_path, capsys):
    path = tmp_path / "it.yaml"
    path.write_text(
        "name: A\nperiod: {warmup: 30d, length: 90d}\ndemand: {a: {rate: 1/d, to: b}}\n"
        "services: {b: {places: 1, opening_list: 2, course: {length: 1d}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(SystemExit, match="0"):
        trinn.main(["validate", str(path)])
    out, err = capsys.readouterr()
    assert err == ""
    first, second = out.splitlines()
    assert first.startswith(f"{path}: OK (services: 1")
    assert second.startswith(f"{path}: warning: services.b.opening_list: comes on top of those whom the warm-up")


def test_a_warning_is_one_line():
    assert str(Warning("a.b", "says\nthis")) == "a.b: says\\nthis"


def test_a_way_back_that_nothing_uses_is_said():
    assert [str(w) for w in warnings(alone({"places": 3, "course": COURSE, "open_return": "1y"}))] == [
        "services.clinic.open_return: is never used: no need comes back. State a need's relapse"
    ]
