"""Posts of each service: today, and what a wait that is wished for needs."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.charts import COLOURS, FAINT, INK
from dashboard.pictures.look import dressed, short
from dashboard.pictures.picture import Picture
from dashboard.required import needed_table
from dashboard.texts import Language, text
from sim.experiments.required import Required


def needed_picture(found: Required, language: Language) -> Picture:
    """Today's posts and the needed ones beside each other, with the range from the assumptions as a line."""
    table = needed_table(found, language)
    now, need, span = (text(f"required_{head}", language) for head in ("now", "need", "range"))
    rows, ranges = [], []
    for each, shown in zip(found.needed, table.itertuples(index=False, name=None), strict=True):
        name = short(str(shown[0]))
        rows += [(name, now, each.post.now, shown[1]), (name, need, each.units, shown[2])]
        if each.low is not None and each.high is not None and each.low != each.high:
            ranges.append((name, need, each.low, each.high))
    data = pd.DataFrame(rows, columns=["service", "what", "posts", "shown"])
    words = " ".join(
        text("pictures_needed_words", language, service=row[0], now=row[1], need=row[2], range=row[4])
        for row in table.itertuples(index=False, name=None)
    )
    up = alt.Y("service:N", axis=alt.Axis(title=None, labelLimit=260), sort=list(dict.fromkeys(data["service"])))
    offset = alt.YOffset("what:N", sort=[now, need])
    scale = alt.Scale(domain=[now, need], range=[COLOURS[0], COLOURS[1]])
    axis = alt.Axis(title=text("required_posts", language), format=",.3~g")
    base = alt.Chart(data).encode(y=up, yOffset=offset, x=alt.X("posts:Q", axis=axis))
    bars = base.mark_bar().encode(color=alt.Color("what:N", scale=scale, legend=alt.Legend(title=None)))
    said = base.mark_text(align="left", dx=5, baseline="bottom", color=INK, aria=False).encode(text="shown:N")
    layers = [bars, said]
    if ranges:
        ends = pd.DataFrame(ranges, columns=["service", "what", "low", "high"])
        line = alt.Chart(ends).mark_rule(color=FAINT, strokeWidth=2)
        layers.append(line.encode(y=up, yOffset=offset, x="low:Q", x2="high:Q"))
    return Picture(
        name="required",
        title=text("pictures_needed", language),
        alt=words,
        table=table,
        how=text("pictures_needed_how", language, range=span),
        chart=dressed(alt.layer(*layers).properties(height=alt.Step(22)), language, words),
    )
