"""Office files whose bytes depend on what stands in them and on nothing else."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

MOMENT = (1980, 1, 1, 0, 0, 0)
"""Stands for every file inside: the first that such an archive can name."""
PROPERTIES = "docProps/core.xml"
_WRITTEN = re.compile(rb"<(dcterms:created|dcterms:modified|cp:lastModifiedBy|cp:revision)\b[^>]*?(/>|>.*?</\1>)", re.DOTALL)


def packed(archive: bytes) -> bytes:
    """The same archive without the moments at which it and its files were written."""
    found = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as source, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == PROPERTIES:
                content = _WRITTEN.sub(b"", content)
            target.writestr(zipfile.ZipInfo(name, MOMENT), content, zipfile.ZIP_DEFLATED)
    return found.getvalue()
