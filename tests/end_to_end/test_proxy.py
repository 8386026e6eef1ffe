"""The promises of docs/how-to/behind-a-proxy.md: the stack behind Caddy and behind nginx, over HTTPS."""

import base64
import io
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image
from playwright.sync_api import expect

from tests.support.browsing import opened, running_dashboard, running_demo_dashboard
from tests.support.datasets import kept_in
from tests.support.proxies import (
    CADDYFILE,
    PAGE,
    PASSWORD,
    Proxy,
    caddy_environment,
    caddyfile_for,
    hashed,
    program,
    running_caddy,
    running_nginx,
)

pytestmark = pytest.mark.long

ASK = "/v1/models/car_classifier"
KINDS = {"caddy": running_caddy, "nginx": running_nginx}
THREADS = 4
HOUR = "max-age=31536000"


@pytest.fixture(scope="module")
def dashboard(model_server, demo_data, demo_model_dir, tmp_path_factory) -> Iterator[str]:
    """The dashboard, set up for a proxy on the same machine."""
    settings = {"threads": THREADS, "trusted_proxies": "127.0.0.1"}
    folder = tmp_path_factory.mktemp("dashboard")
    with running_demo_dashboard(model_server, demo_model_dir, demo_data, folder, **settings) as url:
        yield url


@pytest.fixture(scope="module", params=KINDS)
def proxy(request, dashboard, model_server, tmp_path_factory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp(request.param)
    settings = {"models": "open"} if request.param == "caddy" else {}
    with KINDS[request.param](folder, dashboard, model_server.url, **settings) as proxy:
        yield proxy


@contextmanager
def local_server(answer) -> Iterator[str]:
    """A server of the tests' own; `answer` gives status, headers and text for a request."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, text = answer(self)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(text.encode()))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """A server that answers with the address and the headers of the request."""
    told = {"Content-Type": "application/json"}
    with local_server(lambda r: (200, told, json.dumps({"path": r.path, "headers": r.headers.items()}))) as url:
        yield url


def noise(width: int, height: int) -> bytes:
    """The largest possible JPEG of this size."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(3 * width * height)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.mark.parametrize("user", [None, ("team", "wrong"), ("somebody", PASSWORD)], ids=["nobody", "wrong", "other"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/healthz"), ("POST", "/photos"), ("GET", ASK), ("POST", f"{ASK}:predict")],
)
def test_nothing_is_had_without_the_password(proxy, method, path, user):
    answer = proxy.ask(method, path, user)
    assert (answer.status_code, "Basic" in answer.headers["WWW-Authenticate"]) == (401, True)


def test_plain_http_only_leads_to_https(proxy):
    for path in ("/play?seed=3", f"{ASK}:predict"):
        answer = requests.get(f"http://localhost:{proxy.http_port}{path}", allow_redirects=False, timeout=120)
        assert (answer.status_code, answer.headers["Location"]) == (308, f"https://localhost{path}")


def test_a_page_comes_compressed_as_the_dashboard_made_it(proxy):
    answer = proxy.ask("GET", "/", headers={"Accept-Encoding": "br", "Accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "br")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_cookie_is_for_https_only_whatever_a_client_says(proxy):
    for forged in ({}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Ssl": "off"}):
        cookie = proxy.ask("GET", "/", headers=forged).headers["Set-Cookie"]
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_a_photo_is_answered(proxy, car):
    kept = proxy.ask("POST", "/photos", data=car.read_bytes())
    assert kept.status_code == 201
    answer = proxy.ask("POST", f"/photos/{kept.json()['id']}/answer")
    assert (answer.status_code, answer.json()["model"]) == (200, "car_classifier")
    assert proxy.ask("GET", kept.json()["src"]).headers["Content-Type"] == "image/jpeg"


def test_a_large_photo_is_taken_and_too_large_a_one_is_not(proxy):
    photo = noise(4200, 3700)
    assert 15e6 < len(photo) < 20e6
    assert proxy.ask("POST", "/photos", data=photo).status_code == 201
    for size in (20_500_000, 30_000_000):
        assert status_of(proxy, photo + bytes(size - len(photo))) in (413, 502)


def status_of(proxy: Proxy, photo: bytes) -> int:
    """The status of sending a photo; 413 also if the connection is cut in the middle of it.

    A server refuses before all bytes have arrived, so the connection may be cut, and a proxy may report a fault (502).
    The page checks the size before it sends anything.
    """
    try:
        return proxy.ask("POST", "/photos", data=photo).status_code
    except requests.ConnectionError:
        return 413


def test_slow_senders_do_not_keep_others_from_being_answered(proxy):
    head = "POST /photos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\nContent-Length: 1000000\r\n\r\n"
    password = base64.b64encode(f"team:{PASSWORD}".encode()).decode()
    with ExitStack() as stack:
        for _ in range(2 * THREADS):
            stack.enter_context(proxy.connection()).sendall(head.format(password).encode() + bytes(100_000))
        begun = time.monotonic()
        assert proxy.ask("GET", "/healthz").status_code == 200
        assert time.monotonic() - begun < 10


def test_the_model_server_is_asked_by_who_has_the_password(proxy, car):
    photo = {"b64": base64.b64encode(car.read_bytes()).decode()}
    body = {"signature_name": "explain", "instances": [{"class_index": -1, "image_bytes": photo}]}
    answer = proxy.ask("POST", f"{ASK}:predict", json=body)
    assert (answer.status_code, len(answer.json()["predictions"])) == (200, 1)
    assert proxy.ask("POST", f"{ASK}:predict", data=bytes(30_000_000)).status_code == 400  # the server's own answer


@pytest.mark.parametrize(
    "path",
    [
        "/monitoring/prometheus/metrics",
        "/v1/models/../../monitoring/prometheus/metrics",
        "/v1/models/%2e%2e/%2e%2e/monitoring/prometheus/metrics",
        "/v1/models/..%2f..%2fmonitoring/prometheus/metrics",
    ],
)
def test_of_the_model_server_nothing_else_is_there(proxy, model_server, path):
    metrics = requests.get(f"{model_server.url}/monitoring/prometheus/metrics", timeout=120)
    assert ":tensorflow:" in metrics.text
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Basic "
    with proxy.connection() as connection:
        connection.sendall((request + base64.b64encode(f"team:{PASSWORD}".encode()).decode() + "\r\n\r\n").encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status = int(answer.split()[1])
    assert b":tensorflow:" not in answer
    assert status in (200, 400, 404)  # 200 is the dashboard's own page that says there is none


def test_the_page_works_in_a_browser(proxy, browser):
    options = {"ignore_https_errors": True, "http_credentials": {"username": "team", "password": PASSWORD}}
    with opened(browser, proxy.url, **options) as (page, watch):
        sockets = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.locator("[data-sample]").first.click()
        expect(page.locator("#classify")).to_have_attribute("data-phase", "answered")
        assert page.evaluate("window.isSecureContext")
        assert {request.url.split(":")[0] for request in watch.requests} <= {"https", "data", "blob"}
        assert sockets == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_client_claims_of_itself_is_not_passed_on(kind, echo, tmp_path):
    forged = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http"}
    with KINDS[kind](tmp_path, echo, echo) as proxy:
        for path in ("/", ASK) if kind == "nginx" else ("/",):
            told = {name.lower(): value for name, value in proxy.ask("GET", path, headers=forged).json()["headers"]}
            assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")
            assert "authorization" not in told


def test_without_trusted_proxies_a_dashboard_believes_nobody(small_dashboard):
    for forged in ({}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Ssl": "on"}):
        answer = requests.get(small_dashboard, headers=forged, timeout=120)
        assert "Secure" not in answer.headers["Set-Cookie"]


@pytest.fixture
def small_dashboard(tmp_path) -> Iterator[str]:
    with running_dashboard(
        model_server_url="http://127.0.0.1:9",
        model_folder=tmp_path,
        manifest=tmp_path / "none.csv",
        **kept_in(tmp_path),
    ) as url:
        yield url


def test_the_model_server_is_closed_unless_it_is_opened(echo, tmp_path):
    with running_caddy(tmp_path, echo, echo) as proxy:
        assert proxy.ask("GET", ASK).status_code == 404
        assert proxy.ask("GET", "/").status_code == 200


def test_without_sign_in_the_page_is_everybodys_and_the_model_server_closed(echo, tmp_path):
    with running_caddy(tmp_path, echo, echo, sign_in="none", models="open", password_hash="") as proxy:
        assert proxy.ask("GET", "/play", None).json()["path"] == "/play"
        for path in (ASK, f"/{ASK}", ASK.upper(), ASK.replace("/m", "/%6d")):
            assert proxy.ask("GET", path, None).status_code == 404


def say_who(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], str]:
    """oauth2-proxy's answers to Caddy: 202 for visitors with its cookie, 401 for others, and a page to sign in."""
    if urlsplit(request.path).path != "/oauth2/auth":
        return 200, {}, f"sign in {request.headers['X-Forwarded-Uri']}"
    known = "_oauth2_proxy=known" in request.headers.get("Cookie", "")
    return (202 if known else 401), {}, ""


def test_single_sign_on_leads_pages_to_the_sign_in_and_refuses_the_rest(echo, tmp_path):
    """The server is a stand-in for oauth2-proxy, with its addresses and status codes."""
    with (
        local_server(say_who) as oauth2,
        running_caddy(
            tmp_path, echo, echo, sign_in="oauth2", models="open", oauth2=urlsplit(oauth2).netloc, password_hash=""
        ) as proxy,
    ):
        led = proxy.ask("GET", "/?sample=3&car=A", None, headers={"Accept": "text/html"})
        assert led.status_code == 302
        wanted = "/?sample=3&car=A" if "basicauth" in caddyfile_for(program("caddy")) else "%2F%3Fsample%3D3%26car%3DA"
        assert led.headers["Location"] == f"/oauth2/sign_in?rd={wanted}"
        assert proxy.ask("GET", led.headers["Location"], None).text.startswith("sign in /oauth2/sign_in?rd=")
        for method, path in (("GET", "/status"), ("POST", "/photos"), ("POST", f"{ASK}:predict")):
            assert proxy.ask(method, path, None).status_code == 401
            known = proxy.ask(method, path, None, cookies={"_oauth2_proxy": "known"})
            assert (known.status_code, known.json()["path"]) == (200, path)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password_hash": ""}, "password"),
        ({"sign_in": "pasword"}, "sign-in-pasword"),
        ({"sign_in": "none", "models": "opened"}, "models-opened"),
        ({"sign_in": "none", "certificate": "self"}, "certificate-self"),
    ],
)
def test_a_setting_that_cannot_be_used_leaves_nothing_open(tmp_path, settings, words):
    done = adapted(tmp_path, **settings)
    assert done.returncode != 0
    assert words in done.stderr


def test_browsers_are_told_to_keep_to_https_only_with_a_certificate_that_they_know(tmp_path):
    password = {"password_hash": hashed(program("caddy"), PASSWORD)}
    assert HOUR in done_well(adapted(tmp_path, domain="cars.example.org", **password))
    assert "Strict-Transport-Security" not in done_well(adapted(tmp_path, certificate="internal", **password))


def adapted(folder, **settings: object) -> subprocess.CompletedProcess[str]:
    """The configuration that Caddy reads from the Caddyfile, without running it."""
    caddy = program("caddy")
    file = folder / "Caddyfile"
    file.write_text(caddyfile_for(caddy), encoding="utf-8")
    command = [caddy, "adapt", "--adapter", "caddyfile", "--config", str(file)]
    environment = caddy_environment(folder, **settings)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def done_well(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_caddyfile_says_what_can_be_set():
    text = CADDYFILE.read_text(encoding="utf-8")
    listed, _, rest = text.partition("\n{")
    assert set(re.findall(r"\{\$(\w+)", rest)) == set(re.findall(r"PROXY_\w+", listed))


def test_the_page_has_the_figures_of_the_caddyfile():
    page, caddyfile = PAGE.read_text(encoding="utf-8"), CADDYFILE.read_text(encoding="utf-8")
    figures = {"max_size {$PROXY_MAX_UPLOAD:25MB}": "| 25 MB, `PROXY_MAX_UPLOAD`; 64 MB for the model server |"}
    figures |= {"max_size 64MB": "; 64 MB for the model server |", "keepalive 30s": "| closed after 30 s |"}
    figures |= {"read_body 5m": "| no limit for answers, 5 minutes for a request to arrive |"}
    for line, said in figures.items():
        assert line in caddyfile
        assert said in page
