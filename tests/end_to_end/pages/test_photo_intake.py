"""How photos get into the page "Classify": too large ones, and those that lie at an address on the web."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.support.browsing import Watch, expect_answer, opened, running_dashboard
from tests.support.datasets import write_labels_of_version_3, write_small_dataset
from tests.support.pictures import encoded

pytestmark = pytest.mark.slow

ELSEWHERE = "https://photos.example"
ORIENTATION = 0x0112  # EXIF


@pytest.fixture(scope="module")
def url(local_server, tmp_path_factory) -> Iterator[str]:
    """The address of a dashboard that takes files of up to 0.1 MB and photos of up to half a megapixel."""
    folder = tmp_path_factory.mktemp("intake")
    with running_dashboard(
        model_server_url=local_server.url,
        model_name="good",
        manifest=write_small_dataset(folder, encoded(Image.new("RGB", (60, 40), "red"))),
        model_folder=write_labels_of_version_3(folder),
        photo_folder=folder / "photos",
        database_url=f"sqlite:///{folder}/dashboard.sqlite3",
        max_upload_mb=0.1,
        max_megapixels=0.5,
        photo_side=400,
    ) as address:
        yield address


@contextmanager
def ready(browser, url: str) -> Iterator[tuple[Page, Watch]]:
    with opened(browser, url) as (page, watch):
        expect_answer(page, "Sample photo 1")
        yield page, watch
        # Tests ask this site on purpose; the browser never reaches it.
        watch.requests = [request for request in watch.requests if not request.url.startswith(ELSEWHERE)]


def two_halves(width: int, height: int, noise: bool) -> Image.Image:
    """Red on the left and blue on the right; with noise, a file of many bytes."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return Image.blend(image, Image.effect_noise((width, height), 90).convert("RGB"), 0.3) if noise else image


def turned(image: Image.Image) -> bytes:
    """A JPEG that lies on its side, with the EXIF orientation that sets it upright."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    buffer = io.BytesIO()
    image.transpose(Image.Transpose.ROTATE_90).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def kept_photo(page: Page) -> Image.Image:
    """The photo that the server keeps and the model gets."""
    numbers = page.evaluate(
        """async () => {
            const answer = await fetch(document.getElementById("photo").src.replace(".jpg", ""));
            return [...new Uint8Array(await answer.arrayBuffer())];
        }"""
    )
    return Image.open(io.BytesIO(bytes(numbers)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("heavy.jpg", turned(two_halves(600, 300, noise=True))),
        ("wide.png", encoded(two_halves(2000, 1000, noise=False), "PNG")),
    ],
)
def test_a_photo_above_the_limits_is_scaled_down_upright_before_it_is_sent(browser, url, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with ready(browser, url) as (page, _):
        page.set_input_files("#photo-file", tmp_path / name)
        expect_answer(page, f"Your photo {name}")
        kept = kept_photo(page).convert("RGB")
    assert kept.size == (400, 200)
    left, right = kept.getpixel((100, 100)), kept.getpixel((300, 100))
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]


def test_a_photo_within_the_limits_is_sent_as_it_is(browser, url, tmp_path):
    content = turned(two_halves(90, 60, noise=True))
    (tmp_path / "small.jpg").write_bytes(content)
    with ready(browser, url) as (page, _):
        page.set_input_files("#photo-file", tmp_path / "small.jpg")
        expect_answer(page, "Your photo small.jpg")
        assert kept_photo(page).tobytes() == Image.open(io.BytesIO(content)).tobytes()


def with_heic_read(reads: str, route: Route) -> None:
    """A part of the page, as from a server that reads HEIC photos or does not."""
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub(r'("data-reads-heic": ?)"\w+"', rf'\1"{reads}"', answer.text()))


@pytest.mark.parametrize(("reads", "kept_as"), [("no", ("JPEG", (90, 60), None)), ("yes", ("JPEG", (60, 90), 6))])
def test_a_heic_photo_becomes_an_upright_jpeg_unless_the_server_reads_it(browser, url, tmp_path, reads, kept_as):
    """Chromium reads no HEIC: a JPEG of that name stands in for a photo that Safari reads."""
    (tmp_path / "phone.heic").write_bytes(turned(two_halves(90, 60, noise=False)))
    with ready(browser, url) as (page, _):
        page.route("**/_dash-*", partial(with_heic_read, reads))
        page.reload()
        expect_answer(page, "Sample photo 1")
        page.set_input_files("#photo-file", tmp_path / "phone.heic")
        expect_answer(page, "Your photo phone.heic")
        kept = kept_photo(page)
    assert (kept.format, kept.size, kept.getexif().get(ORIENTATION)) == kept_as


GIVE_TEXTS = """([kind, texts]) => {
    const transfer = new DataTransfer();
    for (const [type, text] of Object.entries(texts)) transfer.setData(type, text);
    const options = { bubbles: true, cancelable: true };
    document.querySelector("h1").dispatchEvent(kind === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
        : new DragEvent("drop", { ...options, dataTransfer: transfer }));
}"""


def elsewhere(route: Route) -> None:
    """Another site, which never gets a request of ours: Playwright answers in its place."""
    photo = encoded(two_halves(60, 40, noise=False), "PNG")
    assert "cookie" not in route.request.headers
    assert "referer" not in route.request.headers
    open_to_all, open_to_one = ({"Access-Control-Allow-Origin": to} for to in ("*", "https://friend.example"))
    answers = {
        "/open.png": {"body": photo, "content_type": "image/png", "headers": open_to_all},
        "/closed.png": {"body": photo, "content_type": "image/png", "headers": open_to_one},
        "/page": {"body": "<p>A page</p>", "content_type": "text/html", "headers": open_to_all},
    }
    path = route.request.url.removeprefix(ELSEWHERE)
    route.fulfill(**answers.get(path, {"status": 404, "body": "", "headers": open_to_all}))


@pytest.mark.parametrize(
    ("way", "texts"),
    [
        ("paste", {"text/plain": f"{ELSEWHERE}/open.png"}),
        ("paste", {"text/plain": "http://photos.example/open.png"}),
        ("drop", {"text/uri-list": f"{ELSEWHERE}/page", "text/html": f'<img src="{ELSEWHERE}/open.png">'}),
    ],
)
def test_the_photo_at_an_address_is_fetched_by_the_browser(browser, url, way, texts):
    with ready(browser, url) as (page, watch):
        page.route(f"{ELSEWHERE}/**", elsewhere)
        page.evaluate(GIVE_TEXTS, [way, texts])
        expect_answer(page, "Your photo open.png")
        assert watch.asked().count("/photos") == 1, "the server gets the photo and not its address"
        page.reload()
        expect_answer(page, "Your photo open.png")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/closed.png", "photos.example does not let this page fetch the photo. Save the photo, then drop its file"),
        ("/gone.png", "photos.example has no photo at this address (error 404). Check the address."),
        ("/page", "At this address is a page and not a photo."),
    ],
)
def test_a_photo_that_cannot_be_fetched_is_a_sentence(browser, url, path, words):
    with ready(browser, url) as (page, watch):
        watch.expected = "CORS policy|Failed to load resource"
        page.route(f"{ELSEWHERE}/**", elsewhere)
        page.evaluate(GIVE_TEXTS, ["drop", {"text/uri-list": ELSEWHERE + path}])
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect_answer(page, "Sample photo 1")


def test_a_text_that_is_no_address_is_left_alone_or_a_sentence(browser, url):
    with ready(browser, url) as (page, watch):
        page.evaluate(GIVE_TEXTS, ["paste", {"text/plain": "Aurelio Vela"}])
        expect(page.locator("#problem")).to_be_hidden()
        page.evaluate(GIVE_TEXTS, ["drop", {"text/plain": "Aurelio Vela"}])
        expect(page.get_by_role("alert")).to_contain_text("That was no file.")
        assert watch.asked().count("/photos") == 0
