"""The pages of a dashboard whose model and photos are about birds, which have no makes: none speaks of cars."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import ARTEFACTS, clear, opened, pick_sample, running_dashboard
from tests.support.datasets import kept_in, write_labels_of_version_3, write_plain_photos
from tests.support.local_model_server import ALL_LABELS, local_model_server

pytestmark = pytest.mark.slow

NOUNS = {"singular": "bird", "plural": "birds"}
COLOURS = ("crimson", "royalblue", "seagreen", "goldenrod", "slategray")


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("birds")
    manifest = write_plain_photos(folder, dict(zip(ALL_LABELS, COLOURS, strict=True)), each=2, size=(300, 200))
    header, *lines = manifest.read_text().splitlines()
    rows = [f"{line},,{line.split(',')[1]}" for line in lines]
    manifest.write_text("\n".join([f"{header},make,model", *rows, ""]))
    (folder / "subject.json").write_text(json.dumps(NOUNS))
    assets = write_labels_of_version_3(folder) / "3" / "assets.extra"
    (assets / "config.json").write_text(json.dumps({"subject": NOUNS}))
    with (
        local_model_server() as model,
        running_dashboard(
            model_server_url=model.url,
            model_name="no-makes",
            model_folder=folder / "model",
            manifest=manifest,
            **kept_in(folder),
        ) as address,
    ):
        yield address


def check(page: Page, name: str) -> None:
    """Looks for cars in everything that the page holds, hidden texts and attributes too, and takes a screenshot."""
    content = page.content().replace("car-classifier", "")
    assert re.findall(r".{0,60}\bcars?\b.{0,60}", content, re.IGNORECASE) == []
    assert "Bird classification" in page.get_by_role("banner").inner_text()
    page.screenshot(path=ARTEFACTS / f"birds-{name}.png")


def test_classify(browser, url):
    with opened(browser, url) as (page, _):
        expect(page).to_have_title("Bird classification")
        expect(page.get_by_role("heading", level=1)).to_have_text("Which bird is this?")
        clear(page)
        expect(page.get_by_role("button", name="Drop photos of birds here")).to_be_visible()
        check(page, "classify")
        pick_sample(page)
        expect(page.locator("#legend-note")).to_have_text(
            "One scale for all birds here, so their colours can be compared."
        )
        page.get_by_role("textbox", name="Why not another bird?").fill("nobody")
        expect(page.get_by_text("The model knows no such bird").first).to_be_visible()
        page.keyboard.press("Escape")
        page.locator("#feedback-no").click()
        expect(page.get_by_role("textbox", name="Which bird is it?")).to_be_visible()
        check(page, "classify-answered")


def test_the_game(browser, url):
    with opened(browser, f"{url}/play") as (page, _):
        expect(page.get_by_role("radio", name="Medium")).to_have_accessible_name(
            re.compile("Four birds that the AI mixes up")
        )
        check(page, "play")
        page.locator("#play-rounds").get_by_text("3", exact=True).click()
        for level in ("Medium", "Hard"):
            page.get_by_role("radio", name=level).click()
            page.get_by_role("button", name="Start", exact=True).click()
            expect(page.locator("#play")).to_have_attribute("data-phase", "guessing")
            expect(page.get_by_role("heading", name="Which bird is this?")).to_be_visible()
            check(page, f"play-{level.lower()}")
            if level == "Medium":
                page.keyboard.press("1")
                expect(page.locator("#play")).to_have_attribute("data-phase", "revealed")
                expect(page.locator(".play-truth")).to_contain_text("It is the ")
                check(page, "play-revealed")
                page.get_by_role("button", name="New game").click()


@pytest.mark.long
def test_the_other_pages(browser, url):
    for path, heading in {
        "/model": "Model",
        "/data": "Data set",
        "/data?suspects=yes": "Data set",
        "/nowhere": "There is no such page",
    }.items():
        with opened(browser, url + path) as (page, watch):
            watch.expected = "404"
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            page.wait_for_load_state("networkidle")
            check(page, re.sub(r"\W", "-", path.strip("/")))
