"""Changes and levers: what an address means, what an operator does, when it acts, and what contradicts what."""

import re
from datetime import date

import pytest

from scenarios.addresses import parse_change
from scenarios.changes import differences, resolved
from scenarios.errors import TrinnError
from scenarios.levers import Lever, apply, find_lever, levers
from scenarios.load import load
from scenarios.resolve import catchments_of, service_of, staffing
from scenarios.setting import look_up
from sim.build import phases

LADDER = {
    "name": "Two towns",
    "period": {"start": "2027-01-04", "warmup": "30d", "length": "365d"},
    "needs": {"mild": {"remission": "0.5/y"}, "severe": {}},
    "demand": {"children": {"per_1000": {"0-5": 10.0, "6-12": 20.0}, "mix": {"mild": 0.7, "severe": 0.3}}},
    "doors": {"school": {"share": 0.4, "to": ["clinic", "team"]}, "gp": {"share": 0.6, "to": "clinic", "delay": "3d"}},
    "services": {
        "clinic": {
            "step": "yellow",
            "role": "low_threshold",
            "staff": {"nurse": {"fte": 2.0}, "psychologist": {"fte_per_1000": 0.5}},
            "patience": {"law": "exponential", "mean": "90d"},
            "course": {"sessions": 5.0, "interval": "14d", "hours": [{"nurse": 1.0}, {"psychologist": 1.0}]},
            "routes": [{"to": "team", "share": 0.5, "delay": "7d", "lost": 0.1}],
        },
        "school": {"step": "yellow", "places": 3, "course": {"length": "30d"}},
        "team": {
            "step": "red",
            "shared": True,
            "staff": {"psychologist": {"fte": 4.0}},
            "course": {"length": "60d", "hours": 1.0},
        },
    },
    "areas": {
        "north": {"catchment": "west", "children": {"0-5": 1000, "6-12": 1000}},
        "south": {"catchment": "west", "children": {"0-5": 500, "6-12": 500}},
        "far": {"catchment": "east", "children": {"6-12": 4000}},
    },
    "focus": ["north"],
}
LADDER["services"]["clinic"]["routes"].append({"to": "school", "share": 0.2})


@pytest.fixture
def base():
    return load(LADDER)


def changed(base, *changes):
    """What changes set: address to (old, new)."""
    return {item.address: (item.old, item.new) for item in differences(apply(base, *changes))}


def fte(scenario, area, service="clinic", pool="nurse"):
    now = resolved(scenario)
    home = catchments_of(now)[area] if now.services[service].shared else now.areas[area]
    return service_of(now, service, home).staff[pool].fte


# -- addresses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("clinic.nurse.fte=3", {"north/clinic.nurse.fte": (2.0, 3)}),
        ("clinic.staff.nurse.fte=3", {"north/clinic.nurse.fte": (2.0, 3)}),
        ("services.clinic.nurse.fte=3", {"north/clinic.nurse.fte": (2.0, 3)}),
        ("areas.north.services.clinic.staff.nurse.fte=3", {"north/clinic.nurse.fte": (2.0, 3)}),
        ("south/clinic.nurse.fte=3", {"south/clinic.nurse.fte": (2.0, 3)}),
        ("NORTH/clinic.nurse.fte = 3 ", {"north/clinic.nurse.fte": (2.0, 3)}),
        ("*/clinic.nurse.fte=3", {f"{area}/clinic.nurse.fte": (2.0, 3) for area in ("north", "south", "far")}),
        ("team.psychologist.fte=3", {"west/team.psychologist.fte": (4.0, 3)}),
        ("south/team.psychologist.fte=3", {"west/team.psychologist.fte": (4.0, 3)}),
        ("east/team.psychologist.fte=3", {"east/team.psychologist.fte": (4.0, 3)}),
        ("catchments.east.services.team.psychologist.fte=3", {"east/team.psychologist.fte": (4.0, 3)}),
        ("*/team.psychologist.fte=3", {f"{area}/team.psychologist.fte": (4.0, 3) for area in ("west", "east")}),
        ("step:yellow.weight=2", {"north/clinic.weight": (0, 2), "north/school.weight": (0, 2)}),
        ("step:yellow.nurse.fte=3", {"north/clinic.nurse.fte": (2.0, 3)}),
        ("role:low_threshold.course.sessions=4", {"north/clinic.course.sessions": (5.0, 4)}),
        ("clinic.routes[0].share=0.4", {"north/clinic.routes[0].share": (0.5, 0.4)}),
        ("clinic.course.hours[1].psychologist=2", {"north/clinic.course.hours[1].psychologist": (1.0, 2)}),
        ("clinic.ages=[0, 12]", {"north/clinic.ages": (None, [0, 12])}),
        ("school.places=5", {"north/school.places": (3, 5)}),
        ("school.open=false", {"north/school.open": (True, False)}),
        ("clinic.patience=none", {"north/clinic.patience": (LADDER["services"]["clinic"]["patience"], None)}),
        ("school.patience=60d", {"north/school.patience": (None, "60d")}),
        ("doors.gp.delay.mean=5d", {"doors.gp.delay.mean": ("3d", "5d")}),
        ("doors.school.to=clinic,school", {"doors.school.to": (["clinic", "team"], ["clinic", "school"])}),
        ("needs.mild.seek=0.8", {"needs.mild.seek": (1.0, 0.8)}),
        ("demand.children.per_1000.13-17=30", {"demand.children.per_1000.13-17": (None, 30)}),
        ("areas.south.children.0-5=600", {"areas.south.children.0-5": (500, 600)}),
        ("staffing=national_average", {"staffing": ("own", "national_average")}),
    ],
)
def test_an_address_means_what_it_says(base, change, expected):
    found = changed(base, change)
    if change == "clinic.patience=none":
        assert {key: new for key, (_, new) in found.items()} == {"north/clinic.patience": None}
    else:
        assert found == expected


def test_an_area_that_was_not_named_keeps_what_it_has(base):
    more = apply(base, "clinic.nurse.fte=3")
    assert [fte(more, area) for area in ("north", "south", "far")] == [3.0, 2.0, 2.0]
    more = apply(base, "*/clinic.nurse.fte=3", "south/clinic.nurse.fte+=1")
    assert [fte(more, area) for area in ("north", "south", "far")] == [3.0, 4.0, 3.0]


def test_a_ladder_of_one_area_needs_no_area_in_its_addresses():
    assert changed(load("loss"), "clinic.places+=1") == {"clinic.places": (5, 6)}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("clinik.nurse.fte=1", 'there is no service or field "clinik"; did you mean "clinic"?'),
        ("north/period.length=1d", 'there is no service or field "period"'),
        ("clinic.nurze.fte=1", 'clinic has no pool or field "nurze"; did you mean "nurse"'),
        ("clinic.nurse.ftes=1", 'unknown key "ftes"; did you mean "fte"'),
        ("clinic.course.hours[7].nurse=1", "the list has 2 entries"),
        ("clinic.course.hours[0].doctor=1", 'there is no pool "doctor" here'),
        ("clinic.intake.accuracy=1", "there is nothing here"),
        ("nord/clinic.nurse.fte=1", 'there is no area "nord"; did you mean "north"?'),
        ("west/clinic.nurse.fte=1", '"west" is a catchment: clinic belongs to areas simulated in full'),
        ("step:orange.open=false", 'this ladder has no service of step "orange"'),
        ("step:yellow.doctor.fte=1", 'clinic has no pool or field "doctor"'),
        ("clinic.nurse.fte=many", 'must be a number (got "many")'),
        ("clinic.nurse.fte=-1", "must be ≥ 0 (got -1)"),
        ("clinic.nurse.fte-=3", "must be ≥ 0 (got -1.0)"),
        ("clinic.course={}", "the value is an empty mapping"),
        ("clinic=3", "names no single value"),
        ("clinic.course+=3", "names no single value"),
        ("name=x", '"name" cannot be changed'),
        ("changes[0].set=x", '"changes" cannot be changed'),
        ("clinic.open+=1", '"+=" needs numbers'),
        ("clinic.step+=1", '"+=" needs a number, a duration or a rate'),
        ("clinic.course.interval+=3", "must be a duration"),
        ("clinic.course.interval*=14d", "must be a number"),
        ("clinic.course.interval-=15d", "it would fall below 0"),
        ("needs.mild.remission+=1d", "must be a rate"),
        ("demand.children.mix.mild=0.9", "shares must sum to 1 (got 1.2)"),
        ("demand.children.trend+=1/1000", "a value per 1000 children needs a service"),
        ("period.length=0d", "must be above 0"),
        ("clinic.nurse.fte=1@2027-02-30", '"2027-02-30" is not a date'),
        ("clinic.nurse.fte=1@2028-01-04", "would do nothing: the period ends on 2028-01-04"),
        ("clinic.nurse.fte", "there is no lever"),
    ],
)
def test_a_change_that_does_not_fit_says_why(base, change, rule):
    with pytest.raises(TrinnError, match=re.escape(rule)):
        apply(base, change)


def test_all_changes_that_do_not_fit_are_said_at_once(base):
    with pytest.raises(TrinnError, match="clinik") as caught:
        apply(base, "clinik.nurse.fte=1", "clinic.nurse.fte=3", "clinic.nurze.fte=1")
    assert [fault.place for fault in caught.value.faults] == ["clinik.nurse.fte=1", "clinic.nurze.fte=1"]


# -- operators ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ("clinic.nurse.fte+=1", 3.0),
        ("clinic.nurse.fte-=0.5", 1.5),
        ("clinic.nurse.fte*=1.2", 2.4),
        ("clinic.nurse.fte=1e1", 10.0),
        ("school.places+=1", 4),
        ("school.places*=2", 6),
        ("clinic.course.sessions*=1.2", 6.0),
        ("clinic.course.interval+=7d", "3w"),
        ("clinic.course.interval*=0.5", "1w"),
        ("clinic.course.interval-=13d", "1d"),
        ("clinic.patience.mean*=1.5", "135d"),
        ("needs.mild.remission*=2", "1/y"),
        ("needs.mild.remission+=0.25/y", "0.75/y"),
        ("period.length+=1w", "372d"),
    ],
)
def test_operators_work_on_numbers_durations_and_rates(base, change, new):
    ((_, found),) = changed(base, change).values()
    assert found == new


def test_posts_given_per_1000_are_changed_in_full_time_equivalents(base):
    assert changed(base, "clinic.psychologist.fte+=1") == {"north/clinic.psychologist.fte": (1.0, 2.0)}
    assert changed(base, "south/clinic.psychologist.fte*=2") == {"south/clinic.psychologist.fte": (0.5, 1.0)}


def test_a_value_per_1000_counts_the_children_the_service_is_for(base):
    assert changed(base, "*/clinic.nurse.fte+=0.5/1000") == {
        "north/clinic.nurse.fte": (2.0, 3.0),
        "south/clinic.nurse.fte": (2.0, 2.5),
        "far/clinic.nurse.fte": (2.0, 4.0),
    }
    assert changed(base, "team.psychologist.fte+=1/1000") == {"west/team.psychologist.fte": (4.0, 7.0)}


def test_changes_act_in_the_order_they_are_given(base):
    assert fte(apply(base, "clinic.nurse.fte+=1", "clinic.nurse.fte*=2"), "north") == 6.0
    assert fte(apply(base, "clinic.nurse.fte*=2", "clinic.nurse.fte+=1"), "north") == 5.0
    assert fte(apply(apply(base, "clinic.nurse.fte*=2"), "clinic.nurse.fte+=1"), "north") == 5.0


def test_nothing_that_is_put_in_is_changed(base):
    before = base.model_copy(deep=True)
    more = apply(base, "clinic.nurse.fte=3", "period.length*=2", "demand.children.per_1000.0-5=1")
    assert base == before
    assert more != base
    assert more.areas == base.areas
    assert apply(base) == base


def test_a_changed_scenario_can_be_written_down_and_loaded_again(base):
    more = apply(base, "clinic.nurse.fte=3", "clinic.course.interval*=0.333", "needs.mild.remission*=0.333@2027-05-01")
    assert load(more.plain()) == more
    assert differences(load(more.plain())) == differences(more)


# -- contradictions -----------------------------------------------------------------------------------------------------


def lever(name, *changes):
    return Lever(name=name, about="", grade="assumed", source="test", changes=[{"set": change} for change in changes])


@pytest.mark.parametrize(
    "other", ["clinic.nurse.fte=4", "clinic.staff.nurse.fte=4", "services.clinic.nurse.fte=4", "*/clinic.nurse.fte=4"]
)
def test_two_levers_that_set_one_key_are_both_named(base, other):
    with pytest.raises(TrinnError, match=r"north/clinic.nurse.fte: is set twice, by one \(3\) and two \(4\)"):
        apply(base, lever("one", "clinic.nurse.fte=3"), lever("two", other))
    with pytest.raises(TrinnError, match=r"is set twice, by one \(3\) and a change \(4\)"):
        apply(base, lever("one", "clinic.nurse.fte=3"), other)
    with pytest.raises(TrinnError, match=r"is set twice, by one \(3\) and a change \(4\)"):
        apply(apply(base, lever("one", "clinic.nurse.fte=3")), other)


def test_relative_changes_and_other_dates_and_areas_contradict_nothing(base):
    assert fte(apply(base, lever("one", "clinic.nurse.fte=3"), lever("two", "clinic.nurse.fte+=4")), "north") == 7.0
    assert fte(apply(base, lever("one", "clinic.nurse.fte=3"), "clinic.nurse.fte=4@2027-06-01"), "north") == 4.0
    assert fte(apply(base, lever("one", "clinic.nurse.fte=3"), "south/clinic.nurse.fte=4"), "north") == 3.0


# -- entries, lists and shares --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "clinic.routes[*].share*=0.5",
            {"north/clinic.routes[0].share": (0.5, 0.25), "north/clinic.routes[1].share": (0.2, 0.1)},
        ),
        ("clinic.routes[to:role:low_threshold].lost=0.2", None),
        ("clinic.routes[to:team].lost=0.2", {"north/clinic.routes[0].lost": (0.1, 0.2)}),
        ("clinic.routes[to:school,after:improved].lost=0.2", {"north/clinic.routes[1].lost": (0.0, 0.2)}),
        ("clinic.staff.*.absent=0.1", {f"north/clinic.{p}.absent": (0.0, 0.1) for p in ("nurse", "psychologist")}),
        ("clinic.staff.*.fte*=2", {"north/clinic.nurse.fte": (2.0, 4.0), "north/clinic.psychologist.fte": (1.0, 2.0)}),
        ("needs[*].seek*=0.5", {"needs.mild.seek": (1.0, 0.5), "needs.severe.seek": (1.0, 0.5)}),
        ("services[*].routes[to:team].lost*=2", {"north/clinic.routes[0].lost": (0.1, 0.2)}),
        ("doors[to:role:low_threshold].delay=5d", {f"doors.{door}.delay": (None, "5d") for door in ("school", "gp")}),
        ("doors.gp.to=[school, ...]", {"doors.gp.to": (["clinic"], ["school", "clinic"])}),
        ("doors.school.to=[..., school, clinic]", {"doors.school.to": (["clinic", "team"], ["team", "school", "clinic"])}),
        ("doors.gp.to=[step:yellow, role:none?]", {"doors.gp.to": (["clinic"], ["clinic", "school"])}),
        (
            "clinic.routes+={to: [step:red], after: gave_up, share: 0.3}",
            {"north/clinic.routes[2]": (None, {"to": ["team"], "after": "gave_up", "share": 0.3})},
        ),
        ("doors.school.share:=0.7", {"doors.school.share": (0.4, 0.7), "doors.gp.share": (0.6, 0.3)}),
        (
            "demand.children.mix.severe:=0.1",
            {"demand.children.mix.severe": (0.3, 0.1), "demand.children.mix.mild": (0.7, 0.9)},
        ),
    ],
)
def test_one_change_may_be_about_several_entries(base, change, expected):
    if expected is None:
        with pytest.raises(TrinnError, match="picks nothing"):
            apply(base, change)
        return
    found = changed(base, change)
    assert found.keys() == expected.keys()
    for key, (old, new) in expected.items():
        assert found[key][1] == pytest.approx(new) if isinstance(new, float) else found[key][1] == new
        assert old is None or found[key][0] == old


def test_a_route_that_was_added_is_there_and_the_others_are_as_before(base):
    more = resolved(apply(base, "clinic.routes+={to: [team], after: gave_up, share: 0.3, delay: 2d}"))
    before = service_of(base, "clinic", base.areas["north"]).routes
    after = service_of(more, "clinic", more.areas["north"]).routes
    assert after[:-1] == before
    assert (after[-1].to, after[-1].after, after[-1].share, after[-1].delay.mean) == (("team",), ("gave_up",), 0.3, 2 * 86400)


def test_shares_cannot_give_way_below_nothing(base):
    with pytest.raises(TrinnError, match=r"cannot give way to 1\.2"):
        apply(base, "doors.school.share:=1.2")
    with pytest.raises(TrinnError, match=re.escape('":=" sets a share among others')):
        apply(base, "clinic.patience.mean:=3d")


def test_a_change_that_picks_nothing_says_what_it_looked_for(base):
    with pytest.raises(TrinnError, match="picks nothing: routes has no entry with after:rejected"):
        apply(base, "clinic.routes[after:rejected].share=1")
    with pytest.raises(TrinnError, match='this ladder has no service of role "treatment"'):
        apply(base, "doors.gp.to=[role:treatment]")


# -- parts of the way, learning, intensity ------------------------------------------------------------------------------------


def learned(*changes, learning="360d", **rest):
    """A lever whose numbers are learned."""
    entries = [{"set": change, "learned": True} for change in changes]
    return Lever.model_validate(
        {"name": "l", "about": "", "grade": "own", "source": "", "learning": learning, "changes": entries, **rest}
    )


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ("clinic.nurse.fte+=4", [3, 4, 5, 6]),
        ("clinic.nurse.fte*=3", [3, 4, 5, 6]),
        ("clinic.nurse.fte=6", [3, 4, 5, 6]),
        ("doors.school.share:=0.8", [0.5, 0.6, 0.7, 0.8]),
        ("clinic.patience.mean=50d", ["80d", "10w", "60d", "50d"]),
        ("needs.mild.remission*=2", ["0.625/y", "0.75/y", "0.875/y", "1/y"]),
    ],
)
def test_what_is_learned_comes_in_four_even_steps(base, change, values):
    found = [item for item in differences(apply(base, learned(change))) if item.op != "gives way"]
    assert [item.new if isinstance(item.new, str) else pytest.approx(item.new) for item in found] == values
    assert [(item.since - date(2027, 1, 4)).days for item in found] == [45, 135, 225, 315]


def test_shares_sum_to_one_through_all_steps(base):
    more = apply(base, learned("doors.school.share:=0.8"))
    for day in sorted({item.since for item in differences(more)}):
        assert sum(door.share for door in resolved(more, day).doors.values()) == pytest.approx(1, abs=1e-9)


def test_steps_that_would_come_after_the_period_are_left_out(base):
    more = apply(base, learned("clinic.nurse.fte+=4"), "period.length=200d")
    assert [plan.at // 86400 for plan in phases(more)] == [-30, 45, 135]


def test_a_lever_is_put_on_by_half_later_or_from_the_beginning(tmp_path, base):
    path = tmp_path / "more.yaml"
    path.write_text(
        "{name: more, about: '', grade: own, source: '', learning: 360d, kinds: {few: {name: few}, many: {name: many,"
        " changes: [{set: clinic.nurse.fte+=8}]}}, changes: [{set: clinic.nurse.fte+=4, learned: true}]}",
        encoding="utf-8",
    )

    def steps(text):
        found = differences(apply(base, f"{path}{text}"))
        return [
            (item.new, item.since if isinstance(item.since, str) else (item.since - date(2027, 1, 4)).days) for item in found
        ]

    assert steps("*0.5") == [(2.5, 45), (3.0, 135), (3.5, 225), (4.0, 315)]
    assert steps("*0") == []
    assert steps("@beginning") == [(6.0, "beginning")]
    assert steps("@start+10d") == [(3.0, 55), (4.0, 145), (5.0, 235), (6.0, 325)]
    assert steps(":many*0.5@2027-01-24") == [(6.0, 20), (6.5, 65), (7.0, 155), (7.5, 245), (8.0, 335)]
    with pytest.raises(TrinnError, match='has no kind "lots"; allowed: few, many'):
        apply(base, f"{path}:lots")
    with pytest.raises(TrinnError, match="by a share from 0 to 1"):
        apply(base, f"{path}*2")
    with pytest.raises(TrinnError, match="must be a date such as"):
        apply(base, f"{path}@soon")


def test_two_levers_that_set_one_key_on_different_dates_are_refused(base):
    one, other = lever("one", "clinic.nurse.fte=3"), lever("other", "clinic.nurse.fte=4@2027-06-01")
    with pytest.raises(TrinnError, match=r"north/clinic.nurse.fte: is set twice, by one \(3\) and other \(4\)"):
        apply(base, one, other)


# -- what a lever adds ----------------------------------------------------------------------------------------------------


ADDING = {
    "name": "arena",
    "about": "",
    "grade": "own",
    "source": "",
    "learning": "360d",
    "adds": {
        "services": {"arena": {"like": "role:low_threshold", "staff": {"psychologist": None}, "course": {"hours": 2.0}}},
        "doors": {"arena": {"share": 0.0, "to": "arena"}},
    },
    "evidence": {"services.arena.course.sessions": {"grade": "own"}},
    "changes": [{"set": "doors.arena.share:=0.2", "learned": True}],
}


def test_an_added_service_is_like_another_and_open_where_the_lever_acts(base):
    more = apply(base, Lever.model_validate(ADDING))
    now = resolved(more)
    arena, clinic = (service_of(now, name, now.areas["north"]) for name in ("arena", "clinic"))
    assert arena.open
    assert (arena.step, arena.routes, arena.course.sessions) == (clinic.step, clinic.routes, clinic.course.sessions)
    assert list(arena.staff) == ["nurse"]
    assert not service_of(now, "arena", now.areas["south"]).open
    assert now.doors["arena"].share == pytest.approx(0.2)
    assert "services.arena.course.sessions" in more.evidence
    before = resolved(more, date.min)
    assert not service_of(before, "arena", before.areas["north"]).open


def test_a_service_is_not_added_twice(base):
    arena = Lever.model_validate(ADDING)
    with pytest.raises(TrinnError, match='the ladder has "arena" already'):
        apply(base, arena, arena)


def test_a_file_names_levers_and_adds_changes_to_those_of_its_base(tmp_path):
    (tmp_path / "more.yaml").write_text(
        "{name: more, about: '', grade: own, source: '', changes: [{set: low_threshold.counsellor.fte+=4}]}", encoding="utf-8"
    )
    (tmp_path / "base.yaml").write_text("{base: etnedal, changes: [{set: gp.accuracy=0.7}]}", encoding="utf-8")
    over = tmp_path / "over.yaml"
    over.write_text(
        f"base: base.yaml\nlevers: ['{tmp_path / 'more.yaml'}@beginning']\nchanges:\n  - set: ppt.accuracy=0.7\n",
        encoding="utf-8",
    )
    assert [item.address.split("/")[-1] for item in differences(load(over))] == [
        "low_threshold.counsellor.fte",
        "gp.accuracy",
        "ppt.accuracy",
    ]
    over.write_text("base: base.yaml\nlevers:\n  - cappa\n", encoding="utf-8")
    with pytest.raises(TrinnError, match=r"over.yaml:3: cappa: there is no lever"):
        load(over)
    over.write_text("base: base.yaml\nchanges:\n  - set: ppt.accuracy=0.7\n  - set: ppt.acuracy=0.7\n", encoding="utf-8")
    with pytest.raises(TrinnError, match=r"over.yaml:4 \| changes\[2\]"):
        load(over)


# -- dates --------------------------------------------------------------------------------------------------------------


def test_a_dated_change_is_a_phase_of_its_own(base):
    more = apply(base, "clinic.nurse.fte+=1", "school.open=false@2027-06-01", "clinic.nurse.fte-=1@2027-06-01")
    plans = phases(more)
    days = [plan.at // 86400 for plan in plans]
    assert days == [-30, 0, (date(2027, 6, 1) - date(2027, 1, 4)).days]
    pool = next(i for i, (place, name) in enumerate(plans[0].shape.pools) if name == "nurse")
    before, during, after = (plan.capacity[pool] for plan in plans)
    assert before == after < during
    assert [item.since for item in differences(more)] == [date(2027, 1, 4), date(2027, 6, 1), date(2027, 6, 1)]


def test_levers_act_from_the_start_and_on_request_from_the_beginning(base):
    assert len(phases(apply(base, "clinic.nurse.fte+=1"))) == 2
    early = Lever.model_validate(
        {
            "name": "e",
            "about": "",
            "grade": "own",
            "source": "",
            "changes": [{"set": "clinic.nurse.fte+=1", "from": "beginning"}],
        }
    )
    plans = phases(apply(base, early))
    assert len(plans) == 1
    assert plans[0].at == -30 * 86400
    assert differences(apply(base, early))[0].since == "beginning"


def test_the_period_holds_from_the_beginning(base):
    plans = phases(apply(base, "period.warmup=60d", "period.length=30d", "period.start=2028-01-03"))
    assert len(plans) == 1
    assert (plans[0].shape.begin, plans[0].shape.end) == (-60 * 86400, 30 * 86400)
    assert plans[0].shape.start == date(2028, 1, 3)


def test_changes_follow_a_start_date_that_is_moved(base):
    plans = phases(apply(base, "clinic.nurse.fte+=1", "period.start=2028-01-03"))
    assert [plan.at for plan in plans] == [-30 * 86400, 0]


def test_a_later_date_acts_later_whatever_the_order(base):
    more = apply(base, "clinic.nurse.fte*=2@2027-06-01", "clinic.nurse.fte=5@2027-03-01")
    assert fte(more, "north") == 10.0


def test_what_a_ladder_is_made_of_does_not_change_on_a_date(base):
    for change in ("clinic.staff.psychologist=none", "areas.south.catchment=east", "school.places=endless"):
        with pytest.raises(TrinnError, match=r"cannot change on a date, only from the beginning|there is no pool"):
            apply(base, f"{change}@2027-06-01")


def test_a_fault_on_a_later_date_names_the_date(base):
    with pytest.raises(TrinnError, match=r"it can never start \(from 2027-06-01 on\)"):
        apply(base, "clinic.course.hours[0].nurse=1", "clinic.nurse.fte=0@2027-06-01", "clinic.psychologist.fte=0@2027-06-01")


# -- levers -------------------------------------------------------------------------------------------------------------


def test_every_lever_of_the_library_has_texts_a_source_and_fits_a_place():
    assert levers()
    base = load("3413")
    for name, found in levers().items():
        assert found.about.nb != found.about.en, name
        assert found.source, name
        applied = differences(apply(base, name))
        assert applied, name
        assert {item.lever for item in applied} == {name}


def test_a_lever_can_be_a_file(base, tmp_path):
    path = tmp_path / "more_nurses.yaml"
    path.write_text(
        "name: {nb: Flere helsesykepleiere, en: More nurses}\nabout: {nb: a, en: b}\ngrade: assumed\nsource: test\n"
        "changes:\n  - set: role:low_threshold.nurse.fte+=1\n    from: 2027-03-01\n"
        "  - set: school.places+=1\n    from: beginning\n",
        encoding="utf-8",
    )
    more = apply(base, str(path))
    assert [(item.address, item.old, item.new, item.since, item.lever) for item in differences(more)] == [
        ("north/school.places", 3, 4, "beginning", "more_nurses"),
        ("north/clinic.nurse.fte", 2.0, 3.0, date(2027, 3, 1), "more_nurses"),
    ]
    assert find_lever(str(path))[0] == "more_nurses"


def test_a_wrong_name_of_a_lever_suggests_the_nearest():
    with pytest.raises(
        TrinnError, match='there is no lever "psychologists_2_per_2000"; did you mean "psychologists_2_per_20000"'
    ):
        find_lever("psychologists_2_per_2000")


# -- reading an address -------------------------------------------------------------------------------------------------


def test_a_change_is_taken_apart():
    change = parse_change(" a_b/step:red.staff.x.fte *= 1.5 @ 2028-01-01 ")
    assert (change.area, change.path, change.op, change.value) == ("a_b", ("step:red", "staff", "x", "fte"), "*=", "1.5")
    assert change.since == date(2028, 1, 1)
    assert parse_change("a[10].b[0]=x y").path == ("a", 10, "b", 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "a=",
        "=1",
        "a",
        "...=1",
        "a..b=1",
        "a.[0]=1",
        "[0]=1",
        "a[b]=1",
        "a[²]=1",
        "a[to:]=1",
        "a[to:b,]=1",
        "a=1@",
        "a b=1",
    ],
)
def test_what_is_no_change_is_refused(text):
    with pytest.raises(TrinnError, match="is not a change"):
        parse_change(text)


def test_a_value_can_be_looked_up_by_its_address(base):
    assert look_up(base, "clinic.nurse.fte") == (2.0,)
    assert look_up(base, "*/clinic.psychologist.fte") == (1.0, 0.5, 2.0)
    assert look_up(base, "needs.mild.remission") == ("0.5/y",)
    with pytest.raises(TrinnError, match='there is no "sad" here'):
        look_up(base, "needs.sad.remission")


def test_posts_are_those_behind_the_results(base):
    assert staffing(apply(base, "clinic.nurse.fte=3").model_copy(update={"changes": ()})) == staffing(base)
    rows = {
        (row["area"], row["service"], row["pool"]): row["fte"] for row in staffing(resolved(apply(base, "clinic.nurse.fte=3")))
    }
    assert rows == {
        ("north", "clinic", "nurse"): 3,
        ("north", "clinic", "psychologist"): 1.0,
        ("west", "team", "psychologist"): 4.0,
    }
