"""What is said with every answer, and who gets none: other sites, and doors that nobody uses."""

import asyncio
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

import pytest

from dashboard.headers import CONTENT_SECURITY_POLICY, HEADERS, SHUT, OwnSite, SecurityHeaders, language_script
from dashboard.serve import hosts_of, is_loopback, settings

HOST = "localhost:8501"


def asked(path="/", kind="http", **headers):
    """What is answered, and what the application was asked, if it was."""
    reached, said = [], []

    async def application(scope, _receive, send):
        reached.append({name.decode() for name, _ in scope.get("headers", [])})
        if kind == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        said.append(message)

    pairs = {"host": HOST, **headers}.items()
    scope = {"type": kind, "path": path, "headers": [(name.encode(), value.encode()) for name, value in pairs]}
    asyncio.run(SecurityHeaders(OwnSite(application))(scope, None, send))
    return said, reached


@pytest.mark.parametrize("path", ["/", "/_stcore/agent/mcp"])
def test_every_answer_has_the_headers_a_refusal_too(path):
    said, _ = asked(path)
    headers = {name.decode().lower(): value.decode() for name, value in said[0]["headers"]}
    assert {name: headers[name.lower()] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("origin", ["http://localhost:8501", "https://LOCALHOST:8501"])
def test_what_comes_from_our_own_site_goes_on_without_its_origin(kind, origin):
    """Streamlit asks a service on the internet for this machine's address before it trusts an origin that it does not know."""
    _, reached = asked(kind=kind, origin=origin)
    assert reached == [{"host"}]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost",
        "http://localhost:8502",
        "null",
        "",
        "localhost:8501",
        "http://localhost:8501.evil.example",
        "http://localhost:8501@evil.example",
    ],
)
def test_what_comes_from_another_site_is_refused(origin):
    said, reached = asked(origin=origin)
    assert (said[0]["status"], reached) == (403, [])
    said, reached = asked(kind="websocket", origin=origin)
    assert (said, reached) == ([{"type": "websocket.close", "code": 1008}], [])


def test_programs_that_name_no_origin_are_let_through():
    said, reached = asked()
    assert (said[0]["status"], len(reached)) == (200, 1)


@pytest.mark.parametrize("path", SHUT)
def test_doors_that_nobody_uses_are_shut(path):
    said, reached = asked(f"{path}x")
    assert (said[0]["status"], reached) == (404, [])


def test_whatever_is_neither_asked_nor_a_socket_goes_through():
    """The application's own beginning and end."""
    assert asked(kind="lifespan")[1] == [{"host"}]


def test_the_policy_lets_nothing_in_from_elsewhere():
    parts = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert parts["default-src"] == "'self'"
    assert parts["frame-ancestors"] == "'none'"
    assert parts["object-src"] == "'none'"
    assert "unsafe" not in parts["script-src"]
    assert not re.search(r"https?:|\*|\bws", CONTENT_SECURITY_POLICY)


def test_the_policy_names_every_script_that_stands_in_a_page():
    page = (files("streamlit") / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    scripts += [language_script(language).removeprefix("<script>").removesuffix("</script>") for language in ("nb", "en")]
    for script in scripts:
        assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.count("sha256-") == len(scripts)


@pytest.mark.parametrize(
    ("address", "named", "hosts"),
    [
        ("127.0.0.1", (), ("localhost", "127.0.0.1")),
        ("0.0.0.0", ("trinn.example.org",), ("localhost", "127.0.0.1", "trinn.example.org")),
        ("10.0.0.5", ("trinn.example.org",), ("localhost", "127.0.0.1", "10.0.0.5", "trinn.example.org")),
    ],
)
def test_the_server_answers_to_names_that_were_named_and_to_no_star(address, named, hosts):
    assert hosts_of(address, named) == hosts
    assert settings(address, 8501, hosts)["server.allowedHosts"] == list(hosts)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.5", False),
        ("::", False),
        ("name", False),
    ],
)
def test_loopback_is_told_from_the_network(address, inside):
    """Whoever lets others in is warned."""
    assert is_loopback(address) is inside


def test_the_settings_that_keep_visitors_safe():
    found = settings("127.0.0.1", 8501, ("localhost",))
    for name in ("server.enableXsrfProtection", "server.enableCORS"):
        assert found[name] is True
    for name in ("browser.gatherUsageStats", "client.showErrorLinks", "server.enableStaticServing", "global.developmentMode"):
        assert found[name] is False
    assert found["client.showErrorDetails"] == "none"
