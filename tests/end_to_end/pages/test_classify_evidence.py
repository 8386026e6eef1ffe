"""The page "Classify" with known answers: other cars, two cars compared, several photos, sharing."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Download, Page, expect

from tests.support.browsing import clear, expect_answer, opened, pick_sample, running_dashboard
from tests.support.datasets import kept_in, write_labels_of_version_3, write_small_dataset
from tests.support.embedded_server import until
from tests.support.local_model_server import local_model_server
from tests.support.pictures import encoded

pytestmark = pytest.mark.slow

ORANGE, BLUE = (213, 94, 0), (0, 114, 178)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Holds the photos and the model folder that these tests share."""
    folder = tmp_path_factory.mktemp("dashboard")
    write_small_dataset(folder, encoded(Image.new("RGB", (60, 40), "red"), "JPEG"))
    write_labels_of_version_3(folder)
    return folder


def told(model_server_url: str, folder: Path) -> dict[str, object]:
    return {
        "model_server_url": model_server_url,
        "model_folder": folder / "model",
        "manifest": folder / "data" / "manifest.csv",
        **kept_in(folder),
    }


@pytest.fixture(scope="module")
def url(local_server, folder) -> Iterator[str]:
    with running_dashboard(**told(local_server.url, folder)) as url:
        yield url


@pytest.fixture
def page(browser, url) -> Iterator[Page]:
    with opened(browser, url) as (page, watch):
        watch.expected = "willReadFrequently"  # these tests look at the heatmap's pixels
        expect_answer(page, "Sample photo 1")
        yield page


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_role("textbox", name=field).click()
    page.get_by_role("option", name=option, exact=True).click()


def expect_rows(page: Page, names: list[str]) -> None:
    expect(page.locator(".row-name:visible")).to_have_text(names)


def colour_at(page: Page, across: float, down: float) -> tuple[int, int, int]:
    """The heatmap's colour at a place, as shares of its width and height; black where it shows nothing."""
    pixel = page.evaluate(
        """([x, y]) => {
            const canvas = document.getElementById("heatmap");
            const place = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
            return [...canvas.getContext("2d").getImageData(...place, 1, 1).data];
        }""",
        [across, down],
    )
    return tuple(pixel[:3]) if pixel[3] else (0, 0, 0)


def close_to(colour: tuple[int, int, int]) -> object:
    return pytest.approx(colour, abs=6)  # see-through pixels are stored coarsely


def test_any_car_can_be_asked_for_and_two_be_compared(page):
    pick_sample(page)
    expect_rows(page, ["Aurelio Vela", "Brandt-Kessler Nord Kap", "Maki Hoshi"])
    choose(page, "Why not another car?", "Orsini Lince")
    expect(page.locator("#evidence-text")).to_have_text("Nothing in the photo speaks for Orsini Lince.")
    expect_rows(page, ["Aurelio Vela", "Brandt-Kessler Nord Kap", "Maki Hoshi", "Orsini Lince"])

    page.get_by_role("radio", name="Aurelio Vela").click()
    choose(page, "Show evidence", "for and against it")
    expect(page.locator("#evidence-text")).to_have_text("Orange speaks for Aurelio Vela, blue against it.")
    # The cells' centres, as map_extent places them: rows at 0 and 0.5 of the height.
    until(lambda: colour_at(page, 0.75, 0.01) == close_to(ORANGE))
    until(lambda: colour_at(page, 0.25, 0.5) == close_to(BLUE))

    # 2 - 0.25 at the upper right, -0.5 - 0.25 at the lower left
    choose(page, "Rather than", "Brandt-Kessler Nord Kap")
    expect(page.locator("#evidence-text")).to_contain_text("for Aurelio Vela rather than Brandt-Kessler Nord Kap")
    until(lambda: colour_at(page, 0.75, 0.01) == close_to(ORANGE))
    expect(page.get_by_role("textbox", name="Colours")).to_be_disabled()
    # No car is compared with itself.
    page.get_by_role("radio", name="Brandt-Kessler Nord Kap").click()
    expect(page.get_by_role("textbox", name="Rather than")).to_have_value("")
    page.get_by_role("textbox", name="Rather than").click()
    expect(page.get_by_role("option", name="Aurelio Vela")).to_be_visible()
    expect(page.get_by_role("option", name="Brandt-Kessler Nord Kap")).to_have_count(0)
    page.get_by_role("option", name="Aurelio Vela").click()
    expect(page.locator("#evidence-text")).to_contain_text("for Brandt-Kessler Nord Kap rather than Aurelio Vela")
    until(lambda: colour_at(page, 0.75, 0.01) == close_to(BLUE))

    # A car that has no map yet is asked for first.
    choose(page, "Rather than", "Orsini Gatto")
    expect(page.locator("#evidence-text")).to_contain_text("rather than Orsini Gatto")
    expect(page.locator(".row-name:visible").last).to_have_text("Orsini Gatto")


def test_the_colours_can_be_chosen_and_stay_chosen(page):
    pick_sample(page)
    until(lambda: colour_at(page, 0.75, 0.01) != (0, 0, 0))
    inferno = colour_at(page, 0.75, 0.01)
    choose(page, "Colours", "Viridis")
    expect(page.get_by_role("textbox", name="Colours")).to_have_value("Viridis")
    until(lambda: colour_at(page, 0.75, 0.01) != close_to(inferno))
    viridis = colour_at(page, 0.75, 0.01)
    page.reload()
    expect(page.get_by_role("textbox", name="Colours")).to_have_value("Viridis")
    expect(page.locator("#classify")).to_have_attribute("data-phase", "answered")
    until(lambda: colour_at(page, 0.75, 0.01) == viridis)


def test_a_link_to_a_sample_shows_the_same_to_another_visitor_and_later(browser, url, page):
    pick_sample(page, 2)
    choose(page, "Why not another car?", "Orsini Lince")
    choose(page, "Rather than", "Maki Hoshi")
    expect(page.locator("#evidence-text")).to_contain_text("Orsini Lince rather than Maki Hoshi")
    seen, truth = page.locator("#evidence-text").inner_text(), page.locator("#truth").inner_text()
    with opened(browser, page.url) as (other, _):
        expect(other.locator("#evidence-text")).to_have_text(seen)
        expect(other.locator("#truth")).to_have_text(truth)
    link = page.url
    page.reload()
    expect(page.locator("#evidence-text")).to_have_text(seen)
    page.get_by_role("link", name="Data", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Data set")
    page.go_back()
    expect(page.locator("#evidence-text")).to_have_text(seen)
    expect(page).to_have_url(link)
    page.get_by_role("radio").first.click()
    expect(page).not_to_have_url(link)
    page.goto(link)
    expect(page.locator("#evidence-text")).to_have_text(seen)
    expect(page.locator(".photo-item-name")).to_have_text(["Sample photo 3", "Sample photo 1"])


@pytest.mark.parametrize(
    ("code", "program", "read"),
    [
        ("#curl", ["bash", "-c"], lambda answer: answer["predictions"][0]),
        ("#python", [sys.executable, "-c"], lambda answer: answer),
    ],
)
def test_the_command_and_the_python_ask_the_same_and_write_no_file(page, tmp_path, code, program, read):
    page.get_by_text("Ask the same from a terminal").click()
    text = page.locator(code).inner_text()
    done = subprocess.run([*program, text], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert read(json.loads(done.stdout))["labels"][0] == "Aurelio_Vela", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_asks_for_the_dashboards_label(page):
    page.evaluate("document.getElementById('classify').dataset.modelLabel = 'stable'")
    pick_sample(page, 1)
    page.get_by_text("Ask the same from a terminal").click()
    expect(page.locator("#curl")).to_contain_text("/v1/models/car_classifier/labels/stable:predict'")


def coloured_files(folder: Path, *colours: str) -> list[Path]:
    files = [folder / f"{colour}.png" for colour in colours]
    for file, colour in zip(files, colours, strict=True):
        file.write_bytes(encoded(Image.new("RGB", (60, 40), colour), "PNG"))
    return files


def read(download: Download) -> str:
    return Path(download.path()).read_text(encoding="utf-8")


def test_several_photos_become_a_list_to_go_through_and_take_away(browser, url, tmp_path):
    with opened(browser, url) as (page, watch):
        watch.expected = "status of 422"
        clear(page)
        broken = tmp_path / "broken.png"
        broken.write_bytes(b"no photo")
        page.set_input_files("#photo-file", [*coloured_files(tmp_path, "red", "green"), broken])
        items = page.locator(".photo-item")
        expect(items).to_have_count(2)
        expect(page.get_by_role("alert")).to_contain_text("broken.png: This is not a photo that can be read.")
        expect(items.locator("strong")).to_have_text(["Aurelio Vela", "Aurelio Vela"])
        expect(page.locator("#photo")).to_have_attribute("alt", "Your photo red.png")
        items.nth(1).get_by_role("button", name="green.png").first.click()
        expect(page.locator("#photo")).to_have_attribute("alt", "Your photo green.png")

        with page.expect_download() as table:
            page.get_by_role("button", name="CSV").click()
        lines = list(csv.DictReader(io.StringIO(read(table.value))))
        assert [(line["photo"], line["label_1"], line["probability_1"]) for line in lines] == [
            ("red.png", "Aurelio_Vela", "0.75"),
            ("green.png", "Aurelio_Vela", "0.75"),
        ]
        with page.expect_download() as whole:
            page.get_by_role("button", name="JSON").click()
        photo = json.loads(read(whole.value))[0]
        assert photo["classes"][0]["map"] == [[50, 100], [-25, 25]]
        assert photo["unit"] == 0.02

        page.reload()
        expect(page.locator("#photo")).to_have_attribute("alt", "Your photo green.png")
        page.get_by_role("button", name="Remove green.png").click()
        expect(page.locator("#photo")).to_have_attribute("alt", "Your photo red.png")
        expect(page.get_by_role("button", name="Remove red.png")).to_be_focused()
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#classify")).to_have_attribute("data-phase", "empty")
        expect(items).to_have_count(0)
        expect(page.get_by_role("button", name="Drop photos of cars here")).to_be_focused()

        page.set_input_files("#photo-file", coloured_files(tmp_path, "red") * 201)
        expect(items).to_have_count(200)
        expect(page.get_by_role("alert")).to_contain_text("1 photo was left out.")


def test_the_camera_takes_a_photo(page):
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Take it").click()
    expect_answer(page, "Your photo from the camera.jpg")
    expect(page.locator("#camera")).to_be_hidden()


def test_an_answer_that_is_not_sure_is_called_so(browser, local_server, folder):
    settings = told(local_server.url, folder) | {"sure_above": 0.8}
    with running_dashboard(**settings) as url, opened(browser, url) as (page, _):
        pick_sample(page)
        expect(page.locator("#not-sure")).to_have_text("Sure of the make, not of the model.")
        expect(page.locator(".photo-item")).to_contain_text("75.0%, not sure")


@pytest.mark.long
def test_the_page_outlives_whatever_happens_to_the_model_server(browser, closed_url, folder, tmp_path):
    port = int(closed_url.rpartition(":")[2])
    with running_dashboard(**told(closed_url, folder)) as url, opened(browser, url) as (page, watch):
        watch.expected = "status of 502"
        status, phase = page.locator("#status"), page.locator("#classify")
        expect(status).to_have_text("Not reachable")
        page.locator("[data-sample]").first.click()
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached. Start it")
        with local_model_server(port) as server:
            expect(phase).to_have_attribute("data-phase", "answered")  # by itself
            expect(page.locator("#problem")).to_be_hidden()
            expect(status).to_have_text("Ready, version 3")

            server.behaves_like = "status-503"
            expect(status).to_have_text("Starting")
            page.locator("[data-sample]").nth(1).click()
            expect(page.get_by_role("alert")).to_contain_text("busy or starting")
            expect(page.locator("#photo")).to_be_visible()
            server.behaves_like = None
            expect(phase).to_have_attribute("data-phase", "answered")

            server.behaves_like = "no-predictions"  # while its status says that all is well
            page.get_by_role("button", name="Clear").click()
            page.locator("[data-sample]").first.click()
            expect(phase).to_have_attribute("data-phase", "unanswered")
            expect(page.get_by_role("img", name="No heatmap yet.")).to_be_visible()
            server.behaves_like = None
            expect(phase).to_have_attribute("data-phase", "answered")  # by itself
            page.locator("[data-sample]").nth(1).click()
            expect(phase).to_have_attribute("data-phase", "answered")

            server.slow = True
            page.locator("[data-sample]").nth(2).click()
            expect(page.locator(".progress")).to_have_text("Asking the model…")
            page.locator(".photo-item-open").nth(1).click()  # the page is not held up
            expect(phase).to_have_attribute("data-phase", "answered")
            page.locator(".photo-item-open").nth(0).click()
            expect(phase).to_have_attribute("data-phase", "asking")
            # What was sent before a reload is asked again; what was not is told.
            page.set_input_files("#photo-file", coloured_files(tmp_path, "red", "green", "blue"))
            expect(page.get_by_role("button", name="red.png Asking…")).to_be_visible()
            page.reload()
            expect(page.get_by_role("alert")).to_contain_text("2 photos had not been sent when the page was loaded")
            expect(phase).to_have_attribute("data-phase", "asking")
            server.release.set()
            expect(phase).to_have_attribute("data-phase", "answered")
        expect(status).to_have_text("Not reachable")
        expect(page.locator(".row-name").first).to_have_text("Aurelio Vela")


def test_several_photos_can_be_sorted_filtered_and_summed_up(browser, url, tmp_path):
    with opened(browser, url) as (page, _):
        clear(page)
        pick_sample(page, 0)
        expect(page.locator("#list-fields")).to_be_hidden()
        pick_sample(page, 2)
        page.set_input_files("#photo-file", coloured_files(tmp_path, "red", "green"))
        expect_answer(page, "Your photo red.png")
        names = page.locator(".photo-item-name")
        samples = ["Sample photo 3", "Sample photo 1"]
        expect(names).to_have_text(["red.png", "green.png", *samples])
        expect(page.locator("#list-summary")).to_contain_text("4 photos · 4 Aurelio Vela · ")
        expect(page.locator("#list-progress")).to_be_hidden()
        marks = [page.locator(f"[data-sample] >> nth={number}").get_attribute("data-mark") for number in (2, 0)]
        wrong = [name for name, mark in zip(samples, marks, strict=True) if mark == "wrong"]
        expect(page.locator("#list-summary")).to_contain_text(f"{2 - len(wrong)} of 2 samples right")
        choose(page, "Filter", f"Wrong ({len(wrong)})")
        expect(names).to_have_text(wrong)
        choose(page, "Filter", "Aurelio Vela (4)")
        expect(names).to_have_count(4)
        choose(page, "Order", "Least sure first")
        expect(names).to_have_text(["red.png", "green.png", *samples])  # all are as sure
        choose(page, "Filter", "Not sure (0)")
        expect(names).to_have_count(0)
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#classify")).to_have_attribute("data-phase", "empty")


def test_the_progress_of_many_photos_is_shown(browser, folder, tmp_path):
    with (
        local_model_server() as server,
        running_dashboard(**told(server.url, folder)) as url,
        opened(browser, url) as (page, _),
    ):
        clear(page)
        server.slow = True
        page.set_input_files("#photo-file", coloured_files(tmp_path, "red", "green", "blue"))
        expect(page.locator("#list-summary")).to_have_text("0 of 3 photos answered")
        expect(page.get_by_role("progressbar", name="Photos answered")).to_have_attribute("max", "3")
        server.release.set()
        expect(page.locator("#list-summary")).to_have_text("3 photos · 3 Aurelio Vela")
        expect(page.locator("#list-progress")).to_be_hidden()
