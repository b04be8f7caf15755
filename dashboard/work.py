"""What a planner has on the table: a place, its own numbers, up to four proposals. Data only: pages show it, jobs run it.

It travels as a link (only what differs, compressed) and as a JSON file; both are read without trust.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from dashboard.texts import Language, text
from scenarios.addresses import is_change
from scenarios.errors import Fault, TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.reading import Document, validate
from scenarios.schema import Scenario
from scenarios.values import Model

FORMAT = 1
"""Of links and files; grows when an old one could be read wrongly."""
MOST_PROPOSALS = 4
MOST_CHANGES = 60
LONGEST_LINK = 60_000
"""Characters of a link's code."""
LARGEST = 1_000_000
"""Bytes of a link or file once it is unpacked."""
FUTURES = (10, 20, 50, 100, 200, 500, 1000)
"""How many possible futures may be asked for."""

_PATHS = ("/", "\\")
_FILES = (".yaml", ".yml", ".xlsx", ".json")
_LEVER_FILE = r"\.ya?ml|[/\\]"

Name = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=600)]


class Proposal(Model):
    """A named stack of changes to what is there today."""

    name: Name
    changes: Annotated[tuple[Text, ...], Field(max_length=MOST_CHANGES)] = ()
    """Levers and single changes, as :func:`scenarios.levers.apply` takes them, in order."""


class Work(Model):
    """A place, what is its own, and the proposals that are compared with today."""

    format: Annotated[int, Field(strict=True, ge=1, le=FORMAT)] = FORMAT
    place: Annotated[str, StringConstraints(min_length=1, max_length=80)] = "stange"
    own: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies mutable defaults
    """What differs from the library's place, as a scenario file states it over its ``base``."""
    today: Annotated[tuple[Text, ...], Field(max_length=MOST_CHANGES)] = ()
    """Changes that hold today already."""
    proposals: Annotated[tuple[Proposal, ...], Field(max_length=MOST_PROPOSALS)] = ()
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31)] = 1
    futures: Annotated[int, Field(strict=True, ge=10, le=1000)] = 100

    @field_validator("proposals")
    @classmethod
    def _each_its_name(cls, proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
        names = [proposal.name.casefold() for proposal in proposals]
        if len(set(names)) < len(names) or any(text("today", language).casefold() in names for language in ("nb", "en")):
            raise ValueError("each proposal has a name of its own")
        return proposals

    @field_validator("place")
    @classmethod
    def _in_the_library(cls, place: str) -> str:
        if any(mark in place for mark in _PATHS) or place.lower().endswith(_FILES):
            raise ValueError(f'must be a place or an example of the library (got "{place}")')
        return place

    @model_validator(mode="after")
    def _levers_of_the_library(self) -> Self:
        for change in (*self.today, *(change for proposal in self.proposals for change in proposal.changes)):
            if not is_change(change) and re.search(_LEVER_FILE, change, re.IGNORECASE):
                raise ValueError(f'"{change}" names a file: only levers of the library and single changes travel')
        return self

    @field_validator("own")
    @classmethod
    def _over_a_place(cls, own: dict[str, Any]) -> dict[str, Any]:
        if odd := sorted(own.keys() & {"base", "levers", "place"}):
            raise ValueError(f"own numbers do not state {odd[0]}: the place stands by itself")
        return own


def base_of(work: Work) -> Scenario:
    """What is there today.

    Raises:
        TrinnError: when the place is not known, or its own numbers do not fit.
    """
    return _base(_key(work))


def _key(work: Work) -> str:
    return json.dumps([work.place, work.own, work.today], sort_keys=True)


@lru_cache(maxsize=64)
def _base(key: str) -> Scenario:
    place, own, today = json.loads(key)
    return apply(load({"base": place, **own}) if own else load(place), *today)


@lru_cache(maxsize=256)
def _proposed(key: str, changes: tuple[str, ...]) -> Scenario:
    return apply(_base(key), *changes)


def proposed(work: Work, proposal: Proposal) -> Scenario:
    """What is there with a proposal.

    Raises:
        TrinnError: when a change does not fit, with every fault.
    """
    return _proposed(_key(work), proposal.changes)


def scenarios_of(work: Work, language: Language) -> dict[str, Scenario]:
    """Today first, then every proposal, by name.

    Raises:
        TrinnError: when something does not fit; faults of a proposal begin with its name.
    """
    found = {text("today", language): base_of(work)}
    for proposal in work.proposals:
        try:
            found[proposal.name] = proposed(work, proposal)
        except TrinnError as error:
            raise TrinnError(Fault(fault.rule, fault.field, fault.place or proposal.name) for fault in error.faults) from None
    return found


def command_of(work: Work, language: Language) -> list[str]:
    """The words of the command that prints the same comparison; empty where own numbers need a file, or a proposal is empty."""
    if work.own or work.today or not work.proposals or not all(proposal.changes for proposal in work.proposals):
        return []
    words = ["trinn", "compare", work.place]
    for proposal in work.proposals:  # a name ends at the first "="
        words += ["--scenario", f"{proposal.name.replace('=', ':')}={','.join(proposal.changes)}"]
    return [*words, "--replications", str(work.futures), "--seed", str(work.seed), "--language", language]


def to_json(work: Work) -> str:
    """A file that :func:`from_json` reads."""
    return json.dumps(work.plain(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def from_json(data: bytes) -> Work:
    """The work in a file.

    Raises:
        TrinnError: with every fault; nothing of a faulty file is taken over.
    """
    if len(data) > LARGEST:
        raise TrinnError(f"the file is {len(data)} bytes; at most {LARGEST}")
    return _read(data, "file")


def to_link(work: Work) -> str:
    """The code of a link: what differs from the defaults, packed."""
    plain = json.dumps(work.plain(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(zlib.compress(plain.encode(), 9)).decode().rstrip("=")


def from_link(code: str) -> Work:
    """The work in the code of a link.

    Raises:
        TrinnError: when the code is damaged, too long, or holds what does not fit.
    """
    if len(code) > LONGEST_LINK:
        raise TrinnError(f"the link is {len(code)} characters long; at most {LONGEST_LINK}")
    try:
        packed = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
        unpack = zlib.decompressobj()
        data = unpack.decompress(packed, LARGEST)
    except (binascii.Error, ValueError, zlib.error):
        raise TrinnError("the link is damaged: copy all of it again") from None
    if unpack.unconsumed_tail or not unpack.eof:
        raise TrinnError("the link is damaged or too large: copy all of it again")
    return _read(data, "link")


def _read(data: bytes, what: str) -> Work:
    try:
        plain = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise TrinnError(f"the {what} is not JSON that Trinn has written") from None
    if not isinstance(plain, Mapping):
        raise TrinnError(f"the {what} is not JSON that Trinn has written")
    known = plain.get("format", FORMAT)
    if isinstance(known, int) and known > FORMAT:
        raise TrinnError(f"the {what} is from a newer version of Trinn (format {known}; this one reads {FORMAT})")
    work = validate(Work, Document(dict(plain), what))
    scenarios_of(work, "nb")
    return work
