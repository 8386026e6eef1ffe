"""The card "Was this right?" as a person uses it, with two workers behind it."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from playwright.sync_api import expect

from tests.support.browsing import opened, running_dashboard, violations
from tests.support.datasets import kept_in
from tests.support.local_model_server import ALL_LABELS, LABELS

pytestmark = pytest.mark.slow

OPINION = {"answer_label": LABELS[0], "probability": 0.75, "version": "3", "right": True, "may_train": True}


@pytest.fixture
def settings(local_server, small_manifest, tmp_path) -> dict[str, object]:
    assets = tmp_path / "model" / "3" / "assets.extra"
    assets.mkdir(parents=True)
    (assets / "labels.json").write_text(json.dumps({"labels": ALL_LABELS}))
    return {
        "model_server_url": local_server.url,
        "model_name": "good",
        "model_folder": tmp_path / "model",
        "manifest": small_manifest,
        **kept_in(tmp_path),
        "workers": 2,
    }


def test_feedback_by_keyboard_until_it_is_taken_back(browser, settings, tmp_path, photo):
    (tmp_path / "car.jpg").write_bytes(photo)

    def kept() -> list[tuple]:
        with sqlite3.connect(tmp_path / "dashboard.sqlite3") as connection:
            columns = "answer_is_right, right_label, may_train, photo IS NOT NULL"
            return connection.execute(f"SELECT {columns} FROM feedback").fetchall()  # noqa: S608

    with running_dashboard(**settings) as url, opened(browser, url, color_scheme="dark") as (page, watch):
        watch.expected = "422"
        card, said = page.locator("#feedback"), page.locator("#feedback-text")
        page.locator("[data-sample]").last.click()
        expect(said).to_have_text("The model says Aurelio Vela, the data set Maki Hoshi.")
        page.get_by_role("button", name="Yes").click()
        expect(said).to_have_text("Thank you. You said: the answer is right.")
        expect(page.get_by_role("checkbox", name="Keep my photo")).to_be_hidden()
        assert kept() == [(1, None, 0, 0)]
        page.get_by_role("button", name="Take it back").click()
        expect(card).to_have_attribute("data-state", "ask")

        page.set_input_files("#photo-file", tmp_path / "car.jpg")
        expect(said).to_have_text("The model says Aurelio Vela.")
        page.get_by_role("button", name="No", exact=True).press("Enter")
        expect(page.get_by_role("textbox", name="Which car is it?")).to_be_focused()
        page.keyboard.type("gatto")
        expect(page.get_by_role("option")).to_have_text(["Orsini Gatto"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert violations(page, "#feedback") == []
        page.get_by_role("button", name="Send").press("Enter")
        expect(said).to_have_text("Thank you. You said: it is the Orsini Gatto.")
        expect(said).to_be_focused()
        assert kept() == [(0, "Orsini_Gatto", 0, 0)]

        page.get_by_role("checkbox", name="Keep my photo").press("Space")
        expect(said).to_contain_text("Your photo is kept for training")
        assert kept() == [(0, "Orsini_Gatto", 1, 1)]
        page.reload()
        expect(said).to_contain_text("it is the Orsini Gatto. Your photo is kept")
        expect(page.get_by_role("checkbox", name="Keep my photo")).to_be_checked()
        page.get_by_role("button", name="Take it back").press("Enter")
        expect(page.get_by_role("button", name="Yes")).to_be_focused()
        assert kept() == []

        page.get_by_role("button", name="No", exact=True).click()
        page.get_by_role("button", name="It is not in the list").click()
        page.get_by_role("textbox", name="Make").fill("Škoda")
        page.get_by_role("button", name="Send").click()
        expect(card.get_by_role("alert")).to_have_text("Fill in both make and model, or leave both empty.")
        page.get_by_role("textbox", name="Model").fill("Octavia")
        page.get_by_role("button", name="Send").click()
        expect(said).to_have_text("Thank you. You said: it is the Škoda Octavia.")
        assert kept() == [(0, "Škoda_Octavia", 0, 0)]


def test_workers_share_a_postgresql_without_sharing_connections(settings, postgres, photo):
    settings["database_url"] = postgres.new_database()
    with running_dashboard(**settings) as url:

        def say(_: int) -> tuple[int, int]:
            with requests.Session() as visitor:
                visitor.get(url, timeout=30)
                photo_id = visitor.post(f"{url}/photos", data=photo, timeout=30).json()["id"]
                said = visitor.post(f"{url}/photos/{photo_id}/feedback", json=OPINION, timeout=30)
                gone = visitor.delete(f"{url}/feedback/{said.json()['id']}", timeout=30)
                return said.status_code, gone.status_code

        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(say, range(24))) == {(201, 200)}
