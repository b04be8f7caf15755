"""From a scenario to the phases of a run: what is alike is one object, and a change touches nothing but what it is about."""

import gc
from weakref import ref

from scenarios.changes import resolved
from scenarios.levers import apply
from scenarios.load import load
from scenarios.resolve import ByIdentity, service_of
from scenarios.schema import Area
from sim.build import phases


def test_places_that_differ_in_staff_only_have_the_same_terms():
    """A lever on the posts of every municipality makes no new terms; one on a course does, for its own service alone."""
    base = load("fonna")
    number = phases(base)[0].shape.services.index("low_threshold")
    first, second = (phases(apply(base, f"*/low_threshold.{change}"))[-1] for change in ("psychologist.fte+=1", "weight=2"))
    for plan, terms in ((first, phases(base)[0].terms), (second, phases(base)[0].terms)):
        assert len({id(t) for t in plan.terms}) == len({id(t) for t in terms})
    assert {t.weight for t in second.terms if t.service == number} == {2}
    assert {t.weight for t in second.terms if t.service != number} == {0}
    assert first.capacity != phases(base)[0].capacity


def test_a_change_leaves_everything_else_the_objects_it_was():
    base = load("3413")
    changed = resolved(apply(base, "bup.psychologist.fte+=1", "demand.needs.trend=0.1"))
    assert all(changed.services[name] is service for name, service in base.services.items())
    assert changed.areas["stange"] is base.areas["stange"]
    assert changed.needs["mild_short"] is base.needs["mild_short"]
    assert changed.demand["needs"].trend == 0.1
    assert base.demand["needs"].trend == 0.0


def test_a_scenario_on_a_day_is_worked_out_once_and_goes_with_the_scenario():
    scenario = apply(load("one_service"), "period.length=2y", "period.warmup=1y@2027-06-01")
    found = resolved(scenario)
    assert resolved(scenario) is found
    gone = ref(scenario)
    del scenario
    gc.collect()
    assert gone() is None
    assert found.period.length


def test_those_who_state_the_same_of_a_service_have_one_object():
    scenario = apply(load("fonna"), "*/low_threshold.patience=90d")
    now = resolved(scenario)
    services = {id(service_of(now, "low_threshold", area)) for area in now.areas.values()}
    assert len(services) == 1
    (area, *_) = now.areas.values()
    assert service_of(load("fonna"), "low_threshold", area) is not service_of(now, "low_threshold", area)
    assert service_of(now, "gp", area) is now.services["gp"]


def test_what_is_kept_for_an_object_goes_with_it():
    kept: ByIdentity[Area, str] = ByIdentity()
    one, other = Area(name="one"), Area(name="one")
    assert kept.get(one) is None
    assert kept.keep(one, "first") == "first"
    assert kept.keep(one, "second") == "second"
    assert kept.get(one) == "second"
    assert kept.get(other) is None, "equal, but another"
    del one
    gc.collect()
    assert not kept._known
