"""Which of the numbers that nobody knows for certain move the difference most."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard import numbers
from dashboard.charts import COLOURS, FAINT
from dashboard.pictures.look import dressed
from dashboard.pictures.picture import Picture
from dashboard.sensitivity import amount, measure_words, number_words, ranking
from dashboard.texts import Language, text
from sim.experiments.sensitivity import Sensitivity, measure_of
from sim.experiments.sensitivity_points import Key

MOST = 12
"""Bars of a figure."""
LONGEST = 60


def tornado(found: Sensitivity, measure: Key, language: Language) -> Picture | None:
    """How far each number moves the difference when it goes over its whole range, with its uncertainty; the largest first.

    None where no number can be told from noise.
    """
    ranked = [each for each in found.of(measure) if each.rank is not None]
    if not ranked:
        return None
    unit = measure_of(measure).unit
    rows = []
    for each in ranked[:MOST]:
        words = number_words(each.number, found.proposal, language)
        name = f"{each.rank}. {words if len(words) <= LONGEST else words[: LONGEST - 1] + '…'}"
        low, high = (each.effect.size + sign * each.effect.error for sign in (-1, 1))
        rows.append((name, each.effect.size, max(0.0, low), high, amount(each.effect.size, unit, language)))
    data = pd.DataFrame(rows, columns=["number", "size", "low", "high", "shown"])
    first = ranked[0]
    described = text(
        "pictures_tornado_words",
        language,
        measure=measure_words(found.base, measure, language),
        number=number_words(first.number, found.proposal, language),
        size=amount(first.effect.size, unit, language),
        unit=numbers.unit_name(unit, language),
    )
    scale = 100 if unit == "share" else 1
    data[["size", "low", "high"]] *= scale
    axis = alt.Axis(title=text("pictures_tornado_axis", language, unit=numbers.unit_name(unit, language)), format=",.3~g")
    up = alt.Y("number:N", sort=list(data["number"]), axis=alt.Axis(title=None, labelLimit=420))
    bars = alt.Chart(data).mark_bar(color=COLOURS[1]).encode(y=up, x=alt.X("size:Q", axis=axis))
    line = alt.Chart(data).mark_rule(color=FAINT, strokeWidth=2).encode(y=up, x="low:Q", x2="high:Q")
    return Picture(
        name=f"matters_{measure[3]}",
        title=text("pictures_tornado", language, measure=measure_words(found.base, measure, language)),
        alt=described,
        table=ranking(found, measure, language),
        how=text("pictures_tornado_how", language),
        chart=dressed(alt.layer(bars, line).properties(height=alt.Step(24)), language, described),
    )
