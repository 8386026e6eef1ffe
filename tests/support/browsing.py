"""The dashboard as a process, and its pages in a real browser."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from tests.support.datasets import kept_in
from tests.support.embedded_server import RunningModelServer
from tests.support.ports import free_ports
from tests.support.repository import ROOT

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # A camera that shows a test picture, and no question whether it may be used.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
expect.set_options(timeout=60_000)  # browsers of several tests may share a processor

ARTEFACTS = ROOT / "artefacts"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextmanager
def running_dashboard(**settings: object) -> Iterator[str]:
    """Runs `python -m dashboard` on a free port, configured by its environment. Yields its address."""
    (port,) = free_ports(1)
    environment = {f"DASHBOARD_{name.upper()}": str(value) for name, value in settings.items()}
    environment["DATABASE_URL"] = environment.pop("DASHBOARD_DATABASE_URL")
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard"],
        env=os.environ | environment | {"DASHBOARD_PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout.readline() == f"Dashboard: http://localhost:{port} (Ctrl-C ends it)\n"
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            code = process.wait(timeout=300)
        assert code == 0


@contextmanager
def running_demo_dashboard(
    model_server: RunningModelServer, model_folder: Path, data: Path, folder: Path, **settings: object
) -> Iterator[str]:
    """The dashboard of the demo model and its photos; what it keeps lies in `folder`. Gives its address."""
    with running_dashboard(
        model_server_url=model_server.url,
        model_name=model_server.model_name,
        model_folder=model_folder,
        manifest=data / "manifest.csv",
        **kept_in(folder),
        **settings,
    ) as url:
        yield url


@dataclass
class Watch:
    """Records a page's requests, messages and errors.

    A refused photo is answered with a 4xx, which Chromium writes to the console by itself: tests that
    send one expect that line and no other.
    """

    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    expected: str | None = None

    def asked(self) -> list[str]:
        """The requests to the dashboard, without the header's regular ones for the model server's status."""
        paths = [urlsplit(request.url).path for request in self.requests]
        return [path for path in paths if path != "/status"]

    def unexpected_errors(self) -> list[str]:
        return [text for text in self.errors if not (self.expected and re.search(self.expected, text))]

    def hosts(self) -> set[str | None]:
        return {urlsplit(request.url).hostname for request in self.requests if request.url.startswith("http")}


@contextmanager
def opened(browser: Browser, url: str, **options) -> Iterator[tuple[Page, Watch]]:
    """Opens a page. At its end, no error and no request to the outside may have occurred."""
    context = browser.new_context(**{"viewport": DESKTOP, "color_scheme": "light"} | options)
    page, watch = context.new_page(), Watch()
    page.set_default_timeout(60_000)
    page.on("request", lambda request: watch.requests.append(request))
    page.on("console", lambda m: watch.errors.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    try:
        page.goto(url)
        expect(page.locator("#status")).not_to_have_text("Checking…")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        yield page, watch
    finally:
        context.close()
    assert watch.unexpected_errors() == []
    assert watch.hosts() == {"localhost"}


def violations(page: Page, context: str | None = None) -> list[str]:
    """What axe-core finds that would shut people out of a page, or of the part of it that a selector names."""
    # Of colours that are still changing, axe sees any.
    page.wait_for_function(
        """() => document.getAnimations().every(one =>
            one.playState !== "running" || one.effect.getTiming().iterations === Infinity)"""
    )
    found = Axe().run(page, context=context).response["violations"]
    return [f"{one['id']}: {one['help']}: {json.dumps([node['html'] for node in one['nodes']])[:600]}" for one in found]


def expect_answer(page: Page, photo: str) -> None:
    """Waits until the page "Classify" has the answer for a photo, by the photo's name on the stage."""
    expect(page.locator("#photo")).to_have_attribute("alt", photo)
    expect(page.locator("#classify")).to_have_attribute("data-phase", "answered")


def pick_sample(page: Page, number: int = 0) -> None:
    page.locator("[data-sample]").nth(number).click()
    expect_answer(page, f"Sample photo {number + 1}")


def clear(page: Page) -> None:
    """Empties the page "Classify", which answers the first sample by itself."""
    expect_answer(page, "Sample photo 1")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#classify")).to_have_attribute("data-phase", "empty")
