"""The live view as a person sees it: a real training in another process, which is killed and resumed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.training_runs import write_progress, write_run
from tests.support.browsing import ARTEFACTS, PHONE, opened, running_dashboard, violations
from tests.support.local_model_server import local_model_server

GENEROUS = 900_000  # milliseconds, of a busy machine
TINY = ("--base", "MobileNetV2", "--weights", "none", "--image-size", "32x48", "--batch-size", "8")
LONG = ("--epochs", "500", "--set", "patience=500", "--set", "cutmix=0")


@contextmanager
def training(data: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A training that goes on until it is killed."""
    command = [sys.executable, "-m", "car_classifier", "train", "--data", str(data / "manifest.csv"), *TINY, *LONG]
    command += ["--runs-dir", str(folder / "runs"), "--model-dir", str(folder / "model")]
    with (folder / "log.txt").open("a") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def dashboard(folder: Path, model_server_url: str, manifest: Path) -> Iterator[str]:
    with running_dashboard(
        model_server_url=model_server_url,
        model_name="good",
        model_folder=folder / "model",
        manifest=manifest,
        runs_dir=folder / "runs",
        photo_folder=folder / "photos",
        database_url=f"sqlite:///{folder}/dashboard.sqlite3",
    ) as url:
        yield url


def state(page: Page, words: str) -> None:
    expect(page.locator(".live-run:visible .live-state").first).to_have_text(words, timeout=GENEROUS)


def epochs_drawn(page: Page) -> int:
    """The number of epochs whose validation loss is drawn."""
    lines = page.locator("#live-loss polyline:not(.live-dotted)")
    return len(lines.first.get_attribute("points").split()) if lines.count() else 0


def wait_for_epochs(page: Page, least: int) -> None:
    page.wait_for_function(
        """(least) => (document.querySelector("#live-loss polyline:not(.live-dotted)")
            ?.getAttribute("points").split(" ").length || 0) >= least""",
        arg=least,
        timeout=GENEROUS,
    )


@pytest.mark.long
@pytest.mark.timeout(3 * GENEROUS / 1000)
def test_a_training_in_another_process_is_watched_killed_and_resumed(browser, demo_data, closed_url, tmp_path):
    with dashboard(tmp_path, closed_url, demo_data / "manifest.csv") as url:
        with training(demo_data, tmp_path), opened(browser, f"{url}/model") as (page, watch):
            state(page, "Running")
            wait_for_epochs(page, 2)
            step = page.locator(".live-run:visible .live-step")
            expect(step).to_contain_text("Step 2 of 3: Training all layers, epoch")
            expect(page.locator(".live-run:visible .live-work")).to_contain_text("photos a second")
            expect(page.locator(".live-run:visible .live-settings")).to_contain_text("MobileNetV2 from random weights")
            cells = page.locator("#live-watched .live-cell:visible")
            expect(cells).to_have_count(12, timeout=GENEROUS)
            expect(cells.first.locator(".live-answer")).to_contain_text("%")
            expect(cells.first.locator("canvas")).not_to_have_attribute("width", "1")
            page.screenshot(path=ARTEFACTS / "dashboard-live.png", full_page=True)
            assert violations(page) == []

        # The process is dead. Another window shows the same, from the files alone.
        with opened(browser, f"{url}/", viewport=PHONE, color_scheme="dark") as (page, watch):
            expect(page.get_by_role("heading", level=1)).to_have_text("Your first model in the making")
            state(page, "Stopped")
            before = epochs_drawn(page)
            assert before >= 2
            command = page.locator(".live-run:visible .live-command")
            expect(command).to_contain_text("car-classifier train --data")
            expect(command).to_contain_text("--epochs 500")
            page.screenshot(path=ARTEFACTS / "dashboard-live-phone-dark.png", full_page=True)
            assert violations(page) == []
            page.reload()
            state(page, "Stopped")
            with training(demo_data, tmp_path):  # the same command
                state(page, "Running")
                wait_for_epochs(page, before + 1)
                expect(page.locator(".live-run:visible")).to_have_count(1)


@pytest.mark.slow
def test_the_waiting_page_opens_the_real_one_once_the_model_answers(browser, closed_url, small_manifest, tmp_path):
    write_progress(small_manifest.parent / "demo", state="running", stage="Drawing cars", stage_number=1, stage_count=4)
    with dashboard(tmp_path, closed_url, small_manifest) as url, opened(browser, f"{url}/play") as (page, watch):
        expect(page.locator("#waiting")).to_be_visible()
        expect(page.locator("#live-step")).to_have_text("Step 1 of 4: Drawing cars")
        expect(page.locator("#status")).to_have_text("No model yet")
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Classify").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your first model in the making")
        with local_model_server(int(closed_url.rpartition(":")[2])):
            expect(page.locator("#classify")).to_be_visible(timeout=GENEROUS)


@pytest.mark.slow
def test_runs_side_by_side_and_the_answers_of_an_earlier_epoch(browser, closed_url, small_manifest, tmp_path):
    facts = {"stage": "Training all layers", "stage_number": 2, "stage_count": 3, "command": "car-classifier train"}
    for day in (1, 2):
        write_run(tmp_path / "runs" / f"2026-01-0{day}T10-00-00", state="ended" if day == 1 else "stopped", **facts)
    with dashboard(tmp_path, closed_url, small_manifest) as url, opened(browser, f"{url}/model") as (page, watch):
        cards = page.locator(".live-run:visible")
        expect(cards).to_have_count(1)
        expect(cards.locator(".live-title")).to_have_text("2026-01-02 10:00 UTC")
        page.get_by_role("textbox", name="Runs side by side").click()
        for day in (1, 2):
            page.get_by_role("option", name=f"2026-01-0{day} 10:00 UTC").click()
        expect(cards).to_have_count(2)
        expect(page.locator("#live-accuracy polyline")).to_have_count(4)
        answer = page.locator("#live-watched .live-answer").first
        expect(answer).to_have_text("✗ Aurelio Vela 60.0%")
        page.get_by_role("slider", name="Answers after an earlier epoch").press("ArrowLeft")
        expect(answer).to_have_text("✓ Maki Hoshi 60.0%")
        expect(page.locator("#live-watched-text")).to_contain_text("after epoch 1")
        assert violations(page) == []
