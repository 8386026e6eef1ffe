"""Five pictures of the first minutes of `make up`, for the README: `make first-minutes`.

Start it just before `make up` on a folder without a model. The pictures land in `docs/images/first-minutes/`; the
seconds since the page was there are printed.
"""

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error, Page, ViewportSize, expect, sync_playwright

from docs.screenshots import QUALITY, browser_here

FOLDER = Path(__file__).parent / "images" / "first-minutes"
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
WIDTH = 800  # of the pictures
PATIENCE = 1_800_000  # milliseconds


def drawing(page: Page) -> None:
    """The newest cars while they are drawn."""
    expect(page.locator("#live-drawn img").nth(11)).to_be_visible(timeout=PATIENCE)


def learning(page: Page) -> None:
    """A dozen test photos under their heatmaps, after three epochs."""
    _wait_for_epochs(page, 3)
    _show(page, "#live-watched")


def answered(page: Page) -> None:
    """The first version answers."""
    expect(page.locator("#classify")).to_have_attribute("data-phase", "answered", timeout=PATIENCE)


def training_on(page: Page) -> None:
    """The training goes on meanwhile."""
    _wait_for_epochs(page, 7)
    _show(page, ".live-runs")


def suspects(page: Page) -> None:
    """The second version finds wrong labels."""
    while True:
        try:
            expect(page.locator("body")).to_contain_text("Version 2 of the model is sure", timeout=5000)
        except AssertionError:
            page.reload()
        else:
            return


FRAMES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "1-drawing": ("/", drawing),
    "2-learning": ("/", learning),
    "3-answered": ("/", answered),
    "4-training-on": ("/model", training_on),
    "5-suspects": ("/data?split=test&suspects=yes", suspects),
}


def _wait_for_epochs(page: Page, least: int) -> None:
    page.wait_for_function(
        """(least) => (document.querySelector("#live-loss polyline:not(.live-dotted)")
            ?.getAttribute("points").split(" ").length || 0) >= least""",
        arg=least,
        timeout=PATIENCE,
    )


def _show(page: Page, what: str) -> None:
    page.locator(what).evaluate("element => scrollTo(0, scrollY + element.getBoundingClientRect().top - 80)")


def _wait_for_page(page: Page, url: str) -> None:
    while True:
        try:
            page.goto(url)
        except Error:
            time.sleep(0.5)
        else:
            return


def main() -> int:
    """Takes the pictures of the dashboard whose address is the first argument."""
    url = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://localhost:8050"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        page = browser_here(playwright).new_context(viewport=VIEWPORT, reduced_motion="reduce").new_page()
        _wait_for_page(page, url)
        start = time.monotonic()
        for name, (path, wait) in FRAMES.items():
            page.goto(url + path)
            wait(page)
            page.wait_for_timeout(1000)  # for pictures to load
            picture = Image.open(io.BytesIO(page.screenshot()))
            picture.thumbnail((WIDTH, WIDTH))
            picture.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)
            sys.stdout.write(f"{FOLDER / name}.webp after {time.monotonic() - start:.0f} seconds\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
