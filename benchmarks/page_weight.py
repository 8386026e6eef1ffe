"""The cost of a first visit: bytes over the wire and time to a usable page, in a browser with an empty cache."""

import statistics
import sys
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from car_classifier.doctor import BROWSERS, find_browser

PAGES = ("/", "/play", "/model", "/data")
ROUNDS = 5
BAND = (10e6 / 8, 0.040)  # bytes a second and seconds of latency: a mediocre line


def run(url: str) -> None:
    """Visit each page of a running dashboard, and print the results.

    Args:
        url: Address of the dashboard.
    """
    program = find_browser()
    if program is None:
        sys.exit(f"No browser here: none of {', '.join(BROWSERS)} is installed.")
    print("| page | kB over the wire | requests | usable after, s | the same at 10 Mbit/s and 40 ms |")
    print("|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for page in PAGES:
            free = [_visit(browser, url + page, throttled=False) for _ in range(ROUNDS)]
            slow = [_visit(browser, url + page, throttled=True) for _ in range(ROUNDS)]
            kilobytes, count = max(visit[0] for visit in free) / 1000, max(visit[1] for visit in free)
            times = [statistics.median(visit[2] for visit in visits) for visits in (free, slow)]
            print(f"| `{page}` | {kilobytes:.0f} | {count} | {times[0]:.1f} | {times[1]:.1f} |", flush=True)
        browser.close()


def _visit(browser: Browser, address: str, *, throttled: bool) -> tuple[int, int, float]:
    """Bytes, requests and seconds until the page's heading is there and the header knows the model's state."""
    context = browser.new_context()
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    if throttled:
        conditions = {"offline": False, "downloadThroughput": BAND[0], "uploadThroughput": BAND[0] / 4}
        client.send("Network.emulateNetworkConditions", conditions | {"latency": 1000 * BAND[1]})
    sizes: dict[str, int] = {}
    hosts: set[str | None] = set()
    client.on("Network.loadingFinished", lambda e: sizes.__setitem__(e["requestId"], int(e["encodedDataLength"])))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(address, wait_until="commit")
    page.wait_for_selector("h1")
    page.wait_for_function("() => !document.getElementById('status').textContent.startsWith('Checking')")
    seconds = page.evaluate("performance.now() / 1000")
    page.wait_for_load_state("networkidle")
    context.close()
    if hosts - {urlsplit(address).hostname, None}:
        sys.exit(f"{address} asked {hosts}: nobody but the dashboard may be asked.")
    return sum(sizes.values()), len(sizes), float(seconds)
