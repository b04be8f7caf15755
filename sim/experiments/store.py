"""Parts of an interrupted question, kept on disk: one small file each, whole or not there."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Protocol

from sim.compiled import cache_folder


class Kept(Protocol):
    """Where what is done is kept, so that an interrupted question goes on where it stopped."""

    def get(self, key: str) -> Any | None:
        """What was put under a key, or None."""

    def put(self, key: str, data: Any) -> None:
        """Keep something that JSON can hold."""

    def forget(self) -> None:
        """Once the answer is there."""


class Memory(dict[str, Any]):
    """Parts that are kept for as long as the process lives, and nowhere else."""

    def put(self, key: str, data: Any) -> None:
        """Keep something."""
        self[key] = data

    def forget(self) -> None:
        """Once the answer is there."""
        self.clear()


class Folder:
    """A folder of parts. The names of parts say all that they depend on, so a part is never stale."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, key: str) -> Any | None:
        """What was put under a key; None where there is nothing, or nothing whole."""
        try:
            return json.loads((self.path / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def put(self, key: str, data: Any) -> None:
        """Keep something that JSON can hold. Where the folder cannot be written, nothing is kept."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=self.path, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(data, stream)
            os.replace(draft, self.path / f"{key}.json")
        except OSError:
            return

    def forget(self) -> None:
        """Once the answer is there."""
        shutil.rmtree(self.path, ignore_errors=True)


def users_folder(name: str) -> Folder | None:
    """A folder beside the machine code that this version of the model runs on; None where nothing is kept."""
    home = cache_folder()
    return None if home is None else Folder(home / "experiments" / name)
