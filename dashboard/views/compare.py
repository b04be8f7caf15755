"""Compare: what may be said of each proposal, then pictures, tables and files of the same comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any, Literal

import streamlit as st

from dashboard import comparing, numbers
from dashboard.comparison import Comparison
from dashboard.flowing import flow_of
from dashboard.jobs import Job
from dashboard.pictures import Picture
from dashboard.pictures.differences import circles, differences, dots
from dashboard.pictures.parts import areas, groups, measures_of_parts
from dashboard.pictures.waiting import started_within, waiting_lists
from dashboard.session import here
from dashboard.tables import Key, areas_hidden, label_of, service_name
from dashboard.texts import Language, chosen, text
from dashboard.verdicts import cautions, table_note
from dashboard.widgets.animation import put_animation
from dashboard.widgets.exports import put_exports
from dashboard.widgets.later import put_later
from dashboard.widgets.observed import observed_here, put_observed
from dashboard.widgets.running import answer, is_stale, put_error, question_of
from dashboard.widgets.showing import plain, put_download, put_picture, put_table, put_whose
from dashboard.widgets.twins import put_twins
from dashboard.widgets.verdict import put_limits, put_verdict
from dashboard.work import FUTURES, Work
from scenarios.errors import TrinnError
from sim.measures import MEASURES

PAGE = "compare"
PARTS = ("group", "area")
"""What the measures may be had for, part by part."""
TABS = ("waiting", "waits", "futures", "who", "flow", "table")


@dataclass
class Kept:
    """What the page keeps for a visitor."""

    by: tuple[str, ...] = ()
    number: int = 0
    """Which possible future is looked at by itself."""
    drawn: dict[Any, Any] = field(default_factory=dict)
    """What has been drawn of the answer that is shown, so that a rerun draws nothing twice."""
    of: Any = None
    """Of which answer."""


def draw() -> None:
    """Draw the page."""
    session = here()
    language, work = session.language, session.work
    st.title(text("compare_title_page", language))
    if not work.proposals:
        st.info(text("proposals_none", language), icon=":material/edit_note:")
        st.markdown(text("compare_none", language))
        return
    kept = _kept()
    try:
        question = question_of(work, language, kept.by)
    except TrinnError as error:
        put_error(error, language)
        return
    put_whose(question.scenarios.values())
    _put_choices(work, kept, language)
    job = answer(question, PAGE)
    comparison = job.comparison if job is not None else None
    if job is None or comparison is None:
        return
    _put_answer(comparison, language)
    _forget(job, comparison, kept, language)
    st.markdown(f"## {text('compare_pictures', language)}")
    _put_tabs(job, comparison, kept, language)
    put_observed(comparison)
    _put_stories(job, comparison, work, language)
    put_animation(job)
    st.markdown(f"## {text('compare_files', language)}")
    if is_stale(job):
        st.caption(text("compare_files_stale", language))
    else:
        put_exports(job, comparison, work)
    _put_command(work, kept, language)
    put_limits(comparison.base.scenario, language)


def _kept() -> Kept:
    kept = here().kept
    if not isinstance(kept.get(PAGE), Kept):
        kept[PAGE] = Kept()
    found: Kept = kept[PAGE]
    return found


# -- what is asked ------------------------------------------------------------------------------------------------------


def _put_choices(work: Work, kept: Kept, language: Language) -> None:
    """How many possible futures, and for which parts."""
    how_many, parts = st.columns([1, 2], gap="medium")
    options = FUTURES if work.futures in FUTURES else tuple(sorted({*FUTURES, work.futures}))
    with how_many:
        key = "compare_futures"
        if st.session_state.get(f"{key}_origin") != work.futures or key not in st.session_state:
            st.session_state[key] = st.session_state[f"{key}_origin"] = work.futures
        st.selectbox(
            text("compare_futures", language),
            options,
            format_func=lambda number: numbers.whole(number, language),
            help=text("compare_futures_help", language),
            key=key,
            on_change=_choose_futures,
            args=(key,),
        )
    with parts:
        st.session_state["compare_by"] = list(kept.by)
        st.pills(
            text("compare_by", language),
            PARTS,
            selection_mode="multi",
            format_func=lambda part: text(f"compare_by_{part}", language),
            help=text("compare_by_help", language),
            key="compare_by",
            on_change=_choose_parts,
        )


def _choose_futures(key: str) -> None:
    session = here()
    session.change(session.work.model_copy(update={"futures": int(st.session_state[key])}))


def _choose_parts() -> None:
    chosen_parts = st.session_state["compare_by"] or ()
    _kept().by = tuple(part for part in PARTS if part in chosen_parts)


# -- the answer ---------------------------------------------------------------------------------------------------------


def _put_answer(comparison: Comparison, language: Language) -> None:
    for name in comparison.others:
        with st.container(border=True):
            put_verdict(comparison, name, language)
            _put_tiles(comparison, name, language)
    st.caption(text("proposals_futures", language, futures=numbers.whole(comparison.replications, language)))
    for caution in cautions(comparison, language):
        st.warning(plain(caution), icon=":material/warning:")


def _put_tiles(comparison: Comparison, name: str, language: Language) -> None:
    """The headline measures: the number, the difference, its likely range, and in how many possible futures it is better."""
    found = comparing.tiles(comparison, name, language)
    for column, tile in zip(st.columns(max(1, len(found))), found, strict=False):
        with column, st.container(border=True):
            st.caption(plain(tile.label))
            value = f"{tile.value} {tile.unit}".strip()
            st.html(f'<p style="font-size:1.6rem;font-weight:600;margin:0;line-height:1.2">{escape(value)}</p>')
            st.markdown(plain(text("compare_tile_today", language, value=tile.base)))
            word = f" ({tile.judgement})" if tile.judgement else ""
            st.markdown(f"**{plain(text('compare_tile_difference', language, difference=tile.difference))}**{plain(word)}")
            st.markdown(plain(text("compare_tile_interval", language, interval=tile.interval)))
            st.markdown(plain(text("compare_tile_futures", language, better_in=tile.better_in)))
            judged = tile.better_in != text("nothing", language)
            row = circles(comparison, name, tile.key, language) if judged else ""
            if row:
                st.image(row, alt=text("compare_tile_futures", language, better_in=tile.better_in), width="stretch")


# -- pictures -----------------------------------------------------------------------------------------------------------


def _forget(job: Job, comparison: Comparison, kept: Kept, language: Language) -> None:
    """Keep only what was drawn of this answer."""
    of = (job.digests, tuple(comparison.results), comparison.replications, language)
    if kept.of != of:
        kept.of = of
        kept.drawn.clear()


def _once(kept: Kept, name: Any, make: Callable[[], Any]) -> Any:
    if name not in kept.drawn:
        kept.drawn[name] = make()
    return kept.drawn[name]


def _put_tabs(job: Job, comparison: Comparison, kept: Kept, language: Language) -> None:
    tabs = st.tabs([text(f"compare_tab_{name}", language) for name in TABS], key=f"compare_tabs_{language}", on_change="rerun")
    put = {
        "waiting": lambda: _put_lists(comparison, kept, language),
        "waits": lambda: _put_all(_once(kept, "waits", lambda: started_within(comparison, language)), "waits", language),
        "futures": lambda: _put_futures(comparison, kept, language),
        "who": lambda: _put_who(comparison, kept, language),
        "flow": lambda: _put_flow(job, language),
        "table": lambda: _put_table(comparison, kept, language),
    }
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                put[name]()


def _put_lists(comparison: Comparison, kept: Kept, language: Language) -> None:
    """Waiting lists, with what really happened as points where that was uploaded."""
    seen = observed_here()
    points = None if seen is None else seen.rows.dropna(subset=["value"])
    found = _once(kept, ("waiting", id(seen)), lambda: (seen, waiting_lists(comparison, language, points)))
    _put_all(found[1], "waiting", language)


def _put_all(pictures: list[Picture], name: str, language: Language) -> None:
    if not pictures:
        st.info(text(f"compare_no_{name}", language), icon=":material/info:")
    for number, picture in enumerate(pictures):
        put_picture(picture, f"compare_{name}_{number}")


def _put_futures(comparison: Comparison, kept: Kept, language: Language) -> None:
    """The paired differences, twenty dots, and single futures."""
    found = _once(kept, "differences", lambda: differences(comparison, language))
    if found is not None:
        put_picture(found, "compare_differences")
    else:
        st.info(text("compare_no_differences", language), icon=":material/info:")
    keys = comparing.dot_keys(comparison)
    key = st.selectbox(
        text("compare_dots_measure", language),
        keys,
        format_func=lambda each: _key_words(comparison, each, language),
        key="compare_dots_measure",
    )
    if key is not None:
        picture = _once(kept, ("dots", key), lambda: dots(comparison, language, key))
        if picture is not None:
            put_picture(picture, "compare_dots")
        else:
            st.info(text("compare_no_dots", language), icon=":material/info:")
    _put_single(comparison, kept, language)


def _key_words(comparison: Comparison, key: Key, language: Language) -> str:
    where = f"{service_name(comparison.base.scenario, key[1], language)}: " if key[1] else ""
    return where + label_of(key, language)


def _put_single(comparison: Comparison, kept: Kept, language: Language) -> None:
    """One possible future at a time, a step at a click."""
    total = comparison.replications
    kept.number = min(kept.number, total - 1)

    def step(by: int) -> None:
        kept.number = (kept.number + by) % total

    st.markdown(f"### {text('compare_single', language)}")
    st.caption(text("compare_single_about", language))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(text("compare_single_before", language), key="compare_single_before", on_click=step, args=(-1,))
        st.button(text("compare_single_next", language), key="compare_single_next", on_click=step, args=(1,))
        st.markdown(text("compare_single_at", language, number=kept.number + 1, total=total))
    number = kept.number
    table = _once(kept, ("single", number), lambda: comparing.one_future(comparison, number, language))
    put_table(table, text("compare_single_at", language, number=number + 1, total=total))


def _put_who(comparison: Comparison, kept: Kept, language: Language) -> None:
    """Groups of children, and the municipalities of the catchment by name or size."""
    if not comparison.by:
        st.info(text("compare_who_ask", language), icon=":material/info:")
        return
    names = measures_of_parts(comparison)
    if not names:
        st.info(text("compare_who_none", language), icon=":material/info:")
        return
    measure = st.selectbox(
        text("compare_who_measure", language),
        names,
        format_func=lambda name: chosen(MEASURES["area", name].label, language),
        key="compare_who_measure",
    )
    if "group" in comparison.by:
        found = _once(kept, ("groups", measure), lambda: groups(comparison, measure, language))
        _put_or(found, "compare_groups", "compare_who_none", language)
    if "area" in comparison.by:
        _put_areas(comparison, measure, kept, language)


def _put_areas(comparison: Comparison, measure: str, kept: Kept, language: Language) -> None:
    if areas_hidden(list(comparison.results.values())):
        st.info(text("compare_areas_hidden", language), icon=":material/info:")
        return
    if len([area for area in comparison.base.scenario.areas.values() if area.detail == "full"]) < 2:
        st.info(text("compare_areas_one", language), icon=":material/info:")
        return
    order = st.segmented_control(
        text("compare_order", language),
        ("name", "size"),
        default="name",
        required=True,
        format_func=lambda word: text(f"compare_order_{word}", language),
        key="compare_order",
    )
    st.caption(text("compare_order_why", language))
    by: Literal["name", "size"] = "size" if order == "size" else "name"
    found = _once(kept, ("areas", measure, by), lambda: areas(comparison, measure, by, language))
    _put_or(found, "compare_areas", "compare_who_none", language)


def _put_or(picture: Picture | None, key: str, otherwise: str, language: Language) -> None:
    if picture is None:
        st.info(text(otherwise, language), icon=":material/info:")
    else:
        put_picture(picture, key)


def _put_flow(job: Job, language: Language) -> None:
    """Children on their way through the services, of one scenario at a time."""
    scenarios = job.question.scenarios
    name = st.segmented_control(
        text("compare_flow_of", language), tuple(scenarios), default=next(iter(scenarios)), required=True, key="compare_flow_of"
    )
    name = name if name in scenarios else next(iter(scenarios))
    put_later(flow_of(scenarios[name], name, job.question.seed, language), lambda found: put_picture(found, "compare_flow"))


def _put_table(comparison: Comparison, kept: Kept, language: Language) -> None:
    """The tables that the command prints, and every other measure where it is asked for."""
    st.caption(plain(table_note(comparison, language)))
    for number, name in enumerate(comparison.others):
        st.markdown(f"### {plain(name)}")
        table = _once(kept, ("table", name), partial(comparing.main_table, comparison, name, language))
        put_table(table, text("compare_table_of", language, proposal=name))
        put_download(table, f"{number + 1}", f"compare_table_{number}")
        more = st.expander(text("compare_all_measures", language), key=f"compare_all_{number}", on_change="rerun")
        if more.open:
            with more:
                every = _once(kept, ("every", name), partial(comparing.whole_table, comparison, name, language))
                put_table(every, text("compare_all_of", language, proposal=name))
                put_download(every, f"alt_{number + 1}", f"compare_all_table_{number}")


# -- stories, command ---------------------------------------------------------------------------------------------------


def _put_stories(job: Job, comparison: Comparison, work: Work, language: Language) -> None:
    opened = st.expander(text("compare_twins", language), icon=":material/child_care:", key="compare_twins", on_change="rerun")
    if not opened.open:
        return
    with opened:
        names = tuple(comparison.others)
        name = st.segmented_control(
            text("compare_twins_of", language), names, default=names[0], required=True, key="compare_twins_of"
        )
        scenarios = job.question.scenarios
        first, other = comparison.base.name, name if name in scenarios else names[0]
        command = comparing.command_words(work, language) or "trinn compare"
        put_twins((first, scenarios[first]), (other, scenarios[other]), job.question.seed, command)


def _put_command(work: Work, kept: Kept, language: Language) -> None:
    with st.expander(text("compare_command", language), icon=":material/terminal:"):
        words = comparing.command_words(work, language, kept.by)
        if words:
            st.caption(text("compare_command_about", language))
            st.code(words, language=None, wrap_lines=True)
        else:
            st.markdown(text("compare_command_none", language))
