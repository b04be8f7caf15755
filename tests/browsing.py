"""A server of our own and a real browser, for tests that see what a visitor sees."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SCREENS = ROOT / "out" / "screens"
"""Pictures of every page; git ignores the folder."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser_path():
    """The system's Chromium; `make test` installs it."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError("there is no Chromium: run .ci/browser, or on Debian as root apt-get install chromium")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(*options):
    """A server on a free port of this machine, ended surely. Gives its address and process."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "trinn", "dashboard", "--port", str(port), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    address = f"http://localhost:{port}"
    try:
        _wait_for(address, process)
        yield address, process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(address, process):
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {process.stderr.read().decode()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not answer")


@dataclass
class Visit:
    """A page that is open in a browser, and all that it complained of or asked others for."""

    page: object
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def watch(self, address):
        own = (address, address.replace("http", "ws"), "data:", "blob:")
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        self.page.on("request", lambda asked: None if asked.url.startswith(own) else self.elsewhere.append(asked.url))
        return self

    def _said(self, said):
        if said.type == "error" and not _TRIED.search(said.location["url"]):
            self.complaints.append(f"{said.text} {said.location['url']}")

    def settle(self, seconds=400):
        """Wait until the page stands still: no script runs, and no answer is on its way."""
        self.page.wait_for_selector("h1", timeout=seconds * 1000)
        self.page.wait_for_function(STILL, timeout=seconds * 1000)


_TRIED = re.compile(r"/[a-z]+/_stcore/(health|host-config)$")
"""Where Streamlit looks first for its server when a page other than the first is opened; it finds it at the second place."""
STILL = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    const state = app && app.getAttribute('data-test-script-state');
    const busy = document.querySelector('[data-testid="stProgress"]') || document.querySelector('[data-testid="stSkeleton"]');
    const now = document.body.innerText.length + ' ' + document.querySelectorAll('*').length;
    const same = window.__trinn_seen === now ? (window.__trinn_times || 0) + 1 : 0;
    window.__trinn_seen = now; window.__trinn_times = same;
    return state !== 'running' && state !== 'initial' && !busy && same > 12;
}"""
"""Twelve frames without a change, nothing running, no bar of progress."""


@contextmanager
def chromium():
    """A browser without windows. It is a module's, not a session's: Playwright's loop stands in the way of other loops."""
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@contextmanager
def visiting(browser, address, *, path="", language="nb", width=1280, height=900, **more):
    """A visit of a page by a browser of its own, with the language of its own."""
    context = browser.new_context(
        locale={"nb": "nb-NO", "en": "en-GB"}[language],
        viewport={"width": width, "height": height},
        accept_downloads=True,
        **more,
    )
    try:
        visit = Visit(context.new_page()).watch(address)
        visit.page.goto(f"{address}/{path}")
        visit.settle()
        yield visit
    finally:
        context.close()
