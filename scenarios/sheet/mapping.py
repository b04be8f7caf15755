"""From what a planner knows to what the model uses: each answer sets something, or is kept and shown back as not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from scenarios.resolve import staffing
from scenarios.schema import BANDS, CHILD_BANDS, Label, Pool, Scenario
from scenarios.sheet import vocabulary
from scenarios.sheet.answers import Answer, Part
from scenarios.sheet.columns import AGES, LISTS, QUESTIONS, STAFF, TASKS, TRUST, Table
from scenarios.sheet.opening import start_from_lists
from scenarios.sheet.reading import Answers, Given, Row
from scenarios.sheet.words import label, number_text, say, words
from scenarios.sheet.writing import Mapped, Path_

_MOST_BESIDE = 30
"""Cells outside the tables that are named one by one."""
_MOST_OFF = 0.99
"""Most of a post's hours that supervision and system work take: the model leaves something."""
_ROUNDED = 6
"""Decimals of what is worked out of several cells."""


def mapped(read: Answers, base: Scenario, now: Scenario) -> Mapped:
    """What the answers of a workbook make of the scenario of its place.

    Args:
        read: the answers; faults are added to theirs.
        base: the scenario of the place.
        now: the same as it stands on the start date, the changes of its levers made.
    """
    out = Mapped(read, base, now)
    _inhabitants(out)
    pools: dict[tuple[str, str], list[Row]] = {}
    for row in read.rows.get(STAFF.key, []):
        service = str(row.value("service"))
        profession = str(row.value("profession") or "profession_other")
        pool = None if service == vocabulary.OTHER_SERVICE else vocabulary.pool_of(now, service, profession)
        if pool is None:
            why = "why_other_service" if service == vocabulary.OTHER_SERVICE else "why_no_staff"
            for key, given in row.answers.items():
                if key not in ("service", "profession"):
                    out.unused(given, _what(out, STAFF, row, key), why)
        else:
            pools.setdefault((service, pool), []).append(row)
    own = {key: _posts(out, *key, rows) for key, rows in pools.items()}
    _closed(out, pools, own)
    for row in read.rows.get(LISTS.key, []):
        _list(out, row)
    start_from_lists(out, lambda row, table, key: _what(out, table, row, key))
    _trust(out)
    _beside(out)
    out.own_posts = {key for key, posts in own.items() if posts is not None and posts.fte is not None}
    return out


def _what(out: Mapped, table: Table, row: Row, key: str) -> Label:
    """What a cell of a table is about: ``lavterskeltilbud, psykolog, besatte årsverk``."""
    parts = []
    first = row.value(table.columns[0].key)
    if table is TRUST:
        parts.append(vocabulary.trust_rows(out.now).shown[str(first)])
    else:
        known = str(first) in out.now.services
        parts.append(vocabulary.service_label(out.now, str(first)) if known else words()[vocabulary.OTHER_SERVICE])
    if table is STAFF and row.value("profession") is not None:
        parts.append(vocabulary.professions(out.now).shown[str(row.value("profession"))])
    parts.append(words()[f"head_{key}"])
    return Label(nb=", ".join(part.nb for part in parts), en=", ".join(part.en for part in parts))


def _inhabitants(out: Mapped) -> None:
    for key, band in zip(QUESTIONS[3:], BANDS, strict=True):
        given = out.read.questions.get(key)
        if given is not None:
            path: Path_ = ("areas", out.area, "children", band)
            out.set(path, given.value, [given], words()[f"ask_{key}"])


@dataclass
class _Posts:
    """What the rows of a pool say together."""

    fte: float | None = None
    children: float = 1.0
    """Hours that reach children: 0 where a row of no such hours is all there is."""
    ending: list[tuple[date, float]] = field(default_factory=list)
    """Last day of funding, and the posts that end then."""


def _posts(out: Mapped, service: str, pool: str, rows: Sequence[Row]) -> _Posts | None:
    """The posts of a pool from its rows: sums of full-time equivalents, shares by how many have them."""
    before = len(out.read.faults)
    content = vocabulary.posts_here(out.now, service)[pool]
    filled = [_filled(out, row) for row in rows]
    if len(out.read.faults) > before:
        return None
    here = out.pool_path(service, pool)
    posts = _Posts(
        fte=round(sum(each for each in filled if each is not None), _ROUNDED)
        if any(each is not None for each in filled)
        else None
    )
    weights = _weights(rows, filled)
    if posts.fte is not None:
        _set_fte(out, here, rows, posts.fte)
        _set_absence(out, here, rows, filled, posts.fte)
    _set_shares(out, here, service, content, rows, weights, posts)
    _set_payer(out, here, rows)
    _set_ends(out, service, pool, rows, filled, posts)
    for row in rows:
        if "employer" in row.answers:
            out.unused(row.answers["employer"], _what(out, STAFF, row, "employer"), "why_no_mechanism")
    return posts


def _filled(out: Mapped, row: Row) -> float | None:
    """Filled posts of a row; those agreed where only they are known."""
    filled, agreed, absent = row.number_of("filled"), row.number_of("agreed"), row.value("absent")
    language = out.read.language
    shown = [number_text(value, language) for value in (filled or 0.0, agreed or 0.0)]
    if filled is not None and agreed is not None and filled > agreed:
        out.read.fault(row.cells["filled"], say("above_agreed", language, found=shown[0], limit=shown[1]))
    known = agreed if filled is None else filled
    if isinstance(absent, int | float):
        away = number_text(float(absent), language)
        if known is None and absent > 0:
            out.read.fault(row.cells["absent"], say("above_filled_unknown", language, found=away))
        elif known is not None and absent > known:
            limit = number_text(known, language)
            out.read.fault(row.cells["absent"], say("above_filled", language, found=away, limit=limit))
    return known


def _weights(rows: Sequence[Row], filled: Sequence[float | None]) -> list[float]:
    """How much each row counts where shares are put together: by its posts; all alike where none has any."""
    if any(filled):
        return [each or 0.0 for each in filled]
    return [1.0] * len(rows)


def _cells(rows: Sequence[Row], *keys: str) -> list[Given]:
    return [row.answers[key] for row in rows for key in keys if key in row.answers]


def _set_fte(out: Mapped, here: Path_, rows: Sequence[Row], fte: float) -> None:
    guessed = [row for row in rows if "filled" not in row.answers and "agreed" in row.answers]
    agreed = [row.number_of("agreed") if "agreed" in row.answers else row.number_of("filled") for row in rows]
    cells = _cells(rows, "filled") + _cells(guessed, "agreed")
    what = _what(out, STAFF, rows[0], "filled")
    if guessed:
        sure = sum(row.number_of("filled") or 0.0 for row in rows)
        low = round(sure + 0.8 * (fte - sure), _ROUNDED)
        out.set((*here, "fte"), fte, cells, what, grade="assumed", low=low, high=fte, note="filled_as_agreed")
    else:
        out.set((*here, "fte"), fte, cells, what)
    if any("agreed" in row.answers for row in rows):
        total = max(round(sum(each for each in agreed if each is not None), _ROUNDED), fte)
        out.set(
            (*here, "agreed"),
            total,
            [c for c in _cells(rows, "agreed") if c not in cells],
            _what(out, STAFF, rows[0], "agreed"),
        )
    out.gone(("services", *here[3:], "fte_per_1000"))


def _set_absence(out: Mapped, here: Path_, rows: Sequence[Row], filled: Sequence[float | None], fte: float) -> None:
    cells = _cells(rows, "absent")
    if not cells:
        return
    away = 0.0
    for row, posts in zip(rows, filled, strict=True):
        absent = row.value("absent")
        away += absent.share * (posts or 0.0) if isinstance(absent, Part) else row.number_of("absent") or 0.0
    if fte > 0:
        out.set((*here, "absent"), round(min(1.0, away / fte), _ROUNDED), cells, _what(out, STAFF, rows[0], "absent"))
    else:
        for cell in cells:
            out.unused(cell, _what(out, STAFF, rows[0], "absent"), "why_no_posts")


def _set_shares(
    out: Mapped, here: Path_, service: str, content: Pool, rows: Sequence[Row], weights: Sequence[float], posts: _Posts
) -> None:
    """What the hours go to: children 0-17, and single cases, supervision and system work."""
    before = len(out.read.faults)
    told = [(row, weight, _young(out, row), _tasks(out, row)) for row, weight in zip(rows, weights, strict=True)]
    if len(out.read.faults) > before:
        return
    all_ages = _has_adults(out.now)
    used = _cells(rows, *TASKS) + ([] if all_ages else _cells(rows, *AGES))
    for cell in _cells(rows, *AGES) if all_ages else ():
        out.unused(cell, _about_cell(out, rows, cell), "why_no_mechanism")
    relevant = [(w, young, tasks) for _, w, young, tasks in told if w > 0]
    if not used or not relevant:
        for cell in used:
            out.unused(cell, _about_cell(out, rows, cell), "why_no_posts")
        return
    if all(young is None and not any(t is not None for t in tasks) for _, young, tasks in relevant):
        for cell in used:
            out.unused(cell, _about_cell(out, rows, cell), "why_no_mechanism")
        return
    total = sum(weight for weight, _, _ in relevant)
    cases = supervision = system = 0.0
    usual = vocabulary.usual_cases(content)
    for weight, young, (case, guide, build) in relevant:
        rest = max(0.0, 1 - (guide or 0.0) - (build or 0.0))
        share = min(usual, rest) if case is None else case
        cases += weight / total * share * (1.0 if all_ages or young is None else young)
        supervision += weight / total * (guide or 0.0)
        system += weight / total * (build or 0.0)
    _write_shares(out, here, content, rows, used, (cases, supervision, system))
    posts.children = cases


def _write_shares(
    out: Mapped, here: Path_, content: Pool, rows: Sequence[Row], used: list[Given], parts: tuple[float, float, float]
) -> None:
    """Hours as the model has them: off the top what is supervision and system work, and of the rest a share for children."""
    cases, *others = parts
    known = {key: share for key, share in zip(("supervision", "system"), others, strict=True) if _cells(rows, key)}
    reach = min(1.0, cases / vocabulary.in_place(content))
    before = {str(key): hours for key, hours in content.work.items()}
    work = before | {key: share * content.weekly_hours for key, share in known.items()}
    off, most = sum(work.values()) / content.weekly_hours, min(1 - reach, _MOST_OFF)
    work = {key: round(hours * min(1.0, most / off), _ROUNDED) if off else 0.0 for key, hours in work.items()}
    left = 1 - sum(work.values()) / content.weekly_hours
    for key, hours in work.items():
        if key in known:
            out.set((*here, "work", key), hours, _cells(rows, key), _what(out, STAFF, rows[0], key))
        elif hours != before.get(key):
            out.put((*here, "work", key), hours, used[0])
    rest = [cell for cell in used if cell not in _cells(rows, "supervision", "system")]
    share = min(1.0, round(reach / left, _ROUNDED))
    if rest or share != content.child_share:
        out.set((*here, "child_share"), share, rest, _about_cell(out, rows, (rest or used)[0]))


def _about_cell(out: Mapped, rows: Sequence[Row], cell: Given) -> Label:
    row, key = next((row, key) for row in rows for key, given in row.answers.items() if given == cell)
    return _what(out, STAFF, row, key)


def _young(out: Mapped, row: Row) -> float | None:
    """The share of a row's hours for children 0-17; None where it is not said."""
    shares = [row.number_of(key) for key in AGES]
    known = [share for share in shares if share is not None]
    if not known:
        return None
    where = f"{row.cells[AGES[0]]}:{row.cells[AGES[-1]].rpartition('!')[2]}"
    total = sum(known)
    if total > 1.005 or (len(known) == len(shares) and total < 0.995):
        key = "sum_above" if total > 1.005 else "sum_not"
        out.read.fault(where, say(key, out.read.language, found=number_text(round(100 * total, 2), out.read.language)))
        return None
    if shares[-1] is not None:
        return 1 - shares[-1]
    return min(1.0, total) if len(known) == len(CHILD_BANDS) else None


def _tasks(out: Mapped, row: Row) -> tuple[float | None, float | None, float | None]:
    cases, supervision, system = (row.number_of(key) for key in TASKS)
    total = sum(share for share in (cases, supervision, system) if share is not None)
    if total > 1.005:
        where = f"{row.cells[TASKS[0]]}:{row.cells[TASKS[-1]].rpartition('!')[2]}"
        text = number_text(round(100 * total, 2), out.read.language)
        out.read.fault(where, say("sum_above", out.read.language, found=text))
    return cases, supervision, system


def _has_adults(scenario: Scenario) -> bool:
    """Whether the model has needs of those over 17."""
    return any(demand.per_1000.get("18-25", 0) for demand in scenario.demand.values())


def _set_payer(out: Mapped, here: Path_, rows: Sequence[Row]) -> None:
    cells = _cells(rows, "funding")
    if not cells:
        return
    payers = {vocabulary.PAYERS[str(cell.value)] for cell in cells}
    if len(payers) == 1 and len(cells) == len(rows):
        out.set((*here, "payer"), payers.pop(), cells, _about_cell(out, rows, cells[0]), graded=False)
        return
    for cell in cells:
        out.unused(cell, _about_cell(out, rows, cell), "why_mixed")


def _set_ends(out: Mapped, service: str, pool: str, rows: Sequence[Row], filled: Sequence[float | None], posts: _Posts) -> None:
    """Posts whose funding ends are gone from the next day on."""
    period = out.now.period
    end = period.start + timedelta(seconds=period.length)
    begin = period.start - timedelta(seconds=period.warmup)
    for row, number in zip(rows, filled, strict=True):
        cell = row.answers.get("funded_until")
        if cell is None or not isinstance(cell.value, date):
            continue
        what, day = _what(out, STAFF, row, "funded_until"), cell.value + timedelta(days=1)
        if not number:
            out.unused(cell, what, "why_no_posts")
        elif day >= end:
            out.unused(cell, what, "why_no_end")
        else:
            posts.ending.append((cell.value, number))
            out.change(f"{out.holder(service)}/{service}.{pool}.fte-={number:.10g}", max(day, begin), cell, what)


def _closed(out: Mapped, pools: dict[tuple[str, str], list[Row]], own: dict[tuple[str, str], _Posts | None]) -> None:
    """A service that has no hours for children is closed, from the day the last of its funding ends or from the beginning."""
    for service in dict.fromkeys(name for name, _ in pools):
        if out.now.services[service].shared:
            continue
        posts = [own.get((service, pool)) for pool in vocabulary.posts_here(out.now, service)]
        known = [each for each in posts if each is not None and each.fte is not None]
        if len(known) < len(posts):
            continue
        path: Path_ = ("areas", out.area, "services", service)
        working = [each for each in known if each.fte and each.children > 0]
        cells = [cell for (name, _), rows in pools.items() if name == service for cell in _cells(rows, "filled", "agreed")]
        if working and not vocabulary.service_here(out.now, service).open:
            if f"{out.area}/{service}.open" in out.touched:
                out.read.fault(cells[0].cell, say("closed_by_lever", out.read.language))
                continue
            out.put((*path, "open"), True, cells[0])
            out.also(cells[0], f"{service}.open=true")
        if not working:
            out.put((*path, "open"), False, cells[0])
            out.also(cells[0], f"{service}.open=false")
            continue
        left = [round((each.fte or 0.0) - sum(number for _, number in each.ending), _ROUNDED) for each in working]
        if not any(value > 0 for value in left):
            last = max(day for each in working for day, _ in each.ending) + timedelta(days=1)
            out.closing(service, last)
            out.put((*path, "closes"), last.isoformat(), cells[0])


def _list(out: Mapped, row: Row) -> None:
    """What a service's own list tells: its course, as far as it is described in sessions; the rest is for comparison."""
    service = str(row.value("service"))
    known = service in out.now.services
    for key in ("contacts", "started", "ended"):
        if key in row.answers:
            out.unused(row.answers[key], _what(out, LISTS, row, key), "why_compare" if known else "why_other_service")
    for key, field_name in (("sessions", "sessions"), ("missed", "missed")):
        given = row.answers.get(key)
        if given is None:
            continue
        what = _what(out, LISTS, row, key)
        if not known:
            out.unused(given, what, "why_other_service")
        elif vocabulary.service_here(out.now, service).course.sessions is None:
            out.unused(given, what, "why_course")
        else:
            path: Path_ = ("areas", out.area, "services", service, "course", field_name)
            out.set(path, _plain_number(given.value), [given], what)


def _plain_number(value: Answer) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _trust(out: Mapped) -> None:
    for row in out.read.rows.get(TRUST.key, []):
        for key, given in row.answers.items():
            if key != "about" and given not in out.seen:
                out.unused(given, _what(out, TRUST, row, key), "why_compare")


def _beside(out: Mapped) -> None:
    """What stands outside the tables: where, never what."""
    for where, key in out.read.beside[:_MOST_BESIDE]:
        out.note(where, words()[key], label("value_hidden"), label("why_beside"))
    if len(out.read.beside) > _MOST_BESIDE:
        where = out.read.beside[_MOST_BESIDE][0]
        out.note(where, words()["what_more_beside"], label("value_hidden"), label("why_beside"))


def whose(base: Scenario, now: Scenario, own: set[tuple[str, str]]) -> str:
    """Whose staffing it is once the posts of ``own`` are the place's own."""
    if not own:
        return base.staffing
    averages = base.staffing != "own"
    left = [
        post for post in staffing(now)
        if (post["service"], post["pool"]) not in own
        and vocabulary.posts_here(now, post["service"])[post["pool"]].fte_per_1000 is not None
    ]  # fmt: skip
    return "partly_own" if left and averages else "own"
