"""What the posts of a scenario cost a year, and who pays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scenarios.resolve import catchments_of, children_of, fte_of, kind_of, service_of
from scenarios.schema import Scenario
from scenarios.values import Payer


@dataclass(frozen=True)
class PostCost:
    """One pool of posts, as one focal area has it or shares it."""

    payer: Payer | None
    """None: the scenario does not say."""
    area: str
    service: str
    pool: str
    shared_in: str
    """The catchment that shares the service; empty: the area has it for itself."""
    share: float
    """The area's part of the service: 1, or of a shared one the area's share of the catchment's children 0-17."""
    fte: float
    """Full-time equivalents of the whole pool, vacant ones included."""
    price: float | None
    """Kroner a year for a full post, with social costs and overhead."""

    @property
    def whole(self) -> float | None:
        """Kroner a year for the whole pool. A shared one stands so beside every focal area of its catchment: add it up once."""
        return None if self.price is None else self.fte * self.price

    @property
    def kroner(self) -> float | None:
        """Kroner a year for the area's part: these add up."""
        return None if self.whole is None else self.whole * self.share


def costs(scenario: Scenario) -> tuple[PostCost, ...]:
    """What the posts in open services cost a year, by payer, focal area and service.

    All posts of a pool are paid for: also those away (``absent``), and those that stand vacant for the moment, as in a
    budget; what is agreed beyond ``fte`` is not. Dated changes are not in it: ask for ``resolved(scenario, day)``. Places,
    ceilings and rooms have no posts.
    """
    catchments, rows = catchments_of(scenario), list[PostCost]()
    for name, template in scenario.services.items():
        for area in scenario.focal_areas:
            home = scenario.areas[area].catchment
            service = service_of(scenario, name, catchments[home] if template.shared else scenario.areas[area])
            children = children_of(scenario, home if template.shared else area, template.shared)
            shared_in, share = (home, _share(scenario, area, children)) if template.shared else ("", 1.0)
            for pool, content in service.staff.items() if service.open else ():
                if kind_of(content) == "posts":
                    fte = round(fte_of(content, children), 4)
                    rows.append(PostCost(content.payer, area, name, pool, shared_in, share, fte, content.price))
    return tuple(rows)


def by_payer(rows: Iterable[PostCost]) -> dict[Payer | None, float]:
    """Kroner a year by payer, of the focal areas' own part. Pools without a price are left out; see :func:`unpriced`."""
    sums: dict[Payer | None, float] = {}
    for row in rows:
        if row.kroner is not None:
            sums[row.payer] = sums.get(row.payer, 0.0) + row.kroner
    return sums


def unpriced(rows: Iterable[PostCost]) -> tuple[str, ...]:
    """``service.pool`` of every pool whose price is not stated: what it costs is in no sum."""
    return tuple(dict.fromkeys(f"{row.service}.{row.pool}" for row in rows if row.price is None))


def _share(scenario: Scenario, area: str, children: int) -> float:
    """An area's share of the children 0-17 of its catchment; of one without children, an even share."""
    if children:
        return scenario.areas[area].children_0_17 / children
    home = scenario.areas[area].catchment
    return 1 / sum(other.catchment == home for other in scenario.areas.values())
