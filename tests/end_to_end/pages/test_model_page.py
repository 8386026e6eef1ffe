"""The page "Model" as a person uses it: the real dashboard in a real browser, asking a real model server."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import ARTEFACTS, Watch, opened, running_dashboard
from tests.support.datasets import kept_in
from tests.support.local_model_server import local_model_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def versions(demo_model_dir, tmp_path_factory) -> Path:
    """Three versions: one with the demo model's reports, one that is right more often, and one without reports."""
    folder = tmp_path_factory.mktemp("versions")
    for number in (1, 2):
        shutil.copytree(demo_model_dir / "1" / "assets.extra", folder / str(number) / "assets.extra")
    (folder / "3").mkdir()
    better = folder / "2" / "assets.extra"
    metrics = json.loads((better / "metrics.json").read_text())
    (better / "metrics.json").write_text(json.dumps(metrics | {"top1": 1.0, "top1_interval": [0.9, 1.0]}))
    rows = predictions(better)
    for row in rows:
        row["label_1"] = row["label"]
    with (better / "predictions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return folder


@contextmanager
def model_page(model_server_url: str, versions: Path, demo_data: Path, folder: Path) -> Iterator[str]:
    """The address of the page, with a dashboard of its own."""
    with running_dashboard(
        model_server_url=model_server_url,
        model_folder=versions,
        manifest=demo_data / "manifest.csv",
        **kept_in(folder),
    ) as url:
        yield f"{url}/model"


@pytest.fixture(scope="module")
def url(model_server, demo_data, versions, tmp_path_factory) -> Iterator[str]:
    with model_page(model_server.url, versions, demo_data, tmp_path_factory.mktemp("dashboard")) as url:
        yield url


def predictions(assets: Path) -> list[dict[str, str]]:
    with (assets / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def a_mistake(versions: Path) -> tuple[list[str], int, int, int]:
    """The labels, and a cell of the confusion matrix beside the diagonal: row, column and count."""
    confusion = json.loads((versions / "1/assets.extra/metrics.json").read_text())["confusion"]
    cells = [
        (count, i, j) for i, row in enumerate(confusion["matrix"]) for j, count in enumerate(row) if count and i != j
    ]
    assert cells, "the demo model makes no mistake any more: train it for fewer epochs"
    count, row, column = max(cells)
    return confusion["labels"], row, column, count


def plot(page: Page, name: str) -> Locator:
    """A plot, drawn because its frame was brought into view. The name begins its description."""
    frame = page.get_by_role("figure", name=re.compile(f"^{name}"))
    frame.scroll_into_view_if_needed()
    expect(frame.locator(".main-svg").first).to_be_visible()
    return frame


def click_cell(page: Page, row: int, column: int, classes: int) -> None:
    matrix = plot(page, "Confusion matrix")
    matrix.locator(".heatmaplayer image").first.wait_for(state="attached")
    cells = matrix.locator(".nsewdrag")
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    place = {"x": (column + 0.5) / classes * box["width"], "y": (row + 0.5) / classes * box["height"]}
    cells.hover(position=place)
    expect(matrix.locator(".hoverlayer .hovertext")).to_be_visible()
    cells.click(position=place)


def chosen(page: Page, label: str) -> Locator:
    """The field of a select."""
    return page.get_by_role("textbox", name=label, exact=True)


def painted(page: Page, wall: str) -> int:
    """The number of photos of a wall with a heatmap."""
    return page.locator(f"#{wall} .wall-cell:visible .wall-map").evaluate_all(
        """(maps) => maps.filter((map) => {
            const { data } = map.getContext("2d").getImageData(0, 0, map.width, map.height);
            return data.some((value, i) => i % 4 === 3 && value > 0);
        }).length"""
    )


def test_a_cell_of_the_confusion_matrix_shows_its_photos_with_heatmaps(browser, url, versions):
    labels, row, column, count = a_mistake(versions)
    with opened(browser, f"{url}?version=1") as (page, watch):
        expect(page.locator("#model-live")).to_have_text("Version 1 is live; heatmaps come from it.")
        click_cell(page, row, column, len(labels))
        expect(chosen(page, "Really")).to_have_value(labels[row].replace("_", " "))
        expect(chosen(page, "Answered")).to_have_value(labels[column].replace("_", " "))
        expect(page.locator("#model-chosen-count")).to_have_text(re.compile(rf"^{count} photos?, {count} of them"))
        cells = page.locator("#model-chosen-wall .wall-cell:visible")
        expect(cells).to_have_count(min(count, 12))
        cells.first.scroll_into_view_if_needed()
        expect(cells.first.locator(".wall-note")).to_be_empty()
        page.wait_for_function("() => document.querySelector('#model-chosen-wall .wall-image').naturalWidth > 0")
        expect(cells.first.locator(".wall-map")).not_to_have_attribute("width", "1")
        assert painted(page, "model-chosen-wall") >= 1
        assert cells.first.locator("a").get_attribute("href").startswith("/?sample=")
        page.screenshot(path=ARTEFACTS / "dashboard-model.png")

        page.get_by_role("region", name="Mistakes").get_by_text("Photo only").click()
        expect(page.locator("#model-mistakes-legend")).to_be_hidden()

        # By keyboard: the most confused pair, then a class of the table.
        page.locator(".pair").first.press("Enter")
        expect(page.get_by_role("switch", name="And the other way round")).to_be_checked()
        page.locator("#model-class-table .ag-row").first.locator(".ag-cell").first.click()
        expect(chosen(page, "Answered")).to_have_value("")
        expect(chosen(page, "Really")).to_have_value(
            page.locator("#model-class-table .ag-row .ag-cell").first.inner_text()
        )

        # The same cell as before chooses the same again.
        click_cell(page, row, column, len(labels))
        expect(chosen(page, "Answered")).to_have_value(labels[column].replace("_", " "))


def test_two_versions_side_by_side(browser, url):
    with opened(browser, url) as (page, watch):
        choose(page, "Version", "Version 2")
        choose(page, "Compare with", "Version 1")
        first = page.locator(".headline").first
        expect(first.locator(".headline-value")).to_have_text("100.0%")
        expect(first.locator(".headline-other")).to_have_text(re.compile(r"^Version 1: [\d.]+%"))
        expect(first.locator(".headline-difference")).to_have_attribute("data-verdict", "better")
        expect(page.get_by_role("figure", name=re.compile("Calibration plot. Version [12]"))).to_have_count(2)
        expect(plot(page, "Curve of the loss").locator(".legendtext")).to_have_text(
            [f"Version {number}, {side}" for number in (2, 1) for side in ("training", "validation")]
        )
        expect(page).to_have_url(re.compile(r"\?version=2&compare=1$"))
        page.reload()
        expect(page.locator(".headline-difference").first).to_contain_text("better")


def choose(page: Page, label: str, option: str) -> None:
    chosen(page, label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_a_version_without_files_says_how_to_get_them(browser, url):
    with opened(browser, f"{url}?version=3") as (page, watch):
        for name, words in (
            ("How good it is", "car-classifier evaluate --model"),
            ("How good its explanations are", "car-classifier explain-eval --model"),
            ("Mistakes", "were not kept"),
        ):
            expect(page.get_by_role("region", name=name)).to_contain_text(words)
        expect(page.locator(".headline-value").first).to_be_hidden()


@pytest.mark.long
def test_without_a_model_server_the_figures_stay_and_each_photo_says_why_it_has_no_heatmap(
    browser, closed_url, versions, demo_data, tmp_path
):
    with (
        model_page(closed_url, versions, demo_data, tmp_path) as url,
        opened(browser, f"{url}?version=1") as (page, watch),
    ):
        watch.expected = "status of (502|422)"
        expect(page.locator("#model-live")).to_contain_text("does not answer now")
        expect(page.locator(".headline-value").first).to_have_text(re.compile(r"^[\d.]+%$"))
        cell = page.locator("#model-mistakes-wall .wall-cell:visible").first
        cell.scroll_into_view_if_needed()
        expect(cell.locator(".wall-problem")).to_contain_text(f"{closed_url} cannot be reached")
        assert painted(page, "model-mistakes-wall") == 0
        with local_model_server(int(closed_url.rpartition(":")[2])):
            # Asked again by itself: this server's classes are others.
            expect(cell.locator(".wall-problem")).to_contain_text("the names of its classes are not known here")


def test_a_first_load_is_light_and_plotly_comes_when_the_reader_comes_to_a_plot(browser, url):
    with opened(browser, f"{url}?version=1") as (page, watch):
        expect(page.locator("#model-class-table .ag-row").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        sizes = [request.sizes() for request in watch.requests]
        assert 500_000 < sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < 2_000_000
        assert loads_of_plotly(watch) == 0
        plot(page, "Confusion matrix")
        assert loads_of_plotly(watch) == 1


@pytest.mark.long
def test_plotly_is_loaded_on_no_other_page(browser, url):
    with opened(browser, url.removesuffix("/model")) as (page, watch):
        page.wait_for_load_state("networkidle")
        assert loads_of_plotly(watch) == 0
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Model").click()
        choose(page, "Version", "Version 1")
        plot(page, "Calibration plot")
        assert loads_of_plotly(watch) == 1


def loads_of_plotly(watch: Watch) -> int:
    return sum(path.endswith("/plotly.min.js") for path in watch.asked())
