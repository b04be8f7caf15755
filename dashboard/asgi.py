"""The dashboard as a web application: the script, the headers, the hosts it answers to, and its first answer made ready."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import streamlit.config
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from streamlit.starlette import App

from dashboard.delivery import served_by
from dashboard.headers import OwnSite, SecurityHeaders

HOSTS = "TRINN_HOSTS"
"""The environment's variable with the names the server answers to, separated by commas."""
_LOG = logging.getLogger("trinn.dashboard")

streamlit.config.set_option("client.allowedOrigins", [])
"""No page of another site speaks to ours; by default many of Streamlit's own may. No flag says an empty list."""


def _ready() -> None:
    from dashboard.warm import make_ready  # here: the server answers while numba is still being read

    make_ready()


@asynccontextmanager
async def _lifespan(_app: App) -> AsyncIterator[None]:
    served_by(asyncio.get_running_loop())
    threading.Thread(target=_ready, name="trinn-ready", daemon=True).start()
    yield


def _failed(fault: Exception) -> bool:
    """What a visitor sees of a fault of ours: a code that stands in the log, and nothing of the server's inside."""
    from dashboard.session import here
    from dashboard.texts import text

    code = secrets.token_hex(2).upper()
    _LOG.error("fault %s", code, exc_info=fault)
    st.error(text("running_fault", here().language, code=code), icon=":material/error:")
    return True


app = App(
    str(Path(__file__).with_name("app.py")),
    lifespan=_lifespan,
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=os.environ.get(HOSTS, "localhost,127.0.0.1").split(",")),
        Middleware(OwnSite),
    ],
    on_script_error=_failed,
)
