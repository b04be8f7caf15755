"""The posts behind the results as a page shows and edits them: own numbers are stated as a scenario file would state them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.entering import number_within, written
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, text
from dashboard.work import Work, base_of
from scenarios.changes import resolved, when
from scenarios.errors import Fault, TrinnError
from scenarios.reading import dotted
from scenarios.resolve import averages, catchments_of, children_of, fte_of, kind_of, service_of
from scenarios.schema import STEPS, Scenario, Service

SOURCE = "egne tall / own numbers"
"""What own numbers rest on, in words: it is no source of the library's."""
MOST_FTE = 5000.0
"""Full-time equivalents of one post: no service of the country has as many."""
_NEAR = 1e-6

Key = tuple[str, str, str]
"""Area or catchment, service, pool."""


@dataclass(frozen=True)
class Post:
    """A pool of staff as it is today."""

    holder: str
    """The area or catchment that has it."""
    service: str
    pool: str
    service_words: str
    pool_words: str
    fte: float
    """Filled full-time equivalents on the start date."""
    average: bool
    """It is a national average, and not the place's own number."""
    shared: bool
    """The whole catchment shares it."""

    @property
    def key(self) -> Key:
        """What names it."""
        return self.holder, self.service, self.pool

    @property
    def words(self) -> str:
        """``BUP, psykologspesialist``."""
        return f"{self.service_words}, {self.pool_words}"


def posts_of(work: Work, language: Language) -> tuple[Post, ...]:
    """The posts of the work's place that can be edited, lowest step first.

    Where there are several municipalities only what they share can be: nobody has room for forty times five posts on a page.

    Raises:
        TrinnError: when the place is not known, or its own numbers do not fit.
    """
    base = base_of(work)
    now = _at_start(base)
    average = set(averages(base))
    found = []
    for name in sorted(now.services, key=lambda service: _rung(now.services[service])):
        template = now.services[name]
        for holder in _holders(now, template):
            here = _service_here(now, holder, name)
            if not here.open and not _closed_by_own(work, holder, name):
                continue
            for pool, content in here.staff.items():
                if kind_of(content) == "posts":
                    words = chosen(content.name, language) if content.name else pool
                    fte = round(fte_of(content, children_of(now, holder, template.shared)), 4)
                    title = service_name(now, name, language)
                    is_average = f"{name}.{pool}" in average
                    found.append(Post(holder, name, pool, title, words, fte, is_average, template.shared))
    return tuple(found)


def _rung(service: Service) -> int:
    return STEPS.index(service.step) if service.step else len(STEPS)


def _at_start(scenario: Scenario) -> Scenario:
    """The scenario on its start date, the changes until then made."""
    return resolved(scenario, scenario.period.start)


def _holders(scenario: Scenario, service: Service) -> list[str]:
    """Who has a service, as far as it is edited here."""
    areas = scenario.focal_areas
    if service.shared:
        return list(dict.fromkeys(scenario.areas[area].catchment for area in areas))
    return list(areas) if len(areas) == 1 else []


def _service_here(scenario: Scenario, holder: str, service: str) -> Service:
    homes = catchments_of(scenario) if scenario.services[service].shared else scenario.areas
    return service_of(scenario, service, homes[holder])


def _kind(scenario: Scenario, service: str) -> str:
    return "catchments" if scenario.services[service].shared else "areas"


def _closed_by_own(work: Work, holder: str, service: str) -> bool:
    """Whether a service is closed because all its posts were stated to be none."""
    for kind in ("areas", "catchments"):
        here = work.own.get(kind, {}).get(holder, {}).get("services", {}).get(service, {})
        if here.get("open") is False:
            return True
    return False


def stated(work: Work, posts: Mapping[Key, float], language: Language) -> Work:
    """The work with own posts: all of them or, where something does not fit, none.

    Args:
        work: what is on the table.
        posts: filled full-time equivalents on the start date.
        language: of what is said where a number cannot be set.

    Raises:
        TrinnError: with every fault.
    """
    base = base_of(Work(place=work.place))
    own = deepcopy(work.own)
    for key, fte in posts.items():
        _state(own, base, key, fte)
    _close_the_empty(own, base, work, posts)
    if base.staffing != "own":
        own["staffing"] = "partly_own" if _some_average(own, base) else "own"
    found = work.model_copy(update={"own": own})
    off = {key: by for key, fte in posts.items() if abs(by := fte - _fte(found, key)) > _NEAR}
    if not off:
        return found
    own = deepcopy(own)
    for key, by in off.items():
        _after_the_levers(own, base_of(found), key, by)
    moved = work.model_copy(update={"own": own})
    try:
        odd = [key for key in off if abs(posts[key] - _fte(moved, key)) > _NEAR]
    except TrinnError:
        odd = list(off)  # what holds today takes more away than is left
    if odd:
        raise TrinnError(Fault(text("services_moved", language), f"{odd[0][1]}.{odd[0][2]}"))
    return moved


def without_own(work: Work) -> Work:
    """The work on national averages again."""
    return work.model_copy(update={"own": {}})


def _pool_path(base: Scenario, key: Key) -> tuple[str, ...]:
    holder, service, pool = key
    return (_kind(base, service), holder, "services", service, "staff", pool)


def _state(own: dict[str, Any], base: Scenario, key: Key, fte: float) -> None:
    """The number where a file would state it, with what it rests on, in place of what was stated before."""
    path = _pool_path(base, key)
    here = own
    for part in path:
        here = here.setdefault(part, {})
    here["fte"] = fte
    if here.get("agreed", fte) < fte:
        here["agreed"] = fte
    evidence = own.setdefault("evidence", {})
    evidence[dotted((*path, "fte"))] = {"grade": "own", "source": SOURCE}
    average = dotted(("services", *path[3:], "fte_per_1000"))
    alone = len([area for area in base.areas.values() if area.detail == "full"]) == 1
    if average in base.evidence and (alone or (base.services[key[1]].shared and len(catchments_of(base)) == 1)):
        evidence[average] = None  # nobody uses it any more
    own["changes"] = [change for change in own.get("changes", []) if not _is_ours(change, key)]
    if not own["changes"]:
        del own["changes"]


def _address(key: Key) -> str:
    return f"{key[0]}/{key[1]}.{key[2]}.fte"


def _is_ours(change: Any, key: Key) -> bool:
    """Whether a change was put there to bring a post to its own number, here or by a workbook."""
    if not isinstance(change, Mapping) or not isinstance(evidence := change.get("evidence"), Mapping):
        return False
    at = str(change.get("set", ""))
    return evidence.get("grade") in ("own", "assumed") and at.startswith((f"{_address(key)}+=", f"{_address(key)}-="))


def _after_the_levers(own: dict[str, Any], scenario: Scenario, key: Key, by: float) -> None:
    """A post that a lever of the place moves comes to its own number by a change after the lever's."""
    start = scenario.period.start
    days = [day for change in scenario.changes if (day := when(change, scenario)) <= start]
    since = "beginning" if max(days, default=date.min) == date.min else max(days).isoformat()
    change = {"set": f"{_address(key)}{'-' if by < 0 else '+'}={abs(by):.10f}", "from": since}
    own.setdefault("changes", []).append({**change, "evidence": {"grade": "own", "source": SOURCE}})


def _close_the_empty(own: dict[str, Any], base: Scenario, work: Work, posts: Mapping[Key, float]) -> None:
    """A service whose posts are all none is closed, and open again when somebody works there."""
    known = {post.key: post.fte for post in posts_of(work, "nb")} | dict(posts)
    for holder, service in {key[:2] for key in posts}:
        here = own[_kind(base, service)][holder]["services"][service]
        if not any(fte > 0 for key, fte in known.items() if key[:2] == (holder, service)):
            here["open"] = False
        elif here.get("open") is False:
            here["open"] = True


def _some_average(own: Mapping[str, Any], base: Scenario) -> bool:
    """Whether some post of the place is still a national average."""
    if len(base.focal_areas) > 1:
        return True
    for address in averages(base):
        service, _, pool = address.partition(".")
        here: Any = own
        for part in _pool_path(base, (_holders(base, base.services[service])[0], service, pool)):
            here = here.get(part, {})
        if "fte" not in here:
            return True
    return False


def _fte(work: Work, key: Key) -> float:
    """The filled posts of a pool on the start date."""
    now = _at_start(base_of(work))
    holder, service, pool = key
    content = _service_here(now, holder, service).staff[pool]
    return fte_of(content, children_of(now, holder, now.services[service].shared))


def read_cells(posts: Sequence[Post], cells: Sequence[str], language: Language) -> tuple[dict[Key, float], tuple[str, ...]]:
    """The posts whose cells were changed, and every cell that is no number, told at its row."""
    found, faults = dict[Key, float](), list[str]()
    for number, (post, words) in enumerate(zip(posts, cells, strict=True), 1):
        if words == written(post.fte, language):
            continue
        try:
            found[post.key] = number_within(words or "", language, 0.0, MOST_FTE)
        except TrinnError as error:
            faults.append(text("services_row", language, number=number, post=post.words, fault=error))
    return found, tuple(faults)
