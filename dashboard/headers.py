"""What the server says to browsers with every answer, and whom it does not answer: other sites, and doors that nobody uses."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.texts import LANGUAGES, Language


def language_script(language: Language) -> str:
    """What makes the page say its language: Streamlit says English whatever it is, and screen readers believe it."""
    return f"<script>{_said(language)}</script>"


def _said(language: Language) -> str:
    return f"document.documentElement.lang='{language}'"


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _in_the_page() -> list[str]:
    """The scripts that stand in Streamlit's own page."""
    page = (files("streamlit") / "static" / "index.html").read_text(encoding="utf-8")
    return re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)


_SCRIPTS = [_hash(script) for script in (*map(_said, LANGUAGES), *_in_the_page())]
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' {' '.join(_SCRIPTS)}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Only what comes from this server; of scripts in the page only Streamlit's own and the two that say its language."""
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the address holds the work
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Puts :data:`HEADERS` on every answer of an application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers."""

        async def put(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, put if scope["type"] == "http" else send)


SHUT = ("/_stcore/agent", "/_stcore/metrics", "/_stcore/script-health-check", "/auth/", "/oauth2callback")
"""Where Streamlit answers programs, measures itself and lets people log in: none of it is ours."""


class OwnSite:
    """Refuses what a page of another site asks, and doors that are shut. Behind :class:`SecurityHeaders`.

    Streamlit refuses other sites too, but asks a service on the internet for this machine's address before it does. What is
    from our own site goes on without its origin, so that it never needs to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or not at all."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if scope["path"].startswith(SHUT):
            await _refuse(404, "Not found", scope, receive, send)
        elif origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            await _refuse(403, "Another site", scope, receive, send)
        else:
            kept = [(name, value) for name, value in scope["headers"] if name != b"origin"]
            await self.app({**scope, "headers": kept}, receive, send)


async def _refuse(status: int, words: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before it was accepted: the answer is 403
    else:
        await PlainTextResponse(words, status_code=status)(scope, receive, send)
