"""The file itself: a zip of XML parts that is opened without trusting it. What is not an ordinary workbook is refused in one
sentence with the way out; nothing is fetched, nothing is run, and nothing grows beyond a bound."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from scenarios.errors import Fault, TrinnError

LARGEST = 5_000_000
"""Bytes of the largest workbook that is read."""
MOST_XML = 30_000_000
"""Bytes of all its parts together, unpacked."""
MOST_PARTS = 1000
SUFFIXES = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xls", ".ods", ".fods", ".csv", ".tsv", ".numbers")
"""Ends of names that are taken for a workbook; only the first is one that is read."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SAVE = "save it as an Excel workbook (.xlsx)"
_XML = (".xml", ".rels", ".vml")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emf", ".wmf", ".svg", ".tif", ".tiff", ".emz", ".wmz", ".wdp")
_HARMLESS = ("xl/printerSettings/", "xl/customProperty", "docProps/thumbnail", "[trash]/")
"""What programs leave behind, which is never read."""
_UNREAD = tuple(suffix for suffix in SUFFIXES if suffix != ".xlsx")


@dataclass(frozen=True)
class Package:
    """The XML parts of a workbook, by name."""

    file: str
    parts: Mapping[str, bytes]


def is_sheet(source: str | Path) -> bool:
    """Whether a name is that of a spreadsheet, of a kind that is read or not."""
    return str(source).lower().endswith(SUFFIXES)


def open_package(path: Path) -> Package:
    """The parts of a workbook.

    Raises:
        TrinnError: when it cannot be read, is too large, is no ordinary workbook, or holds macros or other files.
    """
    file = str(path)
    raw = _read(path, file)
    if not raw.startswith(b"PK"):
        raise TrinnError(Fault(_not_a_zip(raw, path), place=file))
    if path.suffix.lower() in _UNREAD:
        raise TrinnError(Fault(f"is a {path.suffix.lower()} file, not an ordinary workbook: {_SAVE}", place=file))
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            return Package(file, _parts(archive, file))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise TrinnError(Fault(f"is damaged: open it in the spreadsheet program, and {_SAVE}", place=file)) from None


def _read(path: Path, file: str) -> bytes:
    try:
        if path.is_dir():
            raise TrinnError(Fault("is a directory, not a workbook", place=file))
        if not path.exists():
            raise TrinnError(Fault("does not exist; trinn template PLACE FILE.xlsx writes one to fill in", place=file))
        if not path.is_file():
            raise TrinnError(Fault("is not an ordinary file", place=file))
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        rule = f"cannot be read: {reason}; if it is open in a spreadsheet program, close it there"
        raise TrinnError(Fault(rule, place=file)) from None
    if len(raw) > LARGEST:
        rule = f"is more than {LARGEST:,} bytes: write the counts into a fresh workbook from trinn template".replace(",", " ")
        raise TrinnError(Fault(rule, place=file))
    return raw


def _not_a_zip(raw: bytes, path: Path) -> str:
    """What a file is that is no zip, and the way out."""
    if not raw:
        return "is empty: write it again with trinn template"
    if raw.startswith(_OLE):
        if _ENCRYPTED in raw:
            return f"is protected with a password: take the password away, and {_SAVE}"
        return f"is an old Excel workbook (.xls): {_SAVE}"
    if path.name.startswith("~$"):
        return "is the lock file of a workbook that is open: name the workbook itself, without ~$"
    if path.suffix.lower() in (".csv", ".tsv") or b"\x00" not in raw[:4000]:
        return "is plain text, not a workbook: fill in the workbook that trinn template writes"
    return f"is not a workbook: {_SAVE}"


def _parts(archive: zipfile.ZipFile, file: str) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    names = [entry.filename for entry in entries]
    if rule := _unusual(archive, names, entries):
        raise TrinnError(Fault(rule, place=file))
    left, parts = MOST_XML, dict[str, bytes]()
    for entry in entries:
        if entry.filename.lower().endswith(_XML) or entry.filename == "mimetype":
            with archive.open(entry) as stream:
                parts[entry.filename] = stream.read(left + 1)
            left -= len(parts[entry.filename])
            if left < 0:
                raise TrinnError(Fault(_unpacks(), place=file))
    types = parts.get("[Content_Types].xml", b"")
    if b"macroEnabled" in types:
        raise TrinnError(Fault(f"holds macros: {_SAVE}, without macros", place=file))
    if b"EncryptedPackage" in types:
        raise TrinnError(Fault(f"is protected with a password: take the password away, and {_SAVE}", place=file))
    return parts


def _unpacks() -> str:
    most = f"{MOST_XML:,}".replace(",", " ")
    return f"unpacks to more than {most} bytes: write the counts into a fresh workbook from trinn template"


def _unusual(archive: zipfile.ZipFile, names: list[str], entries: list[zipfile.ZipInfo]) -> str | None:
    """Why an archive is not an ordinary workbook."""
    lower = [name.lower() for name in names]
    if len(names) > MOST_PARTS:
        return f"holds more than {MOST_PARTS} parts: write the counts into a fresh workbook from trinn template"
    if len(set(lower)) < len(lower):
        return f"is damaged: two of its parts have one name. Open it in the spreadsheet program, and {_SAVE}"
    if sum(entry.file_size for entry in entries if entry.filename.lower().endswith(_XML)) > MOST_XML:
        return _unpacks()
    if any(entry.flag_bits & 1 for entry in entries):
        return f"is protected with a password: take the password away, and {_SAVE}"
    if "mimetype" in lower or "content.xml" in lower:
        return f"is an OpenDocument sheet (.ods): {_SAVE}"
    if "xl/workbook.bin" in lower:
        return f"is a binary workbook (.xlsb): {_SAVE}"
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in lower):
        return f"holds macros: {_SAVE}, without macros"
    if "[content_types].xml" not in lower or not any(name.startswith("xl/") for name in lower):
        return f"is not a workbook: {_SAVE}"
    others = [
        name for name in names
        if not name.lower().endswith((*_XML, *_PICTURES)) and not name.startswith(_HARMLESS)
    ]  # fmt: skip
    if others:
        return "holds other files or objects inside it: take them out, or write the counts into a fresh workbook"
    return None
