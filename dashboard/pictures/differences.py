"""What a proposal changes: the paired differences, twenty possible futures as dots, and in how many it is better."""

from __future__ import annotations

from html import escape
from math import isnan

import altair as alt
import numpy as np
import pandas as pd

from dashboard import numbers
from dashboard.charts import COLOURS, FAINT, INK
from dashboard.comparison import Comparison
from dashboard.pictures.look import colours, dressed, short
from dashboard.pictures.picture import Picture
from dashboard.tables import Key, cells, label_of, main_keys, measure_of, rests_on_few, row_of, rows_of, service_name
from dashboard.texts import Language, sentence, text

DOTS = 20
"""Can be counted at a glance."""
UNSURE = "#5B6770"


def differences(comparison: Comparison, language: Language) -> Picture | None:
    """The paired difference from today of each headline measure, with its interval; None where nothing may be drawn.

    Each measure has a scale of its own; what cannot be told from no difference is grey.
    """
    keys = [key for key in main_keys(comparison.base) if not key[1]]
    rows = [row for name in comparison.others for row in rows_of(comparison, keys, name)]
    table = pd.DataFrame(
        [
            {
                text("head_measure", language): f"{label_of(row.key, language)} ({numbers.unit_name(row.unit, language)})",
                text("head_scenario", language): row.scenario,
                **{
                    text(f"head_{what}", language): cells(row, language)[what]
                    for what in ("difference", "interval", "better_in")
                },
            }
            for row in rows
        ]
    )
    drawn = [row for row in rows if row.bounded and not row.same]
    if not drawn:
        return None
    sure = {True: text("pictures_sure", language), False: text("pictures_unsure", language)}
    data = pd.DataFrame(
        [
            {
                "measure": f"{label_of(row.key, language)} ({numbers.unit_name(row.unit, language)})",
                "scenario": short(row.scenario),
                "mean": row.difference * _scale(row.unit),
                "low": row.low * _scale(row.unit),
                "high": row.high * _scale(row.unit),
                "sure": sure[row.direction != "unclear"],
                "words": cells(row, language)["difference"],
            }
            for row in drawn
        ]
    )
    words = " ".join(
        text(
            "pictures_differences_words",
            language,
            measure=label_of(row.key, language),
            scenario=row.scenario,
            difference=f"{cells(row, language)['difference']} ({numbers.unit_name(row.unit, language)})",
        )
        for row in drawn
    )
    names = [short(name) for name in comparison.others]
    across = alt.X("low:Q", axis=alt.Axis(title=None, format="+,.2~f", tickCount=4, grid=False), scale=alt.Scale(zero=True))
    colour = alt.Color(
        "sure:N",
        scale=alt.Scale(domain=[sure[True], sure[False]], range=[COLOURS[1], UNSURE]),
        legend=alt.Legend(title=None, orient="top"),
    )
    up = alt.Y("scenario:N", axis=alt.Axis(title=None, labelLimit=200), sort=names)
    zero = alt.Chart().mark_rule(color=FAINT, strokeDash=[3, 3], aria=False).encode(x=alt.datum(0))
    line = alt.Chart().mark_rule(strokeWidth=3).encode(x=across, x2="high:Q", y=up, color=colour)
    point = alt.Chart().mark_point(filled=True, size=90, opacity=1)
    said = alt.Chart().mark_text(dy=-11, fontSize=11, color=INK, aria=False).encode(x="mean:Q", y=up, text="words:N")
    layers = alt.layer(zero, line, point.encode(x="mean:Q", y=up, color=colour), said, data=data).properties(
        height=44 * len(names), width=440
    )
    order = list(dict.fromkeys(data["measure"]))
    row = alt.Row("measure:N", title=None, sort=order, header=alt.Header(orient="top"))
    chart = layers.facet(row=row).resolve_scale(x="independent")
    return Picture(
        name="differences",
        title=text("pictures_differences", language),
        alt=words,
        table=table,
        how=text("pictures_differences_how", language),
        chart=dressed(chart, language, words),
    )


def _scale(unit: str) -> int:
    """Shares are drawn in per cent, as they are said."""
    return 100 if unit == "share" else 1


def dots(comparison: Comparison, language: Language, key: Key) -> Picture | None:
    """Twenty equally likely futures of a measure, today and for each proposal; None where it rests on too few children."""
    results = comparison.results
    if any(rests_on_few(result, key) for result in results.values()):
        return None
    measure = measure_of(key)
    places = (np.arange(DOTS) + 0.5) / DOTS
    values = {}
    for name, result in results.items():
        found = np.asarray([each.folded.values.get(key, np.nan) for each in result.replications])
        found = found[~np.isnan(found)]
        if len(found) < DOTS // 2 or numbers.is_small(float(found.mean()), measure.unit):
            return None
        values[name] = np.quantile(found, places)
    wide = max(np.ptp(np.concatenate(list(values.values()))), 1e-9) / 34
    rows = []
    for name, here in values.items():
        bins = np.round(here / wide).astype(int)
        heights: dict[int, int] = {}
        for number, place in enumerate(bins):
            heights[place] = heights.get(place, 0) + 1
            said = numbers.shown(float(here[number]), measure.unit, language)
            rows.append((short(name), round(float(place * wide), 4), heights[place] - 0.5, said))
    data = pd.DataFrame(rows, columns=["scenario", "value", "height", "shown"])
    names = [short(name) for name in values]
    label = f"{label_of(key, language)} ({numbers.unit_name(measure.unit, language)})"
    form = ".0%" if measure.unit == "share" else ",.0f"
    top = float(data["height"].max()) + 1
    base = alt.Chart(data).mark_circle(size=95, opacity=1)
    chart = base.encode(
        x=alt.X("value:Q", axis=alt.Axis(title=label, format=form, grid=False), scale=alt.Scale(zero=False, nice=True)),
        y=alt.Y("height:Q", axis=None, scale=alt.Scale(domain=[0, top])),
        color=alt.Color("scenario:N", scale=colours(names), legend=None),
        tooltip=[alt.Tooltip("scenario:N", title=text("head_scenario", language)), alt.Tooltip("shown:N", title=label)],
    ).properties(height=max(70, 13 * top))  # fmt: skip
    chart = chart.facet(row=alt.Row("scenario:N", title=None, sort=names, header=alt.Header(orient="top")))
    shown = {name: [numbers.shown(float(value), measure.unit, language) for value in here] for name, here in values.items()}
    words = " ".join(
        text("pictures_dots_words", language, scenario=name, middle=here[DOTS // 2], low=here[1], high=here[-2])
        for name, here in shown.items()
    )
    table = pd.DataFrame({text("pictures_dots_head", language): [str(number + 1) for number in range(DOTS)], **shown})
    where = service_name(comparison.base.scenario, key[1], language) + ": " if key[1] else ""
    return Picture(
        name=f"futures_{key[3]}",
        title=text("pictures_dots", language, measure=where + label_of(key, language)),
        alt=words,
        table=table,
        how=text("pictures_dots_how", language, futures=comparison.replications),
        chart=dressed(chart, language, words),
    )


def circles(comparison: Comparison, proposal: str, key: Key, language: Language) -> str:
    """Twenty circles, as many filled as possible futures of twenty are better, as HTML; empty where that may not be said."""
    row = row_of(comparison, key, proposal)
    if row.hidden or not row.bounded or row.same or isnan(row.share_better):
        return ""
    better = round(row.share_better * row.n)
    filled = round(row.share_better * DOTS)
    words = text("pictures_circles", language, number=better, total=row.n, measure=sentence(label_of(key, language)))
    each = "".join(
        f'<circle cx="{11 + 20 * number}" cy="11" r="8" fill="{COLOURS[1] if number < filled else "#FFFFFF"}" '
        f'stroke="{COLOURS[1] if number < filled else FAINT}" stroke-width="2"/>'
        for number in range(DOTS)
    )
    box = f'viewBox="0 0 {20 * DOTS + 2} 22" width="{20 * DOTS + 2}" style="max-width:100%"'
    return f'<svg role="img" aria-label="{escape(words, quote=True)}" {box} xmlns="http://www.w3.org/2000/svg">{each}</svg>'
