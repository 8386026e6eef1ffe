"""The page "Classify": the cells of the heatmap are read, added up, erased from the photo, and brought back."""

from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.support.browsing import (
    ARTEFACTS,
    PHONE,
    clear,
    expect_answer,
    opened,
    pick_sample,
    running_dashboard,
    violations,
)
from tests.support.datasets import kept_in, write_labels_of_version_3, write_small_dataset
from tests.support.local_model_server import LocalModelServer, local_model_server, sent_photo
from tests.support.pictures import encoded

pytestmark = pytest.mark.slow

RED, BLUE = (255, 0, 0), (0, 0, 255)
PARTS = ["+0.5000 selection", "+2.5000 rest", "0.0000 bias", "= 3.0000 logit"]
"""Of the left column: 1 - 0.5; the server's two by two cells are in `local_model_server.ANSWER`."""


@pytest.fixture(scope="module")
def server() -> Iterator[LocalModelServer]:
    with local_model_server() as server:
        yield server


@pytest.fixture(scope="module")
def url(server, tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("dashboard")
    write_small_dataset(folder, encoded(Image.new("RGB", (60, 40), "red"), "JPEG"))
    write_labels_of_version_3(folder)
    settings = {"model_folder": folder / "model", "manifest": folder / "data" / "manifest.csv", **kept_in(folder)}
    with running_dashboard(model_server_url=server.url, **settings) as url:
        yield url


@pytest.fixture
def page(browser, url, server) -> Iterator[Page]:
    server.behaves_like = None
    with opened(browser, url) as (page, _):
        expect_answer(page, "Sample photo 1")
        yield page


def place(page: Page, across: float, down: float) -> tuple[float, float]:
    """A place on the photo, given in shares of it, in the window."""
    page.locator("#cells").scroll_into_view_if_needed()
    box = page.locator("#cells").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def point(page: Page, across: float, down: float) -> None:
    page.mouse.move(*place(page, across, down))


def brush(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    point(page, *start)
    page.mouse.down()
    point(page, *end)
    page.mouse.up()


def compare_with(page: Page, name: str) -> None:
    page.get_by_role("textbox", name="Rather than").click()
    page.get_by_role("option", name=name, exact=True).click()


def share_covered(page: Page, selector: str) -> list[float]:
    """Left, top, right and bottom of an element, in shares of the photo."""
    return page.evaluate(
        """selector => {
            const [whole, part] = ["#cells", selector].map(one =>
                document.querySelector(one).getBoundingClientRect());
            return [
                (part.left - whole.left) / whole.width, (part.top - whole.top) / whole.height,
                (part.right - whole.left) / whole.width, (part.bottom - whole.top) / whole.height,
            ];
        }""",
        selector,
    )


def test_pointing_at_a_cell_reads_it_where_the_extent_places_it(page):
    note = page.locator("#cell-note")
    for across, down, text in (
        # 0.75 e^(-2/2) of what is left of all: 0.75 e^(-2/2) + 0.2 e^(-0.25/2) + 0.05 e^(0.5/2)
        (0.75, 0.2, "+2.0000 logit · 75.0% → 53.4% without it"),
        # 0.75 e^(0.5/2) of 0.75 e^(0.5/2) + 0.2 e^(-0.25/2) + 0.05
        (0.25, 0.3, "\N{MINUS SIGN}0.5000 logit · 75.0% → 81.0% without it"),
        (0.25, 0.9, "\N{MINUS SIGN}0.5000 logit · 75.0% → 81.0% without it"),
    ):
        point(page, across, down)
        expect(note).to_have_text(text)
    assert share_covered(page, "#cell-cursor") == pytest.approx([0, 0.25, 0.5, 1], abs=0.01)
    page.mouse.move(1, 1)
    expect(note).to_be_hidden()
    expect(page.locator("#cell-cursor")).to_be_hidden()


def test_a_brushed_region_is_added_up_for_every_class_and_for_two_of_them(page):
    region = page.get_by_role("group", name="Selected cells")
    expect(region).to_be_hidden()
    brush(page, (0.25, 0.1), (0.3, 0.6))
    expect(region.locator(".region-sum span")).to_have_text(PARTS)
    expect(page.locator("#region-text")).to_have_text("2 cells: +0.5000 for Aurelio Vela. Without: 75.0% → 74.3%.")
    assert share_covered(page, "#cell-selection") == pytest.approx([0, 0, 0.5, 1], abs=0.01)
    bars = [page.locator(f"#region-bar-{part}").bounding_box()["width"] for part in ("selection", "rest")]
    assert bars[1] / bars[0] == pytest.approx(5, rel=0.05)
    # the whole photo, then another class, then two
    brush(page, (0.9, 0.9), (0.1, 0.1))
    expect(page.locator("#region-selection")).to_have_text("+3.0000 selection")
    page.get_by_role("radio", name="Maki Hoshi").click()
    expect(page.locator("#region-selection")).to_have_text("\N{MINUS SIGN}1.0000 selection")
    page.get_by_role("radio", name="Aurelio Vela").click()
    compare_with(page, "Brandt-Kessler Nord Kap")
    expect(page.locator("#region-selection")).to_have_text("+2.0000 selection")
    expect(page.locator("#region-logit")).to_have_text("= 2.6435 difference in logit")  # 2 ln(0.75 / 0.2)
    expect(page.locator("#region-text")).to_contain_text("for Aurelio Vela rather than Brandt-Kessler Nord Kap")
    point(page, 0.75, 0.1)
    expect(page.locator("#cell-note")).to_contain_text("+1.7500 logit rather than Brandt-Kessler Nord Kap")
    page.get_by_role("button", name="Clear selection").click()
    expect(region).to_be_hidden()
    expect(page.locator("#cells")).to_be_focused()


def test_a_region_is_erased_and_the_model_asked_again_until_that_is_undone(page, server, tmp_path):
    photo = Image.new("RGB", (60, 40), RED)
    photo.paste(BLUE, (30, 0, 60, 40))
    (tmp_path / "two.png").write_bytes(encoded(photo, "PNG"))
    clear(page)
    page.set_input_files("#photo-file", tmp_path / "two.png")
    expect_answer(page, "Your photo two.png")
    brush(page, (0.25, 0.1), (0.3, 0.6))
    server.behaves_like = "weaker"
    page.get_by_role("button", name="Erase and ask again").click()
    expect_answer(page, "Your photo two.png, part erased")
    told = page.locator("#erased-text")
    expect(told).to_have_text(
        "Aurelio Vela: 75.0% → 74.3% predicted, 50.0% real; logit 3.0000 → 2.5000 predicted, 1.0000 real."
    )
    # What is left of the photo is all blue, and what was filled in is, too: its surroundings are.
    seen = sent_photo(server).convert("RGB")
    assert seen.size == (60, 40)
    assert [seen.getpixel(place) for place in ((2, 2), (29, 39), (30, 0), (59, 20))] == [BLUE] * 4
    expect(page.locator("#feedback")).to_be_hidden()
    expect(page.locator(".photo-item-name")).to_have_text(["two.png, part erased", "two.png"])
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()

    page.reload()  # the tab remembers
    expect(told).to_contain_text("50.0% real")
    undo.click()
    expect_answer(page, "Your photo two.png")
    expect(told).to_be_hidden()
    expect(page.locator(".photo-item-name")).to_have_text(["two.png"])
    expect(page.locator("#feedback")).to_be_visible()
    expect(page.locator("#answer-over")).to_have_text("Aurelio Vela 75.0%")


def test_without_the_photo_before_there_is_nothing_to_undo(page):
    pick_sample(page)
    brush(page, (0.25, 0.1), (0.3, 0.6))
    page.get_by_role("button", name="Erase and ask again").click()
    expect_answer(page, "Sample photo 1, part erased")
    page.get_by_role("button", name="Remove Sample photo 1", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_photo_that_the_server_has_forgotten_gets_a_sentence(browser, url):
    with opened(browser, url) as (page, watch):
        watch.expected = "status of 404"
        expect_answer(page, "Sample photo 1")
        brush(page, (0.25, 0.1), (0.3, 0.6))
        page.route("**/photos/*", lambda route: route.fulfill(status=404))
        page.get_by_role("button", name="Erase and ask again").click()
        expect(page.get_by_role("alert")).to_contain_text("could not read the photo again")
        expect(page.get_by_role("button", name="Erase and ask again")).to_be_enabled()


def test_all_of_it_works_by_keyboard(page, server):
    cells, said = page.get_by_role("application", name="Cells of the heatmap"), page.locator("#cell-said")
    compare_with(page, "Brandt-Kessler Nord Kap")
    cells.press("ArrowLeft")  # from the strongest cell
    expect(said).to_have_text(
        "Row 1, column 1: +0.5000 logit rather than Brandt-Kessler Nord Kap · 75.0% → 67.4% without it"
    )
    expect(page.locator("#cell-note")).to_be_visible()
    cells.press("Shift+ArrowDown")
    expect(said).to_contain_text("2 cells: \N{MINUS SIGN}0.2500 for Aurelio Vela rather than")
    cells.press("Escape")
    expect(page.locator("#region")).to_be_hidden()
    cells.press("End")
    cells.press("Enter")
    expect(said).to_contain_text("1 cell: +0.5000")
    erase = page.get_by_role("button", name="Erase and ask again")
    page.keyboard.press("Tab")
    while not erase.evaluate("button => button === document.activeElement"):
        assert page.evaluate("() => document.activeElement !== document.body")
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#erased-text")).to_contain_text("Aurelio Vela rather than Brandt-Kessler Nord Kap: 75.0% →")
    expect(page.locator("#erased-text")).to_contain_text("2.6435 real.")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect_answer(page, "Sample photo 1")
    expect(cells).to_be_focused()
    expect(page.locator("#region-selection")).to_have_text("+0.5000 selection")


def test_a_finger_selects_a_cell(browser, url, server):
    server.behaves_like = None
    with opened(browser, url, viewport=PHONE, is_mobile=True, has_touch=True) as (page, _):
        expect_answer(page, "Sample photo 1")
        page.touchscreen.tap(*place(page, 0.75, 0.1))
        expect(page.locator("#region-text")).to_contain_text("1 cell: +2.0000 for Aurelio Vela.")
        expect(page.locator("#cell-note")).to_contain_text("+2.0000 logit")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=ARTEFACTS / "cells-phone.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out_of_a_selection_or_of_what_was_erased(browser, url, server, scheme):
    server.behaves_like = None
    with opened(browser, url, color_scheme=scheme, viewport={"width": 1366, "height": 768}) as (page, _):
        expect_answer(page, "Sample photo 1")
        brush(page, (0.25, 0.1), (0.3, 0.6))
        page.screenshot(path=ARTEFACTS / f"cells-{scheme}.png")
        assert violations(page) == []
        page.get_by_role("button", name="Erase and ask again").click()
        expect(page.locator("#erased-text")).to_contain_text("real;")
        page.screenshot(path=ARTEFACTS / f"cells-erased-{scheme}.png")
        assert violations(page) == []
