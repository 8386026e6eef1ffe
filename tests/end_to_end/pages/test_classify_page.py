"""The page "Classify" as a person uses it: the real dashboard in a real browser, asking a real model server."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.photos.normalise import can_read_heic
from tests.support.browsing import clear, expect_answer, opened, pick_sample, running_dashboard
from tests.support.datasets import manifest_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows_shown(demo_data) -> int:
    return min(5, len({row["label"] for row in manifest_rows(demo_data)}))


def upload(page: Page, photo: Path) -> None:
    page.set_input_files("#photo-file", photo)
    expect_answer(page, f"Your photo {photo.name}")


def visible_pixels(page: Page) -> int:
    """The number of the heatmap's pixels that are not transparent."""
    return page.evaluate(
        """() => {
            const canvas = document.getElementById("heatmap");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
            return count;
        }"""
    )


def pixels(page: Page) -> str:
    return page.evaluate("document.getElementById('heatmap').toDataURL()")


def opacity(page: Page) -> str:
    return page.evaluate("document.getElementById('heatmap').style.opacity")


def row(page: Page, rank: int):
    return page.get_by_role("radio").nth(rank)


def test_the_first_sample_is_answered_by_itself_once(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("Which car is this?")
    expect(page.locator("#status")).to_have_text(re.compile(r"Ready, version \d+"))
    sample = page.locator("[data-sample]").first
    expect(sample).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile(rf"\?sample={sample.get_attribute('data-sample')}$"))
    assert visible_pixels(page) > 1000

    clear(page)
    expect(page.get_by_role("button", name="Drop photos of cars here")).to_be_visible()
    assert row(page, 0).is_disabled()
    page.reload()
    expect(page.locator("#status")).to_have_text(re.compile(r"Ready, version \d+"))
    expect(page.locator("#classify")).to_have_attribute("data-phase", "empty")


def test_an_upload_is_answered_with_bars_and_a_heatmap(page, car, rows_shown):
    upload(page, car)
    expect(page.locator(".row:visible")).to_have_count(rows_shown)
    shares = [float(text.strip("<> %")) for text in page.locator(".row .number:visible").all_text_contents()]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 100.5
    expect(row(page, 0)).to_have_attribute("aria-checked", "true")
    expect(page.locator(".evidence")).to_contain_text(page.locator(".row-name").first.inner_text())
    expect(page.locator("#make")).to_have_text(re.compile(r"^Make: .+, [<>]?\s?[\d.]+%"))
    expect(page.locator("#model-line")).to_have_text(re.compile(r"^version \d+, answered in \d+ ms$"))
    assert visible_pixels(page) > 1000


def test_the_heatmap_lies_on_the_photo_at_its_own_resolution(page, car):
    upload(page, car)
    assert page.locator("#photo").bounding_box() == page.locator("#heatmap").bounding_box()
    photo = page.locator("#photo").evaluate("photo => [photo.naturalWidth, photo.naturalHeight]")
    drawn = page.locator("#heatmap").evaluate("canvas => [canvas.width, canvas.height]")
    assert drawn[0] >= photo[0]
    assert drawn[0] / drawn[1] == pytest.approx(photo[0] / photo[1], rel=0.01)


def test_another_car_is_shown_without_asking_anybody(page, watch, car):
    upload(page, car)
    before, asked = pixels(page), watch.asked()
    row(page, 1).click()
    expect(row(page, 1)).to_have_attribute("aria-checked", "true")
    expect(page.locator("#evidence-text")).to_contain_text(page.locator(".row-name").nth(1).inner_text())
    assert pixels(page) != before
    row(page, 0).click()
    expect(page.locator("#evidence-text")).to_contain_text(page.locator(".row-name").first.inner_text())
    assert pixels(page) == before
    assert watch.asked() == asked


def test_arrow_keys_go_through_the_cars(page, car):
    upload(page, car)
    row(page, 0).focus()
    page.keyboard.press("ArrowDown")
    expect(row(page, 1)).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowUp")
    expect(row(page, 0)).to_have_attribute("aria-checked", "true")


def test_the_slider_changes_how_strong_the_heatmap_is(page, car):
    upload(page, car)
    before = pixels(page)
    slider = page.get_by_role("slider", name="Opacity of the heatmap, in percent")
    slider.focus()
    assert opacity(page) == "0.75"
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#heatmap")).to_have_attribute("style", re.compile(r"opacity: 0\.7;"))
    page.keyboard.press("Home")
    expect(page.locator("#heatmap")).to_have_attribute("style", re.compile(r"opacity: 0;"))
    page.keyboard.press("End")
    expect(page.locator("#heatmap")).to_have_attribute("style", re.compile(r"opacity: 1;"))
    assert pixels(page) == before


def test_the_heatmap_can_be_switched_off_and_on(page, car):
    upload(page, car)
    switch = page.get_by_role("switch", name="Heatmap")
    switch.press("Space")
    expect(page.locator("#heatmap")).to_have_attribute("style", re.compile(r"opacity: 0;"))
    switch.press("Space")
    expect(page.locator("#heatmap")).to_have_attribute("style", re.compile(r"opacity: 0\.75;"))


def test_a_sample_is_answered_and_its_name_shown_afterwards(page, demo_data):
    pick_sample(page, 1)
    truth = page.locator("#truth").inner_text().removeprefix("Really: ")
    assert truth in {row["label"].replace("_", " ") for row in manifest_rows(demo_data)}
    assert visible_pixels(page) > 1000


def test_samples_are_marked_right_or_wrong(page):
    for number in range(3):
        pick_sample(page, number)
        is_right = page.locator("#truth").inner_text() == f"Really: {page.locator('.row-name').first.inner_text()}"
        mark = "right" if is_right else "wrong"
        sample = page.locator("[data-sample]").nth(number)
        expect(sample).to_have_accessible_name(f"Sample photo {number + 1}, answered {mark}")
        expect(sample).to_have_attribute("data-mark", mark)
        expect(page.locator("#truth")).to_have_attribute("data-mark", mark)
        expect(page.locator(".photo-item").nth(0).locator("strong")).to_have_attribute("data-mark", mark)
    expect(page.locator("[data-sample]").nth(3)).to_have_accessible_name("Sample photo 4")


def test_back_and_forward_go_through_the_photos(page, car):
    pick_sample(page, 2)
    upload(page, car)
    pick_sample(page, 1)
    for way, photos in [
        (page.go_back, [f"Your photo {car.name}", "Sample photo 3", "Sample photo 1"]),
        (page.go_forward, ["Sample photo 3", f"Your photo {car.name}", "Sample photo 2"]),
    ]:
        for photo in photos:
            way()
            expect_answer(page, photo)
    # A photo that was taken from the list is no step any more.
    page.get_by_role("button", name="Remove Sample photo 2").click()
    expect_answer(page, f"Your photo {car.name}")
    page.get_by_role("link", name="Data", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Data set")
    page.go_back()
    expect_answer(page, f"Your photo {car.name}")
    page.go_back()  # to where it had been shown before the one that is gone
    page.go_back()
    expect_answer(page, "Sample photo 3")
    page.evaluate("history.go(3)")
    expect(page.get_by_role("heading", level=1)).to_have_text("Data set")
    page.go_back()
    expect_answer(page, f"Your photo {car.name}")


def is_grey(page: Page, photo: str) -> bool:
    return page.locator(photo).evaluate("photo => getComputedStyle(photo).filter") == "grayscale(1)"


def test_the_photo_below_a_heatmap_is_grey_as_long_as_one_likes(page):
    assert is_grey(page, "#photo")
    page.get_by_role("switch", name="Heatmap").press("Space")
    expect(page.locator("#photo-frame")).to_have_attribute("data-grey", "no")
    assert not is_grey(page, "#photo")
    page.get_by_role("switch", name="Heatmap").press("Space")
    expect(page.locator("#photo-frame")).to_have_attribute("data-grey", "yes")
    page.get_by_role("switch", name="Grey photo").press("Space")
    expect(page.locator("#photo-frame")).to_have_attribute("data-grey", "no")
    page.reload()
    expect_answer(page, "Sample photo 1")
    expect(page.get_by_role("switch", name="Grey photo")).not_to_be_checked()
    assert not is_grey(page, "#photo")


# A file as a browser hands it over when something is pasted or dropped.
GIVE_FILE = """([kind, encoded]) => {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "given.jpg", { type: "image/jpeg" }));
    const options = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
        : new DragEvent("drop", { ...options, dataTransfer: transfer });
    document.querySelector("h1").dispatchEvent(event);
}"""


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_photo_can_be_given_anywhere_on_the_page(page, car, way):
    page.evaluate(GIVE_FILE, [way, b64encode(car.read_bytes()).decode()])
    expect_answer(page, "Your photo given.jpg")


def test_the_stage_opens_the_file_dialog(page, car, another_car):
    for photo, button in [(car, "Your own photo"), (another_car, "Drop photos of cars here")]:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name=button).press("Enter")
        chooser.value.set_files(photo)
        expect_answer(page, f"Your photo {photo.name}")
        page.get_by_role("button", name="Clear").click()


def test_the_same_file_can_be_chosen_twice(page, watch, car):
    upload(page, car)
    with page.expect_response(re.compile(r"/answer$")):
        page.set_input_files("#photo-file", car)
    assert watch.asked().count("/photos") == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.jpg", b"Dear diary", "This is not a photo that can be read."),
        ("empty.png", b"", "The file is empty."),
        ("huge.jpg", bytes(20_500_000), "The file has 20.5 MB; at most 20 MB can be taken"),
        ("phone.heic", b"no photo", f"This is {'not a photo' if can_read_heic() else 'a HEIC photo'}"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence_and_the_next_photo_works(
    page, watch, car, another_car, tmp_path, name, content, words
):
    watch.expected = "status of 422"
    upload(page, car)
    answer = page.locator(".rows").inner_text()
    (tmp_path / name).write_bytes(content)
    page.set_input_files("#photo-file", tmp_path / name)
    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.locator("#classify")).to_have_attribute("data-phase", "answered")
    assert page.locator(".rows").inner_text() == answer, "what was there stays"
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#problem")).to_be_hidden()
    upload(page, another_car)


def test_without_samples_the_page_says_so(browser, model_server, tmp_path):
    with (
        running_dashboard(
            model_server_url=model_server.url,
            manifest=tmp_path / "none.csv",
            database_url=f"sqlite:///{tmp_path}/dashboard.sqlite3",
        ) as url,
        opened(browser, url) as (page, _),
    ):
        expect(page.get_by_text("No sample photos")).to_be_visible()


def test_light_and_dark_follow_the_system_until_one_is_chosen(browser, dashboard_url):
    with opened(browser, dashboard_url, color_scheme="dark") as (page, _):
        root = page.locator("html")
        expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
        page.get_by_role("button", name="Switch between light and dark").click()
        expect(root).to_have_attribute("data-mantine-color-scheme", "light")
        page.reload()
        expect(root).to_have_attribute("data-mantine-color-scheme", "light")
