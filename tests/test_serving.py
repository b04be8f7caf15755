"""The server as others meet it: by itself, with loose settings lying about, and behind the nginx of docs/nginx.conf."""

import base64
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import psutil
import pytest
from browsing import ROOT, browser_path, free_port
from playwright.sync_api import sync_playwright

from dashboard.headers import HEADERS
from dashboard.serve import is_loopback

pytestmark = pytest.mark.xdist_group("serving")

NAME = "trinn.example.org"
SECRET = "the inside of the server"
USER, PASSWORD = "planner", "open sesame"
LOOSE = """
[server]
enableAgentApi = true
enableCORS = false
enableXsrfProtection = false
scriptHealthCheckEnabled = true
address = "0.0.0.0"
allowedHosts = ["evil.example"]
maxUploadSize = 4000
[client]
showErrorDetails = "full"
showErrorLinks = true
[browser]
gatherUsageStats = true
"""
"""A configuration in the folder where the server is started: none of it may hold."""
DRIVER = f"""
import sys
from pathlib import Path
import streamlit.net_util
streamlit.net_util._make_blocking_http_get = lambda *_, **__: Path(sys.argv[1]).write_text("asked")
import dashboard.views.about
def broken():
    raise RuntimeError({SECRET!r})
dashboard.views.about.draw = broken
import trinn
trinn.main(["dashboard", "--port", sys.argv[2], "--host", {NAME!r}])
"""
"""The command, with one page that is broken. What Streamlit would ask the internet leaves a file."""
SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes...").decode(),
    "Sec-WebSocket-Protocol": "streamlit",
}
STREAM = "/_stcore/stream"


@contextmanager
def running(command, ready, **more):
    """A process, once it is ready; ended surely, with all that it started."""
    process = subprocess.Popen(command, start_new_session=True, **more)
    try:
        end = time.monotonic() + 90
        while not ready():
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            if time.monotonic() > end:
                raise RuntimeError(f"{command[0]} did not answer")
            time.sleep(0.05)
        yield process
    finally:
        _end(process)


def _end(process):
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _listens(port):
    def ready():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return ready


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The dashboard on a port of its own."""
    folder, port = tmp_path_factory.mktemp("started_here"), free_port()
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text(LOOSE)
    marker, log = folder / "asked_the_internet", folder / "log.txt"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-c", DRIVER, str(marker), str(port)]
    with log.open("w") as out, running(command, healthy(port), cwd=folder, env=environment, stdout=out, stderr=out) as process:
        yield SimpleNamespace(port=port, process=process, marker=marker, log=log)


def healthy(port):
    def ready():
        try:
            return ask(port, "/_stcore/health").status == 200
        except OSError:
            return False

    return ready


def ask(port, path, method="GET", body=None, **headers):
    """An answer, with its body read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    return _asked(connection, path, method, body, {"Host": f"localhost:{port}", **headers})


def _asked(connection, path, method, body, headers):
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        words = answer.read() if answer.status != 101 else b""
        return SimpleNamespace(status=answer.status, headers=answer.headers, words=words.decode("utf-8", "replace"))
    finally:
        connection.close()


# -- by itself ----------------------------------------------------------------------------------------------------------


def test_it_listens_on_loopback_only(server):
    here = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    listening = [
        each.laddr for process in here for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN
    ]
    assert server.port in [address.port for address in listening]
    assert all(is_loopback(address.ip) for address in listening)


@pytest.mark.parametrize(
    "path", ["/", "/about", "/favicon.png", "/_stcore/health", "/_stcore/host-config", "/nothing/here.js", "script"]
)
def test_every_answer_has_the_headers(server, path):
    if path == "script":
        path = re.search(r'src="\.?(/static/js/[^"]+)"', ask(server.port, "/").words)[1]
    found = ask(server.port, path).headers
    assert {name: found[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("host", ["evil.example", f"{NAME}.evil.example", f"evil{NAME}", ""])
def test_another_name_is_refused(server, host):
    """A site whose name points at this machine gets nothing, over HTTP or a websocket."""
    assert ask(server.port, "/", Host=host).status == 400
    assert ask(server.port, STREAM, **SOCKET, Host=host).status in (400, 403)


@pytest.mark.parametrize("host", [NAME, f"{NAME}:8443", "localhost", "127.0.0.1:1"])
def test_a_name_that_was_named_is_answered(server, host):
    assert ask(server.port, "/", Host=host).status == 200
    assert ask(server.port, STREAM, **SOCKET, Host=host, Origin=f"https://{host}").status == 101


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", f"https://{NAME}"])
def test_a_websocket_from_another_site_is_refused(server, origin):
    assert ask(server.port, STREAM, **SOCKET, Origin=origin).status == 403
    assert ask(server.port, STREAM, **SOCKET, Origin=f"http://localhost:{server.port}").status == 101


def test_nothing_is_uploaded_without_the_token_of_the_visitor(server):
    """Refused as a forgery without it; with it the request is looked at, and fails for want of a session."""
    path = "/_stcore/upload_file/nobody/nothing"
    given = ask(server.port, "/_stcore/health").headers["Set-Cookie"]
    token = re.search(r"_streamlit_xsrf=([^;]+)", given)[1]
    form = {"Content_Type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\n1\r\n--b--\r\n'
    cookie = f"_streamlit_xsrf={token}"
    assert ask(server.port, path, "PUT", body, **form).status == 403
    assert ask(server.port, path, "PUT", body, **form, Cookie=cookie).status == 403
    assert ask(server.port, path, "PUT", body, **form, Cookie=cookie, X_Xsrftoken="2|0|0|0").status == 403
    assert ask(server.port, path, "PUT", body, **form, Cookie=cookie, X_Xsrftoken=token).status == 400
    assert ask(server.port, path, "DELETE").status == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "agent/interact",
        "agent/openapi.json",
        "agent/mcp",
        "metrics",
        "script-health-check",
        "../auth/login",
        "../oauth2callback",
    ],
)
def test_doors_that_nobody_uses_are_shut(server, method, path):
    assert ask(server.port, os.path.normpath(f"/_stcore/{path}"), method).status == 404


def test_the_browser_is_told_to_measure_nothing_and_to_trust_no_other_site(server):
    told = json.loads(ask(server.port, "/_stcore/host-config").words)
    assert told["allowedOrigins"] == []
    assert told["metricsUrl"] == ""
    assert not told["enableCustomParentMessages"]
    assert not told["useExternalAuthToken"]


def test_paths_outside_the_page_give_nothing_of_the_machine(server):
    for path in (
        "/../../../../etc/passwd",
        "/static/..%2f..%2f..%2f..%2fetc/passwd",
        "/app/static/../app.py",
        "/component/x/../../etc/passwd",
    ):
        assert "root:" not in ask(server.port, path).words


def test_a_fault_of_ours_is_a_code_that_stands_in_the_log(server):
    """And nothing of the server's inside, in a folder whose settings ask for all of it."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"])
        try:
            page = browser.new_page(locale="nb-NO")
            elsewhere = []
            own = (f"http://localhost:{server.port}", f"ws://localhost:{server.port}", "data:", "blob:")
            page.on("request", lambda request: None if request.url.startswith(own) else elsewhere.append(request.url))
            page.goto(f"http://localhost:{server.port}/about")
            page.get_by_role("alert").first.wait_for(timeout=60_000)
            words, html = page.inner_text("body"), page.content()
        finally:
            browser.close()
    code = re.search(r"Kode: ([0-9A-F]{4})\b", words)[1]
    for inside in (SECRET, "Traceback", "RuntimeError", "about.py", str(ROOT)):
        assert inside not in html
    log = server.log.read_text()
    assert f"fault {code}" in log
    assert SECRET in log
    assert elsewhere == []


# -- behind nginx -------------------------------------------------------------------------------------------------------


def _nginx():
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


needs_nginx = pytest.mark.skipif(
    _nginx() is None and not os.environ.get("CI"),
    reason="NGINX IS MISSING, the proxy of docs/nginx.conf is not tested: on Debian as root apt-get install nginx-light",
)


def config_of(folder, server, ports, login, changes):
    """docs/nginx.conf with the ports and paths of a test, and another login where one is given."""
    words = (ROOT / "docs" / "nginx.conf").read_text()
    if login is not None:
        words = re.sub(r"# login\n.*?# end of login\n", lambda _: login, words, flags=re.DOTALL)
    placed = {
        "listen 80;": f"listen 127.0.0.1:{ports[0]};",
        "listen 443 ssl;": f"listen 127.0.0.1:{ports[1]} ssl;",
        "http://127.0.0.1:8501": f"http://127.0.0.1:{server.port}",
        "/etc/nginx/trinn/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
    }
    for old, new in (placed | changes).items():
        assert old in words, f"docs/nginx.conf has no {old}"
        words = words.replace(old, new)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.geteuid() == 0 else ""
    head = f"daemon off;\nmaster_process on;\nworker_processes 1;\npid {folder}/pid;\nerror_log stderr warn;\n{user}"
    (folder / "trinn.conf").write_text(words)
    (folder / "main.conf").write_text(f"{head}events {{}}\nhttp {{\n{temporary}include {folder}/trinn.conf;\n}}\n")
    return folder / "main.conf"


@contextmanager
def proxied(folder, server, login=None, changes=None):
    """nginx with our example before the server."""
    ports = free_port(), free_port()
    certificate = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
        "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem"),
    ]  # fmt: skip
    subprocess.run(certificate, check=True, capture_output=True)
    line = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True).stdout
    (folder / "users").write_text(f"{USER}:{line}")
    config = config_of(folder, server, ports, login, changes or {})
    assert _nginx() is not None, "there is no nginx: run .ci/browser, or on Debian as root apt-get install nginx-light"
    command = [_nginx(), "-p", str(folder), "-c", str(config)]
    with running(command, _listens(ports[1]), stderr=(folder / "stderr.txt").open("w")):
        yield SimpleNamespace(plain=ports[0], port=ports[1], folder=folder)


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory):
    """nginx as docs/nginx.conf has it."""
    with proxied(tmp_path_factory.mktemp("nginx"), server) as found:
        yield found


def ask_safely(proxy, path, method="GET", body=None, login=True, host=None, **headers):
    """An answer through TLS, whose certificate must be the proxy's; with the password unless told otherwise."""
    context = ssl.create_default_context(cafile=str(proxy.folder / "certificate.pem"))
    connection = http.client.HTTPSConnection(NAME, proxy.port, timeout=20)
    plain = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
    connection.sock = context.wrap_socket(plain, server_hostname=NAME)
    known = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()} if login else {}
    return _asked(connection, path, method, body, {"Host": host or f"{NAME}:{proxy.port}", **known, **headers})


def site(proxy):
    return f"https://{NAME}:{proxy.port}"


@needs_nginx
def test_the_page_comes_through_tls_after_login(proxy):
    answer = ask_safely(proxy, "/")
    assert answer.status == 200
    assert '<div id="root">' in answer.words
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@needs_nginx
@pytest.mark.parametrize("path", ["/", "/about", "/_stcore/health", "/_stcore/host-config", "/static/index.html"])
def test_nothing_comes_without_login(proxy, path):
    answer = ask_safely(proxy, path, login=False)
    assert answer.status == 401
    assert "root" not in answer.words


@needs_nginx
def test_a_websocket_is_upgraded_after_login_from_our_own_page_only(proxy):
    assert ask_safely(proxy, STREAM, **SOCKET, Origin=site(proxy)).status == 101
    assert ask_safely(proxy, STREAM, login=False, **SOCKET, Origin=site(proxy)).status == 401
    assert ask_safely(proxy, STREAM, **SOCKET, Origin="https://evil.example").status == 403


@needs_nginx
def test_who_comes_in_the_clear_is_sent_to_tls(proxy):
    answer = ask(proxy.plain, "/about?s=x", Host=NAME)
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{NAME}/about?s=x"


@needs_nginx
def test_another_name_is_refused_behind_the_proxy_too(proxy):
    assert ask_safely(proxy, "/", host="evil.example").status == 400


@needs_nginx
def test_cookies_travel_through_tls_only(proxy):
    given = ask_safely(proxy, "/_stcore/health").headers["Set-Cookie"].lower()
    assert "secure" in given
    assert "samesite=lax" in given


@needs_nginx
def test_a_file_of_five_megabytes_gets_through_and_a_larger_one_does_not(proxy):
    """The server sees the first, and refuses it for want of a token; the second stays outside."""
    path = "/_stcore/upload_file/nobody/nothing"
    assert ask_safely(proxy, path, "PUT", b"x" * 5_000_000, Origin=site(proxy)).status == 403
    assert ask_safely(proxy, path, "PUT", Origin=site(proxy), Content_Length="7000000").status == 413


@needs_nginx
def test_what_people_entered_is_not_logged_by_the_proxy(proxy):
    assert ask_safely(proxy, "/compare?s=whatIentered").status == 200
    end, logged = time.monotonic() + 20, ""
    while "GET /compare 200" not in logged and time.monotonic() < end:  # it is written after the answer has gone
        logged = "".join(path.read_text() for path in proxy.folder.glob("*.log"))
    assert "GET /compare 200" in logged
    assert "whatIentered" not in logged
    assert USER not in logged


@needs_nginx
def test_too_many_at_once_are_told_to_wait(server, tmp_path):
    """With smaller numbers in the place of ours, so that how fast this machine is does not matter."""
    fewer = {"rate=50r/s": "rate=1r/m", "burst=500": "burst=3"}
    with proxied(tmp_path, server, changes=fewer) as proxy:
        assert [ask_safely(proxy, "/_stcore/health").status for _ in range(6)] == [200] * 4 + [429] * 2


class _Provider(http.server.BaseHTTPRequestHandler):
    """Stands for oauth2-proxy: knows who has the cookie."""

    def do_GET(self):
        """Answer."""
        known = "who=planner" in self.headers.get("Cookie", "")
        if self.path == "/oauth2/auth":
            self.send_response(202 if known else 401)
        else:
            self.send_response(302)
            self.send_header("Location", f"https://provider.example/?back={self.headers['X-Auth-Request-Redirect']}")
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


@needs_nginx
def test_an_identity_provider_takes_the_place_of_the_password(server, tmp_path):
    """The block in docs/serving.md, with a provider that knows one cookie."""
    provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    try:
        block = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "serving.md").read_text(), flags=re.DOTALL)[1]
        login = block.replace("127.0.0.1:4180", f"127.0.0.1:{provider.server_port}")
        with proxied(tmp_path, server, login) as proxy:
            sent = ask_safely(proxy, "/compare?s=abc", login=False)
            assert (sent.status, sent.headers["Location"]) == (302, "https://provider.example/?back=/compare?s=abc")
            assert ask_safely(proxy, "/", login=False, Cookie="who=planner").status == 200
            assert ask_safely(proxy, STREAM, login=False, **SOCKET, Origin=site(proxy), Cookie="who=planner").status == 101
            assert ask_safely(proxy, STREAM, login=False, **SOCKET, Origin=site(proxy)).status == 302
    finally:
        provider.shutdown()
        provider.server_close()


def test_the_server_never_asked_the_internet_for_its_own_address(server):
    """After every origin above: the last test of the module."""
    ask(server.port, STREAM, **SOCKET, Origin="https://evil.example")
    ask(server.port, "/_stcore/upload_file/a/b", "PUT", b"x", Host=NAME, Origin=f"https://{NAME}")
    assert not server.marker.exists()
