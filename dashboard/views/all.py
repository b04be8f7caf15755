"""Every page: its key, address and place in the menu."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

PAGES = ("start", "services", "proposals", "compare", "rejections", "required", "matters", "research", "about")
"""Keys in the order of the menu; also their addresses, in both languages."""


def drawing(key: str) -> Callable[[], None]:
    """What draws a page; its room is imported when the page is first opened."""

    def draw() -> None:
        import_module(f"dashboard.views.{key}").draw()

    draw.__name__ = key
    return draw
