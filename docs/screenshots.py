"""Pictures of every page of a running dashboard, light and dark, desktop and phone: `make screenshots`.

They land in `docs/images/pages/` as `PAGE-DEVICE-THEME.webp`; the README shows some of them.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from car_classifier.doctor import BROWSERS, find_browser

FOLDER = Path(__file__).parent / "images" / "pages"
QUALITY = 85
DEVICES = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}


def classify(page: Page) -> None:
    """A sample photo, answered."""
    page.locator("[data-sample]").nth(1).click()
    expect(page.locator("#photo")).to_have_attribute("alt", "Sample photo 2", timeout=30_000)
    expect(page.locator("#classify")).to_have_attribute("data-phase", "answered", timeout=30_000)


def play(page: Page) -> None:
    """The first round of a game that is the same for everyone, after the guess."""
    page.get_by_role("button", name="Start").click()
    page.locator(".play-choice").first.click()
    expect(page.locator("#play-reveal")).to_be_visible(timeout=30_000)


def nothing_more(page: Page) -> None:
    """The page as it opens."""


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "classify": ("/", classify),
    "play": ("/play?seed=7", play),
    "model": ("/model", nothing_more),
    "data": ("/data", nothing_more),
}


def take(browser: Browser, url: str) -> None:
    """Takes all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for device, options in DEVICES.items():
        for theme in ("light", "dark"):
            for name, (path, put_to_use) in PAGES.items():
                context = browser.new_context(**options, color_scheme=theme, reduced_motion="reduce")
                page = context.new_page()
                page.goto(url + path)
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                put_to_use(page)
                page.wait_for_load_state("networkidle")
                page.evaluate("scrollTo(0, 0)")
                picture = Image.open(io.BytesIO(page.screenshot()))
                picture.save(FOLDER / f"{name}-{device}-{theme}.webp", quality=QUALITY, method=6)
                context.close()
                sys.stdout.write(f"{FOLDER / name}-{device}-{theme}.webp\n")


def browser_here(playwright: Playwright) -> Browser:
    """Returns the browser that is installed here; without one the program ends with exit code 2."""
    program = find_browser()
    if program is None:
        sys.stderr.write(f"No browser here: install one of {', '.join(BROWSERS)}.\n")
        sys.exit(2)
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])


def main() -> int:
    """Takes pictures of the dashboard whose address is the first argument."""
    url = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://localhost:8050"
    with sync_playwright() as playwright:
        take(browser_here(playwright), url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
