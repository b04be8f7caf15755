"""What a figure on the screen is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Picture:
    """A figure, with everything that stands beside it."""

    name: str
    """For the names of files."""
    title: str
    alt: str
    """What is to be seen, in words: the takeaway with its numbers."""
    table: pd.DataFrame
    """The same numbers, as the reader is shown them."""
    how: str = ""
    """How the figure is read."""
    chart: Any = None
    """An Altair chart."""
    echarts: dict[str, Any] | None = None
    """Options of an ECharts chart, where it is one."""
