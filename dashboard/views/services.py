"""Our services: who works there today, how many come, and one's own numbers in place of the averages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

import pandas as pd
import streamlit as st

from dashboard.choosing import laid_under
from dashboard.entering import written
from dashboard.flowing import flow_of
from dashboard.jobs import Job
from dashboard.ladder_rows import rows_of
from dashboard.session import Session, here
from dashboard.staffing import MOST_FTE, Key, Post, posts_of, read_cells, stated, without_own
from dashboard.texts import Language, joined, text
from dashboard.today import crowded
from dashboard.uploads import MOST_MB, read_upload
from dashboard.widgets.entering import number_cell
from dashboard.widgets.running import answer, put_error, question_about
from dashboard.widgets.showing import plain, put_download, put_picture, put_table, put_whose
from dashboard.widgets.verdict import put_limits
from dashboard.work import Work, base_of
from scenarios.errors import TrinnError
from scenarios.schema import Scenario
from scenarios.sheet.shown import shown_back
from scenarios.sheet.starting import named_source
from scenarios.sheet.template import write_template

_PAGE = "services"
_TICK = 0.5
_COLUMNS = 2
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(text("app_services", language))
    try:
        base = base_of(session.work)
        posts = posts_of(session.work, language)
        averages = posts_of(Work(place=session.work.place), language)
    except TrinnError as error:
        put_error(error, language)
        _put_reset(session)
        return
    with st.container():  # always there, so that the fields below keep their place on the page and the keyboard its focus
        job = answer(question_about({text("today", language): base}, session.work), _PAGE)
        result = next(iter(job.results.values()), None) if job is not None else None
        if job is not None and result is not None:
            _put_crowded(job, language)
    put_whose([base])
    st.markdown(f"## {text('services_own', language)}")
    _put_posts(session, posts, {post.key: post.fte for post in averages})
    _put_files(session, base)
    if job is not None and result is not None:
        st.markdown(f"## {text('services_ladder', language)}")
        _put_ladder(session, base)
        _put_rows(job, posts, language)
        put_limits(base, language)


def _kept(session: Session) -> dict[str, Any]:
    """What this page keeps: faults of the last thing that was entered, and what a file said."""
    kept: dict[str, Any] = session.kept.setdefault(_PAGE, {})
    return kept


# -- what the model says ------------------------------------------------------------------------------------------------


def _put_crowded(job: Job, language: Language) -> None:
    """Where more come than can be helped, in words."""
    result = next(iter(job.results.values()))
    found = crowded(result, language)
    if not found:
        st.success(plain(text("services_crowded_none", language)), icon=":material/check_circle:")
    for each in found:
        st.warning(plain(each.words), icon=":material/groups:")
    if found:
        st.caption(text("services_crowded_about", language, futures=job.shown))


def _put_ladder(session: Session, base: Scenario) -> None:
    """Children on their way through the services; drawn beside the page, which looks whether it is there."""
    language = session.language
    drawn = flow_of(base, text("today", language), session.work.seed, language)
    if drawn.done():
        if drawn.cancelled() or drawn.exception() is not None:
            st.info(text("services_no_picture", language))
        else:
            put_picture(drawn.result(), f"{_PAGE}_flow")
        return

    @st.fragment(run_every=_TICK)
    def waiting() -> None:
        if drawn.done():
            st.rerun()
        st.caption(text("services_drawing", language))

    waiting()


def _put_rows(job: Job, posts: tuple[Post, ...], language: Language) -> None:
    result = next(iter(job.results.values()))
    st.markdown(f"### {text('services_table', language)}")
    table = rows_of(result, posts, language)
    put_table(table, text("services_table", language))
    put_download(table, "services", f"{_PAGE}_rows")
    st.caption(plain(text("services_table_about", language, futures=job.shown)))


# -- own numbers --------------------------------------------------------------------------------------------------------


def _put_posts(session: Session, posts: tuple[Post, ...], averages: Mapping[Key, float]) -> None:
    language = session.language
    if not posts:
        st.info(text("services_no_posts", language))
        return
    main = [post for post in posts if not post.shared] or list(posts)
    st.markdown(text("services_own_about" if not main[0].shared else "services_own_about_catchment", language))
    work, faults = _kept(session).get("faults", (None, ()))
    with st.container():
        for fault in faults if work == session.work else ():
            st.error(plain(fault), icon=":material/error:")
    by_service: dict[str, list[Post]] = {}
    for post in main:
        by_service.setdefault(post.service, []).append(post)
    services = list(by_service.values())
    for first in range(0, len(services), _COLUMNS):  # row by row, so that a phone shows them in ladder order
        for column, alike in zip(st.columns(_COLUMNS), services[first : first + _COLUMNS], strict=False):
            with column.container(border=True, height="stretch"):
                st.markdown(f"**{plain(alike[0].service_words)}**")
                for post in alike:
                    _put_post(session, post, averages.get(post.key, post.fte))
    with st.expander(text("services_more", language), icon=":material/table:"):
        _put_table_of_posts(session, posts, averages)
    if session.work.own:
        _put_reset(session)


def _put_post(session: Session, post: Post, average: float) -> None:
    language = session.language
    number_cell(
        post.pool_words[:1].upper() + post.pool_words[1:],
        post.fte,
        f"{_PAGE}_fte_{post.holder}_{post.service}_{post.pool}",
        0.0,
        MOST_FTE,
        today=average,
        unit=text("services_fte", language),
        then=lambda fte: _state(session, {post.key: fte}),
        called="services_average",
    )
    st.caption(text("services_is_average" if post.average else "services_is_own", language))


def _state(session: Session, posts: Mapping[Key, float]) -> None:
    """Own numbers in place of what was there: all of them, or none and why."""
    kept = _kept(session)
    kept.pop("faults", None)
    try:
        session.change(stated(session.work, posts, session.language))
    except TrinnError as error:
        kept["faults"] = session.work, [str(fault) for fault in error.faults]


def _put_table_of_posts(session: Session, posts: tuple[Post, ...], averages: Mapping[Key, float]) -> None:
    """Every post in one table, for those who have the whole list before them."""
    language = session.language
    st.markdown(text("services_more_about", language))
    heads = {key: text(f"services_post_{key}", language) for key in ("service", "pool", "average", "fte", "rests")}
    table = pd.DataFrame(
        [
            {
                heads["service"]: post.service_words,
                heads["pool"]: post.pool_words,
                heads["average"]: written(averages.get(post.key, post.fte), language),
                heads["fte"]: written(post.fte, language),
                heads["rests"]: text("services_is_average" if post.average else "services_is_own", language),
            }
            for post in posts
        ]
    )
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=[head for key, head in heads.items() if key != "fte"],
        column_config={
            heads["service"]: st.column_config.TextColumn(width=180),
            heads["pool"]: st.column_config.TextColumn(width=150),
            heads["average"]: st.column_config.TextColumn(width=120, alignment="right"),
            heads["fte"]: st.column_config.TextColumn(width=100, alignment="right", max_chars=20),
        },
        alt=text("services_more", language),
        key=f"{_PAGE}_posts_{abs(hash((posts, language)))}",
    )
    changed, faults = read_cells(posts, [str(cell or "") for cell in edited[heads["fte"]]], language)
    for fault in faults:
        st.error(plain(fault), icon=":material/error:")
    st.button(
        text("services_apply", language, number=len(changed)),
        disabled=not changed or bool(faults),
        on_click=lambda: _state(session, changed),
        key=f"{_PAGE}_apply",
    )


def _put_reset(session: Session) -> None:
    """Away with own numbers."""
    if session.work.own:
        st.button(
            text("services_reset", session.language),
            icon=":material/restart_alt:",
            on_click=lambda: session.change(without_own(session.work)),
            key=f"{_PAGE}_reset",
        )


# -- files --------------------------------------------------------------------------------------------------------------


def _put_files(session: Session, base: Scenario) -> None:
    language = session.language
    with st.expander(text("services_files", language), icon=":material/upload_file:", expanded="upload" in _kept(session)):
        down, up = st.columns(2)
        with down:
            st.markdown(f"**{text('services_sheet', language)}**")
            _put_template(session)
        with up:
            st.markdown(f"**{text('services_bring', language)}**")
            _put_upload(session)
    if base.entered:
        lines = shown_back(base, language)
        with st.expander(text("services_entered", language, number=len(base.entered)), icon=":material/fact_check:"):
            st.code("\n".join(lines), language=None, wrap_lines=True)


def _put_template(session: Session) -> None:
    language = session.language
    st.markdown(text("services_sheet_about", language))
    try:
        data = _template(session.work.place, language)
    except TrinnError:
        st.info(text("services_sheet_one", language))
        return
    st.download_button(
        text("services_sheet_get", language),
        data,
        file_name=f"trinn_{_file_name(session.work.place)}.xlsx",
        mime=_SHEET,
        on_click="ignore",
        icon=":material/download:",
        key=f"{_PAGE}_template",
    )


def _file_name(place: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in place)[:40]


@lru_cache(maxsize=64)
def _template(place: str, language: Language) -> bytes:
    """The workbook of a place, which is never written to a disk."""
    scenario, source = named_source(place)
    stream = BytesIO()
    write_template(scenario, source, cast("Any", stream), language)
    return stream.getvalue()


def _put_upload(session: Session) -> None:
    language = session.language
    kept = _kept(session)
    key = f"{_PAGE}_upload_{kept.get('round', 0)}"
    st.warning(text("services_upload_warning", language), icon=":material/shield_person:")

    def bring() -> None:
        brought = st.session_state[key]
        kept.pop("upload", None)
        if brought is not None:
            _bring(session, brought.name, brought.getvalue())

    st.file_uploader(
        text("services_upload", language),
        type=["xlsx", "yaml", "yml", "json"],
        max_upload_size=MOST_MB,
        key=key,
        on_change=bring,
        help=text("services_upload_help", language, most=MOST_MB),
    )
    said = kept.get("upload", {})
    if said.get("faults"):
        st.error(text("services_upload_refused", language), icon=":material/report:")
        st.code("\n".join(said["faults"]), language=None, wrap_lines=True)
    elif said.get("work") == session.work:
        st.success(plain(text("services_upload_taken", language, name=said["name"])), icon=":material/check_circle:")
        if said["left_out"]:
            st.warning(plain(text("start_left_out", language, names=joined(list(said["left_out"]), language))))


def _bring(session: Session, name: str, data: bytes) -> None:
    """Take over a file that is sound: all of it, or nothing."""
    kept = _kept(session)
    try:
        moved = laid_under(session.work, read_upload(name, data, session.language))
    except TrinnError as error:
        kept["upload"] = {"faults": [str(fault) for fault in error.faults]}
        return
    if moved.work.place != session.work.place:
        session.answered.clear()  # no page shows one place's numbers under another's name, not even as old ones
    session.change(moved.work)
    kept["upload"] = {"work": moved.work, "name": name, "left_out": moved.left_out}
    kept["round"] = kept.get("round", 0) + 1
