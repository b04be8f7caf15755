"""Starting the dashboard's server: what is set, and why. What is set here overrules Streamlit's files and variables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.resources import files
from ipaddress import ip_address
from typing import Any

LOOPBACK = "127.0.0.1"
PORT = 8501
LARGEST_UPLOAD = 5
"""Megabytes."""


def settings(address: str, port: int, hosts: Sequence[str]) -> dict[str, Any]:
    """Streamlit's settings for a server.

    Args:
        address: where it listens.
        port: on which port.
        hosts: the names under which browsers may ask for it.
    """
    return {
        "server.headless": True,
        "server.address": address,
        "server.port": port,
        "server.allowedHosts": list(hosts),
        "server.maxUploadSize": LARGEST_UPLOAD,
        "server.maxMessageSize": 50,
        "server.disconnectedSessionTTL": 30,  # whoever has gone is not computed for
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.fileWatcherType": "none",
        "runner.postScriptGC": False,  # every run of every page would look through all that is there while nobody else gets on
        "server.enableStaticServing": False,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": "localhost",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "global.developmentMode": False,
        "logger.level": "error",
        "theme.base": "light",
        "theme.primaryColor": "#0B5E8A",
        "theme.backgroundColor": "#FFFFFF",
        "theme.secondaryBackgroundColor": "#F2F5F7",
        "theme.textColor": "#101418",
        "theme.linkColor": "#0B5E8A",
    }


def hosts_of(address: str, named: Sequence[str]) -> tuple[str, ...]:
    """The names a server answers to: those that are named, its own address, and this machine's."""
    own = [] if address in ("0.0.0.0", "::") else [address]
    return tuple(dict.fromkeys(("localhost", LOOPBACK, *own, *named)))


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches it."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def serve(address: str = LOOPBACK, port: int = PORT, hosts: Sequence[str] = ()) -> None:
    """Serve the dashboard until it is interrupted.

    Args:
        address: where it listens; only this machine by default.
        port: on which port.
        hosts: more names under which browsers may ask for it, such as the proxy's.
    """
    from streamlit.web.cli import main as streamlit

    names = hosts_of(address, hosts)
    os.environ["TRINN_HOSTS"] = ",".join(names)
    flags = []
    for name, value in settings(address, port, names).items():
        for each in value if isinstance(value, list) else [value]:
            flags += [f"--{name}", str(each).lower() if isinstance(each, bool) else str(each)]
    streamlit(["run", str(files("dashboard") / "asgi.py"), *flags], standalone_mode=False)
