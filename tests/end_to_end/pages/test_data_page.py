"""The page "Data" as a person uses it: the real dashboard in a real browser."""

import csv
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import ARTEFACTS, PHONE, opened, running_dashboard, violations
from tests.support.datasets import kept_in, manifest_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def manifest(demo_data, demo_model_dir, tmp_path_factory):
    """The demo's photos, one of them with a label that the model confidently contradicts, and features by label."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "images").symlink_to(demo_data / "images")
    with (demo_model_dir / "1" / "assets.extra" / "predictions.csv").open(newline="") as file:
        right = [row for row in csv.DictReader(file) if row["label"] == row["label_1"]]
    surest = max(right, key=lambda row: float(row["probability_1"]))
    rows = manifest_rows(demo_data)
    labels = sorted({row["label"] for row in rows})
    features = np.eye(len(labels))[[labels.index(row["label"]) for row in rows]]
    for row in rows:
        if row["file_name"] == surest["file_name"]:
            row["label"] = next(label for label in labels if label != surest["label"])
            row["make"], _, row["model"] = row["label"].partition("_")
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    file_names = np.array([row["file_name"] for row in rows])
    np.savez(folder / "features.npz", file_names=file_names, features=features, model_version=np.array("1"))
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def dashboard(manifest, model_server, demo_model_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dashboard")
    with running_dashboard(
        model_server_url=model_server.url,
        model_folder=demo_model_dir,
        manifest=manifest,
        **kept_in(folder),
    ) as url:
        yield f"{url}/data"


def photos(page: Page):
    return page.locator("#data-wall .wall-cell:visible")


def count_of(page: Page, make: str) -> int:
    rows = page.locator(".data-class").all()
    return sum(int(row.locator(".data-class-count").inner_text()) for row in rows if make in row.inner_text())


def test_from_a_make_to_a_photo_and_to_those_like_it(browser, dashboard, manifest):
    make = manifest_rows(manifest.parent)[0]["make"]
    with opened(browser, dashboard) as (page, watch):
        expect(page.locator("#data-found")).to_have_text("96 photos")
        expect(photos(page)).to_have_count(24)
        of_make = count_of(page, make)

        page.get_by_role("textbox", name="Make").fill(make)
        expect(page.get_by_role("option")).to_have_text([make])  # what was typed has been looked up
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#data-found")).to_have_text(f"{of_make} of 96 photos")
        expect(page).to_have_url(f"{dashboard}?make={make}")
        assert all(title.startswith(make) for title in photos(page).locator(".wall-title").all_text_contents())

        photos(page).first.locator("a").press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("#data-columns")).to_contain_text("images/")
        name = dialog.get_by_role("heading", level=2).inner_text()
        dialog.get_by_role("button", name="Ask the model").click()
        expect(dialog.locator(".data-answer-row")).to_have_count(4)
        expect(dialog.locator("#data-answer-text")).to_contain_text("Showing what speaks for")

        similar = dialog.locator("#data-similar-wall .wall-cell:visible")
        expect(similar).to_have_count(12)
        assert set(similar.locator(".wall-title").all_text_contents()[:5]) == {name}
        assert violations(page) == []
        first, address = dialog.locator("#data-columns dd").first.inner_text(), page.url
        similar.nth(1).locator("a").click()
        expect(dialog.locator("#data-columns dd").first).not_to_have_text(first)
        page.go_back()
        expect(page).to_have_url(address)
        expect(dialog.locator("#data-columns dd").first).to_have_text(first)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(page).to_have_url(f"{dashboard}?make={make}")
        assert not [request.url for request in watch.requests if "plotly" in request.url]


def test_the_address_holds_what_is_shown(browser, dashboard, demo_data):
    with opened(browser, f"{dashboard}?split=test&suspects=yes") as (page, _):
        # The label that the fixture made wrong, and perhaps others: the model is small.
        expect(photos(page).first).to_contain_text("Model says")
        suspects = photos(page).count()
        expect(page.locator("#data-about-suspects")).to_contain_text("They are suspects, not errors")

        page.get_by_text("All photos").click()
        found = page.locator("#data-found")
        before = f"{sum(row['split'] == 'test' for row in manifest_rows(demo_data))} of 96 photos"
        expect(found).to_have_text(before)
        page.locator(".data-class").first.click()
        expect(page.locator(".data-class").first).to_have_attribute("aria-pressed", "true")
        expect(found).not_to_have_text(before)
        of_class = found.inner_text()
        expect(page).to_have_url(re.compile(r"\?label=[^&]+&split=test$"))

        page.reload()
        expect(found).to_have_text(of_class)
        page.go_back()
        expect(found).to_have_text(before)
        expect(page.get_by_role("textbox", name="Split")).to_have_value("Test")
        page.go_back()
        expect(photos(page)).to_have_count(suspects)
        page.get_by_role("button", name="Clear all").click()
        expect(page).to_have_url(f"{dashboard}?suspects=yes")

        page.goto(f"{dashboard}?page=2")
        expect(page.locator("#data-page-text")).to_have_text("Page 2 of 4")
        page.get_by_role("button", name="Next").click()
        expect(page).to_have_url(f"{dashboard}?page=3")
        expect(page.locator("#data-page-text")).to_have_text("Page 3 of 4")


@pytest.mark.long
def test_a_phone_and_no_model_server(browser, closed_url, manifest, demo_model_dir, tmp_path):
    settings = {
        "model_server_url": closed_url,
        "model_folder": demo_model_dir,
        "manifest": manifest,
        **kept_in(tmp_path),
    }
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True}

    def fits(page: Page) -> bool:
        return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    with (
        running_dashboard(**settings) as url,
        opened(browser, f"{url}/data?suspects=yes", **phone) as (page, watch),
    ):
        watch.expected = "status of 502"
        expect(page.get_by_label("Text")).to_be_hidden()
        page.get_by_text("Filters").click()
        expect(page.get_by_label("Text")).to_be_visible()
        assert fits(page)
        page.screenshot(path=ARTEFACTS / "data-phone.png")
        photos(page).first.click()
        page.get_by_role("button", name="Ask the model").click()
        expect(page.locator("#data-answer-text")).to_contain_text(f"{closed_url} cannot be reached. Start it")
        assert fits(page)
        page.screenshot(path=ARTEFACTS / "data-phone-details.png")
