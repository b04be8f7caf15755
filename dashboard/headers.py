"""What the server says to browsers with every answer: what a page may load, and who may frame it."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from starlette.datastructures import MutableHeaders
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
