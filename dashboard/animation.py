"""One possible future, week by week: where children wait and are helped, as dots. No script moves it; no Streamlit here.

A single future is what chance made of it once: every picture says so. Counts under 5 are one faded mark, never their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import groupby

import numpy as np
import pandas as pd

from dashboard import numbers
from dashboard.charts import COLOURS, FAINT, INK, Floats
from dashboard.tables import ladder_order, service_name
from dashboard.texts import Language, date_text, joined, sentence, text
from scenarios.units import DAY
from sim.fold import SERIES, weeks
from sim.result import Result

LONGEST = 104
"""Weeks that are shown at most."""
MOST_DOTS = 50
"""Of one list; the rest is said as a number."""
FUTURES = 10
"""So many of the possible futures may be looked at: enough to see that they differ, and there from the first answer on."""
SECONDS = 0.5
"""A week of the moving picture."""
LEAST_OWN_FIRST = ("national_average", "partly_own", "own")
LANES = ("waiting", "in_course")
_A_LINE = 25
_PITCH = 9
"""Pixels from dot to dot: a line of them beside its number fits a telephone."""
_MARKS = {"waiting": "w", "in_course": "c"}
_STYLE = f"""<style>
.trinn-one{{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;color:{INK};line-height:1.25;font-size:.875rem}}
.trinn-one figure{{flex:1 1 300px;max-width:34rem;margin:0}}
.trinn-one p{{margin:.6rem 0 .1rem;font-size:inherit}}
.trinn-one .h{{font-weight:700}}
.trinn-one .s{{font-size:.8rem}}
.trinn-one .l{{display:grid;margin:.15rem 0}}
.trinn-one .l>div{{grid-area:1/1;display:grid;grid-template-columns:7.2rem 1fr;min-height:{2 * _PITCH + 3}px}}
.trinn-one .l>div>div{{padding-top:.25rem}}
.trinn-one .d>div{{display:block}}
.trinn-one b{{display:block;height:{_PITCH}px;width:calc(var(--d)*{_PITCH}px);print-color-adjust:exact}}
.trinn-one .w b{{background:radial-gradient(circle,{COLOURS[2]} 3.4px,transparent 3.9px) 0 0/{_PITCH}px {_PITCH}px}}
.trinn-one .c b{{background:radial-gradient(circle,{COLOURS[1]} 2.2px,transparent 2.7px) 0 0/{_PITCH}px {_PITCH}px}}
.trinn-one i{{display:block;width:10px;height:10px;border:1px dashed {FAINT};border-radius:50%;background:#EEF1F3}}
.trinn-one .k{{visibility:hidden;animation:trinn-week calc(var(--n)*{SECONDS}s) calc(var(--i)*{SECONDS}s) step-end none}}
.trinn-one .k.last{{animation-fill-mode:forwards}}
.trinn-one .still{{display:none;flex-basis:100%}}
@keyframes trinn-week{{from{{visibility:visible}}to{{visibility:visible}}}}
@media (prefers-reduced-motion:reduce){{
.trinn-one .k{{animation:none}}.trinn-one .k.chosen{{visibility:visible}}.trinn-one .still{{display:block}}
}}
</style>"""


@dataclass(frozen=True)
class Queue:
    """A service in one future: what it is called, and how many wait and are helped, week by week."""

    service: str
    name: str
    waiting: Floats
    in_course: Floats


@dataclass(frozen=True)
class Scene:
    """One scenario in the same future."""

    scenario: str
    queues: tuple[Queue, ...]


@dataclass(frozen=True)
class Animation:
    """One possible future of some scenarios, on the same children."""

    future: int
    """Its number, from 1."""
    days: tuple[date, ...]
    """The first day of every week."""
    scenes: tuple[Scene, ...]
    lists: frozenset[str]
    """Services where somebody waits at some time."""
    left_out: tuple[str, ...]
    """The names of those that never have five children."""
    staffing: str
    """Whose it is: the least own of the scenarios'."""

    @property
    def last(self) -> int:
        """The last week."""
        return len(self.days) - 1


def animation(results: Mapping[str, Result], future: int, language: Language) -> Animation:
    """What the weekly series of one replication show.

    Args:
        results: scenarios run on the same children, by name.
        future: which replication, from 1.
        language: of the services' names.
    """
    first = next(iter(results.values()))
    week = weeks(first.plans[0]) // (7 * DAY)
    shown = (week >= 0) & (week <= LONGEST)
    days = tuple(first.scenario.period.start + timedelta(weeks=int(number)) for number in week[shown])
    every = [Scene(name, tuple(_queues(result, future - 1, shown, language))) for name, result in results.items()]
    large = {
        queue.service
        for scene in every
        for queue in scene.queues
        if max(queue.waiting.max(), queue.in_course.max()) >= numbers.SMALL
    }
    scenes = tuple(Scene(s.scenario, tuple(q for q in s.queues if q.service in large)) for s in every)
    lists = frozenset(q.service for scene in scenes for q in scene.queues if q.waiting.any())
    left_out = tuple(dict.fromkeys(q.name for scene in every for q in scene.queues if q.service not in large))
    kinds = {result.scenario.staffing for result in results.values()}
    staffing = next(kind for kind in LEAST_OWN_FIRST if kind in kinds)
    return Animation(future, days, scenes, lists, left_out, staffing)


def _queues(result: Result, replication: int, shown: np.ndarray, language: Language) -> Iterator[Queue]:
    series = result.replications[replication].folded.series[shown]
    services = result.plans[0].shape.services
    for service in ladder_order(result):
        waiting, helped = (series[:, services.index(service), SERIES.index(lane)] for lane in LANES)
        yield Queue(service, service_name(result.scenario, service, language), waiting, helped)


# -- in words -----------------------------------------------------------------------------------------------------------


def week_words(shown: Animation, week: int, language: Language) -> str:
    """``Week 12 (29 Mar 2027)``."""
    return text("animation_week", language, week=week, date=date_text(shown.days[week], language))


def week_said(shown: Animation, scene: Scene, week: int, language: Language) -> str:
    """What the picture of a week shows, with its numbers: its alternative text."""
    parts = []
    for queue in scene.queues:
        lanes = [
            text(f"animation_said_{lane}", language, number=_count(queue, lane, week, language))
            for lane in _lanes(shown, queue)
        ]
        parts.append(text("animation_said_queue", language, service=queue.name, lanes=joined(lanes, language)))
    words = "; ".join(parts) or text("animation_nothing", language)
    return text("animation_said", language, scenario=scene.scenario, week=week_words(shown, week, language), queues=words)


def week_table(shown: Animation, week: int, language: Language) -> pd.DataFrame:
    """The numbers of a week: a row a service, two columns a scenario."""
    names = {queue.service: queue.name for scene in shown.scenes for queue in scene.queues}
    table = pd.DataFrame({text("head_service", language): list(names.values())})
    for scene in shown.scenes:
        queues = {queue.service: queue for queue in scene.queues}
        for lane in LANES:
            head = f"{sentence(scene.scenario)}: {text(f'animation_{lane}', language)}"
            table[head] = [
                _count(queues[service], lane, week, language)
                if service in queues and lane in _lanes(shown, queues[service])
                else text("nothing", language)
                for service in names
            ]
    return table


def course_of(shown: Animation, language: Language, every: int = 13) -> pd.DataFrame:
    """Those who wait, quarter by quarter: what the moving picture shows, as a table."""
    points = sorted({*range(0, shown.last + 1, every), shown.last})
    heads = [text("head_service", language), *(text("animation_week_short", language, week=week) for week in points)]
    rows = [
        (f"{sentence(scene.scenario)}: {queue.name}", *(_count(queue, "waiting", week, language) for week in points))
        for scene in shown.scenes
        for queue in scene.queues
        if queue.service in shown.lists
    ]
    return pd.DataFrame(rows, columns=heads)


def _lanes(shown: Animation, queue: Queue) -> Sequence[str]:
    return LANES if queue.service in shown.lists else LANES[1:]


def _count(queue: Queue, lane: str, week: int, language: Language) -> str:
    return numbers.shown(float(getattr(queue, lane)[week]), "children", language)


# -- drawn --------------------------------------------------------------------------------------------------------------


def drawn(shown: Animation, week: int, language: Language, moving: bool = False) -> str:
    """The scenarios side by side as HTML without a script; every name is escaped.

    Args:
        shown: what is drawn.
        week: which week; where it moves, the one that stands still for who has asked their device for less motion.
        language: of its words.
        moving: all weeks one after the other, once, by CSS alone. Otherwise the week stands still.
    """
    still = escape(text("animation_still", language))
    note = f'<p class="still" role="note">{still}</p>' if moving else ""
    figures = "".join(_figure(shown, scene, week, language, moving) for scene in shown.scenes)
    return f'{_STYLE}<div class="trinn-one">{note}{figures}</div>'


def _figure(shown: Animation, scene: Scene, week: int, language: Language, moving: bool) -> str:
    said = escape(_moving_said(shown, scene, language) if moving else week_said(shown, scene, week, language))
    labels = [escape(week_words(shown, number, language)) for number in range(len(shown.days))]
    parts = [f'<p class="h">{escape(sentence(scene.scenario))}</p>', _line("d", labels, week, moving)]
    for queue in scene.queues:
        parts.append(f'<p class="h">{escape(queue.name)}</p>')
        for lane in _lanes(shown, queue):
            frames = [_frame(float(value), lane, language) for value in getattr(queue, lane)]
            parts.append(_line(_MARKS[lane], frames, week, moving))
    staffing = text("animation_staffing", language, whose=text(f"staffing_short_{shown.staffing}", language))
    stamp = f"{text('animation_stamp', language, future=shown.future)} {staffing}"
    parts.append(f'<p class="s">{escape(stamp)}</p>')
    return f'<figure><div role="img" aria-label="{said}">{"".join(parts)}</div></figure>'


def _line(kind: str, frames: Sequence[str], week: int, moving: bool) -> str:
    """The frame of the week; where it moves all of them, those that do not change as one that stands longer."""
    if not moving:
        return f'<div class="l {kind}"><div>{frames[week]}</div></div>'
    parts, begin = [], 0
    for frame, alike in groupby(frames):
        end = begin + len(list(alike))
        marks = " chosen" * (begin <= week < end) + " last" * (end == len(frames))
        parts.append(f'<div class="k{marks}" style="--i:{begin};--n:{end - begin}">{frame}</div>')
        begin = end
    return f'<div class="l {kind}">{"".join(parts)}</div>'


def _frame(value: float, lane: str, language: Language) -> str:
    said = escape(text(f"animation_lane_{lane}", language, number=numbers.shown(value, "children", language)))
    if numbers.is_small(value, "children"):
        return f"<span>{said}</span><div><i></i></div>"
    count = round(value)
    more = ""
    if count > MOST_DOTS:
        more = text("animation_more", language, number=numbers.whole(count - MOST_DOTS, language))
        more = f'<br/><span class="s">{escape(more)}</span>'
    drawn = min(count, MOST_DOTS)
    dots = "".join(f'<b style="--d:{min(_A_LINE, drawn - done)}"></b>' for done in range(0, drawn, _A_LINE))
    return f"<span>{said}{more}</span><div>{dots}</div>"


def _moving_said(shown: Animation, scene: Scene, language: Language) -> str:
    ends = " ".join(week_said(shown, scene, week, language) for week in (0, shown.last))
    return text("animation_moving_said", language, weeks=shown.last, ends=ends)
