"""What a result rests on, as it is read: each number with value, range, grade and source, and how many there are of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from dashboard import numbers
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, has_text, text
from scenarios.addresses import Pick, parse_change
from scenarios.evidence import GRADES, Number, count
from scenarios.evidence import numbers as numbers_of
from scenarios.evidence_places import is_per_1000
from scenarios.levers import levers
from scenarios.schema import Grade, Scenario, Service
from scenarios.sources import told
from scenarios.units import DAY, HOUR, YEAR, parse_duration, parse_rate

SUREST_FIRST: tuple[Grade, ...] = ("own", "published", "calibrated", "stated", "assumed")
SHOWN = 4
"""Of an entry that stands for more different values than this, only the smallest and the largest are shown."""


@dataclass(frozen=True)
class EvidenceRow:
    """One number, as it is read."""

    number: Number
    subject: str
    """What it is about: a service, or a part of the scenario."""
    words: str
    """The rest of its address, or what it names."""
    value: str
    range: str
    grade: str
    source: str
    """Title and year."""
    note: str
    lever: str


@dataclass(frozen=True)
class EvidenceGroup:
    """The numbers of one grade."""

    title: str
    rows: tuple[EvidenceRow, ...]


def of_scenarios(scenarios: Sequence[Scenario]) -> tuple[Number, ...]:
    """The numbers of several scenarios, each once."""
    found: dict[str, Number] = {}
    for scenario in scenarios:
        for number in numbers_of(scenario):
            found.setdefault(number.key, number)
    return tuple(found.values())


def summary(found: Sequence[Number], language: Language) -> str:
    """``The result rests on 54 numbers: 10 published, ...``, in one line."""
    if not found:
        return text("evidence_none", language)
    counted = {grade: str(number) for grade, number in count(found).items()}
    return text("evidence_summary", language, total=len(found), **counted)


def evidence_rows(found: Sequence[Number], scenarios: Sequence[Scenario], language: Language) -> tuple[EvidenceRow, ...]:
    """The numbers as they are read, in their order.

    Args:
        found: of :func:`of_scenarios`.
        scenarios: those they are of, for what services are called.
        language: ``nb`` or ``en``.
    """
    return tuple(_row(number, scenarios, language) for number in found)


def evidence_groups(found: Sequence[Number], scenarios: Sequence[Scenario], language: Language) -> tuple[EvidenceGroup, ...]:
    """The numbers by grade, the surest first."""
    groups = []
    for grade in SUREST_FIRST:
        rows = evidence_rows([number for number in found if number.grade == grade], scenarios, language)
        if rows:
            head = text("evidence_group", language, grade=text(f"grade_{grade}", language).capitalize(), number=len(rows))
            groups.append(EvidenceGroup(head, rows))
    return tuple(groups)


def exported_evidence(found: Sequence[Number], scenarios: Sequence[Scenario], language: Language) -> list[dict[str, Any]]:
    """For programs: one row a number. Values, low and high stand as a file would state them.

    Keys: number, lever, grade, values, low, high, factor, source, source_title, note, about, value.
    """
    return [
        {
            "number": row.number.key,
            "lever": row.number.lever,
            "grade": row.number.grade,
            "values": ", ".join(map(str, row.number.values)),
            "low": row.number.low,
            "high": row.number.high,
            "factor": row.number.factor,
            "source": row.number.source,
            "source_title": row.source,
            "note": row.number.note,
            "about": f"{row.subject}: {row.words}",
            "value": row.value,
        }
        for row in evidence_rows(found, scenarios, language)
    ]


def counted(found: Sequence[Number]) -> dict[str, int]:
    """How many numbers there are of each grade, and in all."""
    return {"total": len(found), **{str(grade): number for grade, number in count(found).items()}}


def _row(number: Number, scenarios: Sequence[Scenario], language: Language) -> EvidenceRow:
    subject, words = named(number, scenarios, language)
    return EvidenceRow(
        number=number,
        subject=subject,
        words=words,
        value=_value(number, language),
        range=range_words(number, language),
        grade=text(f"grade_{number.grade}", language),
        source=source_words(number.source),
        note=number.note,
        lever=lever_words(number.lever, language),
    )


def source_words(source: str) -> str:
    """The title and year of each source; words that are no id stand as they are."""
    whole = told(source)
    if whole != source or ", " not in source:
        return whole
    return "; ".join(told(part) for part in source.split(", "))


def lever_words(label: str, language: Language) -> str:
    """What a lever is called; ``coordinator:individual_plan`` with its kind."""
    name, _, kind = label.partition(":")
    lever = levers().get(name)
    if lever is None:
        return label
    words = chosen(lever.name, language)
    return f"{words} ({chosen(lever.kinds[kind].name, language)})" if kind in lever.kinds else words


# -- what it is about ---------------------------------------------------------------------------------------------------


def named(number: Number, scenarios: Sequence[Scenario], language: Language) -> tuple[str, str]:
    """The subject of a number and the rest of its address, in words where there are any."""
    address = number.address.removesuffix("=").rstrip("+-*:")
    parts = re.findall(r"(?:[^.\[]|\[[^\]]*\])+", address.removeprefix("services."))
    first, rest = parts[0], parts[1:]
    if first.startswith(("services[", "role:", "step:")):
        which = first.partition(":")[2]
        several = text("evidence_several_services", language)
        return f"{several} ({_plain(which)})" if which else several, _words(rest, language)
    scenario = next((each for each in scenarios if first in each.services), None)
    if scenario is None:
        subject = lever_words(number.lever, language) or text("evidence_ladder", language)
        return subject, _words(_called(parts, scenarios, language), language)
    service = scenario.services[first]
    rest = rest[1:] if rest[0] == "staff" else rest
    if rest[0] in service.staff:
        name = service.staff[rest[0]].name
        rest = [chosen(name, language) if name else rest[0], *rest[1:]]
    return service_name(scenario, first, language), _words(rest, language)


def _called(parts: Sequence[str], scenarios: Sequence[Scenario], language: Language) -> list[str]:
    """Doors and needs by their names."""
    labels = {
        key: thing.name
        for scenario in scenarios
        for key, thing in (*(scenario.doors.items() if parts[0] == "doors" else ()), *scenario.needs.items())
    }
    found = [chosen(label, language) if (label := labels.get(part)) else part for part in parts[1:]]
    return [parts[0], *found]


def _words(parts: Sequence[str], language: Language) -> str:
    """``intake, lead time: mean``."""
    *before, last = (_part(part, language) for part in parts)
    return f"{', '.join(before)}: {last}" if before else last


def _part(part: str, language: Language) -> str:
    """A step of an address: in words where there are any, with its conditions after it."""
    name, bracket, conditions = part.partition("[")
    key = next((key for key in (f"part_{name}", f"field_{name}") if has_text(key)), "")
    words = text(key, language) if key else _plain(name)
    conditions = conditions.rstrip("]")
    return f"{words} ({_plain(conditions).replace(':', ' ')})" if bracket and conditions not in ("*", "") else words


def _plain(words: str) -> str:
    return words.replace("_", " ")


# -- values in the reader's units ---------------------------------------------------------------------------------------


def _value(number: Number, language: Language) -> str:
    share = is_share(number.address)
    if number.address.endswith("="):
        shown = shown_value(number.values[0], language, share and number.address[-2] not in "*+-")
        sign = {"*": "times", "+": "plus", "-": "minus"}.get(number.address[-2])
        return text(f"evidence_{sign}", language, number=shown) if sign else shown
    if not number.values:
        return text("nothing", language)
    if len(number.values) <= SHOWN:
        return "; ".join(shown_value(value, language, share) for value in number.values)
    ordered = sorted(number.values, key=_size)
    ends = [shown_value(end, language, share) for end in (ordered[0], ordered[-1])]
    return text("evidence_several", language, low=ends[0], high=ends[1], number=len(ordered))


def range_words(number: Number, language: Language) -> str:
    """The range, in the reader's units; empty where there is none."""
    if number.low is None or number.high is None:
        return ""
    relative = number.factor or number.address.endswith("*=")
    low, high = (_shown(number, end, language) for end in (number.low, number.high))
    return text("evidence_factor" if relative else "range", language, low=low, high=high)


def at_words(number: Number, value: float | str, language: Language) -> str:
    """A value inside the range of a number, in the reader's units."""
    relative = number.factor or number.address.endswith("*=")
    shown = _shown(number, value, language)
    return text("evidence_times", language, number=shown) if relative else shown


def _shown(number: Number, value: float | str, language: Language) -> str:
    """A value that a number might have; a factor as a bare number."""
    if number.values and is_per_1000(number.values[0]) and not isinstance(value, str):
        return text("evidence_per_1000", language, number=_figures(float(value), language))
    return shown_value(value, language, is_share(number.address) and not (number.factor or number.address.endswith("*=")))


def _size(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(parse_duration(value))
        except ValueError:
            try:
                return parse_rate(value)
            except ValueError:
                return 0.0
    return float(value)


def shown_value(value: Any, language: Language, share: bool = False) -> str:
    """A value as a reader writes it: durations in days or years, rates a year, shares in per cent, numbers to four figures."""
    if isinstance(value, str):
        return _measured(value, language)
    if share:
        return text("percent", language, number=_figures(float(value) * 100, language))
    return _figures(float(value), language)


def _figures(value: float, language: Language) -> str:
    """Four figures at most."""
    return numbers.decimal(float(f"{value:.4g}"), language)


def _measured(value: str, language: Language) -> str:
    try:
        seconds = parse_duration(value)
    except ValueError:
        try:
            return text("evidence_a_year", language, number=_figures(parse_rate(value), language))
        except ValueError:
            per = value.replace(" ", "").removesuffix("/1000")
            if per != value.replace(" ", ""):
                return text("evidence_per_1000", language, number=_figures(float(per), language))
            return value
    if value.endswith("y") and seconds >= YEAR:
        return text("evidence_years", language, number=_figures(seconds / YEAR, language))
    if seconds >= DAY or seconds == 0:
        days = _figures(seconds / DAY, language)
        return text("evidence_day" if days == "1" else "evidence_days", language, number=days)
    key, size = ("evidence_hours", HOUR) if seconds >= HOUR else ("evidence_minutes", 60)
    return text(key, language, number=_figures(seconds / size, language))


@cache
def is_share(address: str) -> bool:
    """Whether what stands at an address is a share by the schema: a number with 1 as its upper limit."""
    text_of = address.removesuffix("=").rstrip("+-*:")
    parts = [part for part in parse_change(f"{text_of}=0").path if part != "services"]
    for root in (Service, Scenario):
        start = parts[1:] if root is Service else parts
        if root is Service and len(start) == 2 and isinstance(start[0], str) and start[0] not in Service.model_fields:
            start = ["staff", *start]
        if _is_share(root, start):
            return True
    return False


def _is_share(kind: Any, path: Sequence[Any]) -> bool:
    metadata: Sequence[Any] = ()
    for part in path:
        kind, metadata = _step(kind, part)
        if kind is None:
            return False
    while get_origin(kind) in (dict, tuple):  # all that stands in it
        kind, metadata = _inner(kind)
    return kind is float and any(getattr(each, word, None) == 1 for each in metadata for word in ("le", "lt"))


def _step(kind: Any, part: Any) -> tuple[Any, Sequence[Any]]:
    """The type one step down, and what limits it."""
    if get_origin(kind) in (dict, tuple):
        return _inner(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and not isinstance(part, int | Pick):
        field = kind.model_fields.get(str(part))
        if field is not None:
            inner, limits = _bare(field.annotation)
            return inner, (*field.metadata, *limits)
    return None, ()


def _inner(kind: Any) -> tuple[Any, Sequence[Any]]:
    arguments = [argument for argument in get_args(kind) if argument is not Ellipsis]
    return _bare(arguments[-1])


def _bare(annotation: Any) -> tuple[Any, Sequence[Any]]:
    """A type without ``Annotated`` and without None, and what the annotation limits it to."""
    limits: list[Any] = []
    while True:
        if hasattr(annotation, "__metadata__"):
            for each in annotation.__metadata__:
                limits += getattr(each, "metadata", [each])
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            some = [argument for argument in get_args(annotation) if argument is not type(None)]
            annotation = some[0]
        else:
            return annotation, limits


def as_mapping(found: Sequence[Number], scenarios: Sequence[Scenario], language: Language) -> Mapping[str, Any]:
    """The whole of it for programs: how many there are of each grade, and the rows."""
    return {"summary": counted(found), "numbers": exported_evidence(found, scenarios, language)}


__all__ = [
    "GRADES",
    "EvidenceGroup",
    "EvidenceRow",
    "as_mapping",
    "at_words",
    "counted",
    "evidence_groups",
    "evidence_rows",
    "exported_evidence",
    "is_share",
    "lever_words",
    "named",
    "of_scenarios",
    "range_words",
    "shown_value",
    "source_words",
    "summary",
]
