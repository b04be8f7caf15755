"""Files that visitors bring: the planner's workbook, a scenario in YAML, and work that Trinn has written as JSON.

All are read without trust. What a file is, its content says and not its name; its name is never a path. Nothing is kept: the
reading rooms want a file, so it lies in a folder of its own, for this user alone, for as long as it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.numbers import decimal
from dashboard.texts import Language, text
from dashboard.work import Work, base_of, from_json
from scenarios.addresses import is_change
from scenarios.described import presets, put_on_by
from scenarios.errors import Fault, TrinnError, one_line
from scenarios.load import load
from scenarios.place_names import find
from scenarios.places import Place
from scenarios.reading import DEEPEST as DEEPEST_VALUE
from scenarios.reading import Document, dotted, read_text, validate
from scenarios.schema import Scenario
from scenarios.sheet.document import open_sheet, sheet_document
from scenarios.sheet.identity import has_birth, has_identity, is_identity
from scenarios.sheet.names import has_child

MOST_MB = 5
"""Of a workbook."""
MOST_TEXT_MB = 0.5
"""Of a scenario or work: the ladder of the whole country is a fifth of it, and reading that much takes two seconds."""
MEGABYTE = 1_000_000
TYPES = ("xlsx", "yaml", "yml", "json")
"""What a visitor is offered to choose."""
LONGEST_NAME = 60
DEEPEST = 10
"""Scenarios that may lie inside each other as ``base``."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FILE = re.compile(r"[/\\]|\.(?:ya?ml|xlsx|json)", re.IGNORECASE)
"""What makes a name that of a file."""


def read_upload(name: str, data: bytes, language: Language) -> Work:
    """The work in a file. Of a workbook or a scenario it has the place and its own numbers, and no proposals.

    Args:
        name: what the visitor calls it; only shown.
        data: its content.
        language: of what is said.

    Raises:
        TrinnError: with every fault, each with its cell or line; nothing of a faulty file is taken over.
    """
    shown = shown_name(name)
    try:
        return _read(shown, data, language)
    except TrinnError as error:
        raise TrinnError(fault if fault.place else replace(fault, place=shown) for fault in error.faults) from None


def shown_name(name: str) -> str:
    """A file's name as it may be shown: without folders, on one line, not too long."""
    bare = one_line(re.split(r"[/\\]", name)[-1]).strip() or "?"
    return bare if len(bare) <= LONGEST_NAME else f"{bare[: LONGEST_NAME - 1]}…"


def _read(shown: str, data: bytes, language: Language) -> Work:
    if not data.strip():
        raise TrinnError(text("services_upload_empty", language))
    if data.startswith(_OLE):
        raise TrinnError(text("services_upload_password" if _ENCRYPTED in data else "services_upload_old", language))
    is_sheet = data.startswith(b"PK")
    most = MOST_MB if is_sheet else MOST_TEXT_MB
    if len(data) > most * MEGABYTE:
        size = decimal(round(len(data) / MEGABYTE, 1), language)
        raise TrinnError(text("services_upload_large", language, size=size, most=decimal(most, language)))
    if is_sheet:
        return _of_sheet(shown, data)
    try:
        words = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TrinnError(text("services_upload_unknown", language)) from None
    if "\x00" in words or words.startswith("%PDF"):
        raise TrinnError(text("services_upload_unknown", language))
    if (plain := _json(words)) is not None or shown.lower().endswith(".json"):
        _refuse_persons(plain, language)
        if plain is None or plain.keys() <= Work.model_fields.keys():
            return from_json(data)
    return _of_scenario(shown, data, words, language)


def _json(words: str) -> dict[str, Any] | None:
    """The content of a JSON file; None of any other."""
    try:
        found = json.loads(words) if words.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


# -- a workbook ---------------------------------------------------------------------------------------------------------


def _of_sheet(shown: str, data: bytes) -> Work:
    with _file("workbook.xlsx", data, shown) as path:
        load(path)  # every fault with its cell
        sheet = open_sheet(path)
        place = str(sheet.start.data["base"])
        document = sheet_document(sheet, base_of(Work(place=place)))
    own = {key: value for key, value in document.data.items() if key != "base"}
    return _work(shown, place=place, own=own)


@contextmanager
def _file(name: str, data: bytes, shown: str) -> Iterator[Path]:
    """A file in a folder of its own, which is gone afterwards; faults name it as the visitor does."""
    with TemporaryDirectory(prefix="trinn-upload-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            yield path
        except TrinnError as error:
            here = str(path)
            raise TrinnError(
                replace(fault, rule=fault.rule.replace(here, shown), place=fault.place.replace(here, shown))
                for fault in error.faults
            ) from None


# -- a scenario ---------------------------------------------------------------------------------------------------------


def _of_scenario(shown: str, data: bytes, words: str, language: Language) -> Work:
    document = read_text(words, shown)
    _refuse_persons(document.data, language)
    if "grade" in document.data and "services" not in document.data:
        raise TrinnError(text("services_upload_lever", language))
    _refuse_files(document.data, language)
    with _file("scenario.yaml", data, shown) as path:
        scenario = load(path)
    base = document.data.get("base")
    if isinstance(base, str) and "place" not in document.data:
        own = {key: value for key, value in document.data.items() if key not in ("base", "levers")}
        return _work(shown, place=base, own=own, today=[item.lever for item in put_on_by(document)])
    place = _nearest_base(scenario)
    own = _over(base_of(Work(place=place)).plain(), scenario.plain())
    own.pop("place", None)
    work = _work(shown, place=place, own=own)
    if base_of(work).plain() != scenario.plain():
        raise TrinnError(text("services_upload_other_place", language))
    return work


def _refuse_files(data: Mapping[str, Any], language: Language, depth: int = 0) -> None:
    """Nothing on the server is read because a visitor's file names it."""
    base, listed = data.get("base"), data.get("levers")
    named = [item.get("lever") if isinstance(item, Mapping) else item for item in listed] if isinstance(listed, list) else []
    for item in (base, *named):
        if isinstance(item, str) and _FILE.search(item) and (item is base or not is_change(item)):
            raise TrinnError(text("services_upload_names_file", language, name=item[:LONGEST_NAME]))
    if isinstance(base, Mapping):
        if depth > DEEPEST:
            raise TrinnError(text("services_upload_names_file", language, name="base"))
        _refuse_files(base, language, depth + 1)


def _nearest_base(scenario: Scenario) -> str:
    """A place of the library on which a whole scenario can lie: its own on the plain ladder, else the smallest example."""
    example = presets().get(scenario.place)
    if example is not None and not example.place:
        return example.name
    try:
        area = find(scenario.place) if scenario.place else None
    except TrinnError:
        area = None
    if area is None:
        return "one_service"
    return area.number if isinstance(area, Place) else area.label


def _over(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be laid over ``base`` to get ``wanted``; None takes a key away."""
    found: dict[str, Any] = {}
    for key, value in wanted.items():
        here = base.get(key)
        if isinstance(value, Mapping) and isinstance(here, Mapping):
            if inner := _over(here, value):
                found[key] = inner
        elif key not in base or here != value:
            found[key] = value
    return found | {key: None for key in base if key not in wanted}


# -- both ---------------------------------------------------------------------------------------------------------------


def _work(shown: str, **parts: Any) -> Work:
    """Work that fits together, with dates as JSON has them."""
    work = validate(Work, Document(_plain(parts), shown))
    base_of(work)
    return work


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _refuse_persons(data: Any, language: Language) -> None:
    """Only counts: a file that holds an identity number, a birth date or a single child is refused, without repeating it."""
    for path, value in _leaves(data, ()):
        if len(path) > DEEPEST_VALUE:
            raise TrinnError(text("services_upload_unknown", language))
        personal = isinstance(value, str) and (has_identity(value) or has_birth(value) or has_child(value))
        number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        long = number and path[-1] != "seed" and is_identity(value)
        if personal or long:
            raise TrinnError(Fault(text("services_upload_persons", language), dotted(_safe(path))))


def _safe(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where something stands, without names that hold a number or more than a word."""
    return tuple(part if isinstance(part, int) or re.fullmatch(r"[a-z_]{1,40}", part) else "?" for part in path)


def _leaves(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value, and every key as a value, with where it stands."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield (*path, str(key)), str(key)
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(data, list | tuple):
        for number, value in enumerate(data):
            yield from _leaves(value, (*path, number))
    elif path:
        yield path, data


__all__ = ["MOST_MB", "TYPES", "read_upload", "shown_name"]
