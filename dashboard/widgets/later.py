"""What is made beside the page: said to be under way, looked at again, and shown once it is there."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import streamlit as st

from dashboard.session import here
from dashboard.texts import text
from dashboard.widgets.running import put_error
from scenarios.errors import TrinnError

TICK = 0.5
"""Seconds between two looks."""
PATIENCE = 0.3
"""Seconds that the page itself waits."""
_LOG = logging.getLogger("trinn.dashboard")
Made = TypeVar("Made")


def put_later(future: Future[Made], put: Callable[[Made], None]) -> None:
    """Show what a future holds, now or as soon as it is there.

    Args:
        future: what is made.
        put: shows it.
    """
    try:
        found = future.result(PATIENCE)
    except TimeoutError:
        _wait(future)
    except TrinnError as error:
        put_error(error, here().language)
    except Exception:  # whatever it is, the rest of the page stands
        code = secrets.token_hex(2).upper()
        _LOG.exception("fault %s", code)
        st.error(text("running_fault", here().language, code=code), icon=":material/error:")
    else:
        put(found)


def _wait(future: Future[Made]) -> None:
    @st.fragment(run_every=TICK)
    def looked() -> None:
        if future.done():
            st.rerun()
        st.info(text("compare_under_way", here().language), icon=":material/hourglass_empty:")

    looked()
