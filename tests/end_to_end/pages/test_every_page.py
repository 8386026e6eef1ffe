"""Rules for every page: both themes, phones, no request to the outside, accessible to everybody."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import ARTEFACTS, PHONE, opened, pick_sample, violations

pytestmark = pytest.mark.slow

PAGES = {"/": "Which car is this?", "/play": "Beat the AI", "/model": "Model", "/data": "Data set"}


LISTS = {"/": "Why not another car?", "/model": "Really", "/data": "Make"}


def put_to_use(page: Page) -> None:
    """Brings a page into the state with the most content."""
    if page.locator("[data-sample]").count():
        pick_sample(page)
        if page.locator("#adjust").is_visible():
            page.locator("#adjust").click()
            expect(page.locator("#controls")).to_be_visible()


def settle(page: Page) -> None:
    """Waits until the page is complete, with nothing half-loaded or dimmed."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-phase='searching'], [data-dash-is-loading], .ag-header-cell-text:empty")).to_have_count(
        0
    )


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("viewport", [None, pytest.param(PHONE, marks=pytest.mark.long)], ids=["desktop", "phone"])
def test_a_page_shuts_nobody_out(browser, dashboard_url, path, viewport):
    options = {"viewport": viewport, "is_mobile": True, "has_touch": True} if viewport else {}
    with opened(browser, dashboard_url + path, reduced_motion="reduce", **options) as (page, _):
        expect(page.get_by_role("heading", level=1)).to_contain_text(PAGES[path])
        settle(page)
        assert violations(page) == []
        put_to_use(page)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.screenshot(
                path=ARTEFACTS / f"{path.strip('/') or 'classify'}-{theme}-{page.viewport_size['width']}.png"
            )
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", theme)
            settle(page)
            assert violations(page) == []
        if path in LISTS:
            field = page.get_by_label(LISTS[path]).first
            if not field.is_visible():
                page.get_by_text("Filters").click()
            field.click()
            expect(page.get_by_role("listbox")).to_be_visible()
            assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"


def test_the_pages_are_a_click_away(browser, dashboard_url):
    with opened(browser, dashboard_url) as (page, _):
        for link in page.get_by_role("navigation", name="Pages").get_by_role("link").all():
            link.click()
            expect(page.get_by_role("heading", level=1)).to_contain_text(PAGES[link.get_attribute("href")])
            expect(link).to_have_attribute("aria-current", "page")
