"""Who gains and who loses: groups of children side by side, and the municipalities of a catchment, never in order of result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

from dashboard import numbers
from dashboard.comparison import Comparison
from dashboard.pictures.look import colours, dressed, short
from dashboard.pictures.picture import Picture
from dashboard.tables import (
    areas_hidden,
    group_name,
    label_of,
    matters,
    measure_of,
    part_keys,
    rests_on_few,
)
from dashboard.texts import Language, joined, sentence, text
from scenarios.places import alphabetical
from sim.fold import ALL
from sim.output_analysis import MINIMUM_REPLICATIONS

Order = Literal["name", "size"]


def measures_of_parts(comparison: Comparison) -> list[str]:
    """The measures that parts may be compared by."""
    return list(dict.fromkeys(key[3] for key in part_keys(comparison.base)))


def groups(comparison: Comparison, measure: str, language: Language) -> Picture | None:
    """A measure for each group of children; None where the comparison was not asked for groups or they are too small."""
    keys = [key for key in part_keys(comparison.base) if key[0] == ALL and key[3] == measure]
    scenario = comparison.base.scenario
    named = {key: sentence(group_name(scenario, key[2], language)) for key in keys}
    how = text("pictures_groups_how", language, futures=comparison.replications)
    return _bars(comparison, named, measure, "groups", how, language)


def areas(comparison: Comparison, measure: str, order: Order, language: Language) -> Picture | None:
    """A measure for each municipality, by name or size; None where they may not stand beside each other.

    They may not while their staffing is a national average: then they differ by nothing that is theirs.
    """
    if areas_hidden(list(comparison.results.values())):
        return None
    scenario = comparison.base.scenario
    keys = [key for key in part_keys(comparison.base) if key[0] != ALL and key[2] == ALL and key[3] == measure]
    if order == "name":
        keys.sort(key=lambda key: alphabetical(scenario.areas[key[0]].name or key[0]))
    else:
        keys.sort(key=lambda key: -scenario.areas[key[0]].children_0_17)
    named = {key: scenario.areas[key[0]].name or key[0] for key in keys}
    if len(named) < 2:
        return None
    how = text("pictures_areas_how", language, order=text(f"pictures_order_{order}", language))
    return _bars(comparison, named, measure, "areas", how, language)


def _bars(
    comparison: Comparison, named: dict[tuple[str, str, str, str], str], measure: str, what: str, how: str, language: Language
) -> Picture | None:
    results = comparison.results
    rows, lines, words = [], [], []
    for key, name in named.items():
        unit = measure_of(key).unit
        found = {scenario: _values(comparison, scenario, key) for scenario in results}
        few = any(rests_on_few(result, key) for result in results.values())
        if few or not matters(list(results.values()), key) or any(len(v) < MINIMUM_REPLICATIONS for v in found.values()):
            continue
        means = {scenario: float(values.mean()) for scenario, values in found.items()}
        shown = {scenario: numbers.shown(mean, unit, language) for scenario, mean in means.items()}
        lines.append((name, *shown.values()))
        words.append(text("pictures_groups_words", language, group=name, numbers=_said(shown, language)))
        if not any(numbers.is_small(mean, unit) for mean in means.values()):
            rows += [(name, short(scenario), mean, shown[scenario]) for scenario, mean in means.items()]
    if not rows:
        return None
    label = label_of(next(iter(named)), language)
    unit = measure_of(next(iter(named))).unit
    data = pd.DataFrame(rows, columns=["part", "scenario", "value", "shown"])
    names = [short(scenario) for scenario in results]
    order = list(dict.fromkeys(data["part"]))
    base = alt.Chart(data).encode(
        y=alt.Y("part:N", sort=order, axis=alt.Axis(title=None, labelLimit=220)),
        yOffset=alt.YOffset("scenario:N", sort=names),
        x=alt.X(
            "value:Q", axis=alt.Axis(title=numbers.unit_name(unit, language), format=".0%" if unit == "share" else ",.3~g")
        ),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("scenario:N", scale=colours(names), sort=names, legend=alt.Legend(title=None))
    )
    said = base.mark_text(align="left", dx=4, aria=False).encode(text="shown:N")
    chart = alt.layer(bars, said).properties(height=alt.Step(18))
    heads = [text("head_group" if what == "groups" else "head_area", language), *results]
    described = " ".join(words)
    return Picture(
        name=what,
        title=text(f"pictures_{what}", language, measure=label),
        alt=described,
        table=pd.DataFrame(lines, columns=heads),
        how=how,
        chart=dressed(chart, language, described),
    )


def _values(comparison: Comparison, scenario: str, key: tuple[str, str, str, str]) -> np.ndarray:
    found = comparison.values(comparison.results[scenario], key)
    return found[~np.isnan(found)]


def _said(shown: dict[str, str], language: Language) -> str:
    parts: Sequence[str] = [text("waits_number", language, number=number, scenario=name) for name, number in shown.items()]
    return joined(list(parts), language)
