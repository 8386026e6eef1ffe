"""Photos of every kind become JPEGs or PNGs that are shown upright; others give a sentence."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from dashboard.photos import normalise as photos
from tests.support.pictures import encoded, picture


def normalise(data: bytes, **limits) -> photos.Photo:
    return photos.normalise(data, **({"max_megapixels": 50, "longest_side": 1600} | limits))


def for_model(data: bytes, **limits) -> photos.Photo:
    return photos.for_model(data, **({"max_megapixels": 50, "longest_side": 30} | limits))


def pixels(photo: photos.Photo) -> np.ndarray:
    """The pixels as a browser shows them."""
    image = Image.open(io.BytesIO(photo.content))
    assert image.format in ("JPEG", "PNG")
    assert image.mode in ("RGB", "L")
    upright = ImageOps.exif_transpose(image)
    assert upright.size == (photo.width, photo.height)
    return np.asarray(upright.convert("RGB")).astype(int)


def halves(mode: str = "RGB") -> Image.Image:
    """40 by 20 pixels, the left half dark, the right half bright."""
    image = Image.new("L", (40, 20), 40)
    image.paste(200, (20, 0, 40, 20))
    return image.convert(mode)


def see_through() -> Image.Image:
    image = Image.new("RGBA", (40, 20), (200, 200, 200, 255))
    image.paste((0, 0, 0, 0), (20, 0, 40, 20))
    return image


def sixteen_bit() -> Image.Image:
    grey = np.full((20, 40), 40 * 257, np.uint16)
    grey[:, 20:] = 200 * 257
    return Image.fromarray(grey)


def float_image() -> Image.Image:
    grey = np.zeros((20, 40), np.float32)
    grey[:, 20:] = 1.0
    return Image.fromarray(grey)


def two_frames() -> bytes:
    return encoded(halves("P"), "GIF", save_all=True, append_images=[Image.new("P", (40, 20))])


@pytest.mark.parametrize(
    ("data", "left", "right"),
    [
        pytest.param(encoded(halves(), "JPEG", quality=95), 40, 200, id="JPEG"),
        pytest.param(encoded(halves("CMYK"), "JPEG", quality=95), 40, 200, id="CMYK JPEG"),
        pytest.param(encoded(halves("L"), "JPEG", quality=95), 40, 200, id="grey JPEG"),
        pytest.param(encoded(halves(), "PNG"), 40, 200, id="PNG"),
        pytest.param(encoded(sixteen_bit(), "PNG"), 40, 200, id="16-bit PNG"),
        pytest.param(encoded(halves("P"), "PNG"), 40, 200, id="palette PNG"),
        pytest.param(encoded(see_through(), "PNG"), 200, 255, id="see-through PNG"),
        pytest.param(encoded(see_through().convert("LA"), "PNG"), 200, 255, id="see-through grey PNG"),
        pytest.param(encoded(see_through().quantize(4), "PNG"), 200, 255, id="see-through palette PNG"),
        pytest.param(encoded(see_through(), "WEBP", lossless=True), 200, 255, id="see-through WebP"),
        pytest.param(encoded(halves(), "WEBP", lossless=True), 40, 200, id="WebP"),
        pytest.param(encoded(halves(), "BMP"), 40, 200, id="BMP"),
        pytest.param(encoded(halves(), "TIFF"), 40, 200, id="TIFF"),
        pytest.param(encoded(float_image(), "TIFF"), 0, 255, id="float TIFF"),
        pytest.param(two_frames(), 40, 200, id="animated GIF"),
    ],
)
def test_every_common_format_keeps_its_picture(data, left, right):
    found = pixels(normalise(data))
    assert found.shape == (20, 40, 3)
    np.testing.assert_allclose(found[:, 2:16], left, atol=6)
    np.testing.assert_allclose(found[:, 24:38], right, atol=6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "size", "dark_at"),
    [(1, (40, 20), "left"), (3, (40, 20), "right"), (6, (20, 40), "top"), (8, (20, 40), "bottom")],
)
def test_photos_are_turned_upright(kind, orientation, size, dark_at):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = normalise(encoded(halves(), kind, exif=exif))
    assert (photo.width, photo.height) == size
    found = pixels(photo)
    sides = {"left": found[:, :10], "right": found[:, -10:], "top": found[:10], "bottom": found[-10:]}
    assert min(sides, key=lambda side: sides[side].mean()) == dark_at


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow says so, and that is all
def test_a_broken_note_about_the_orientation_is_ignored():
    data = encoded(halves(), "JPEG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff broken")
    assert normalise(data).width == 40


SECRETS = [b"Maker of the camera", b"Home, sweet home", b"My profile", b"Said by XMP", b"Behind the end"]


def with_secrets(image: Image.Image, orientation: int, **options) -> bytes:
    """A JPEG that tells much: EXIF with a place, a comment, a colour profile, XMP, thumbnails, a second picture."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker of the camera"
    exif.get_ifd(0x8825)[29] = "Home, sweet home"
    settings = {"comment": b"Home, sweet home", "icc_profile": b"My profile" * 20, "xmp": b"Said by XMP"} | options
    jpeg = encoded(image, "JPEG", exif=exif, **settings)
    if b"JFIF\0" in jpeg:  # not with other ways to store colours
        header = b"JFIF\0\1\1\0\0\1\0\1"
        thumbnail = b"\x08\x04" + b"Home, sweet home" * 6  # 8 by 4 pixels of three bytes
        jfif = header + thumbnail
        end = jpeg.index(b"JFIF\0") + 14
        jpeg = jpeg[:2] + b"\xff\xe0" + struct.pack(">H", 2 + len(jfif)) + jfif + jpeg[end:]
    jpeg += encoded(image, "JPEG", exif=exif) + b"Behind the end"
    assert all(secret in jpeg for secret in SECRETS)
    return jpeg


KINDS = {
    "usual": {},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 2},
    "4:4:4": {"subsampling": 0},
    "RGB": {"keep_rgb": True},
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("mode", "options"), [("L", {}), *(("RGB", options) for options in KINDS.values())])
def test_a_jpeg_keeps_its_pixels_and_its_orientation_and_nothing_else(mode, options, orientation):
    data = with_secrets(picture(37, 53, mode), orientation, **options)
    photo = normalise(data)
    assert not any(secret in photo.content for secret in SECRETS)
    kept = Image.open(io.BytesIO(photo.content))
    assert dict(kept.getexif()) == ({0x0112: orientation} if orientation != 1 else {})
    assert not {"comment", "icc_profile", "xmp"} & set(kept.info)
    np.testing.assert_array_equal(np.asarray(kept), np.asarray(Image.open(io.BytesIO(data))))
    assert (photo.width, photo.height) == ((53, 37) if orientation < 5 else (37, 53))
    assert normalise(photo.content) == photo


def png_with_secrets(mode: str = "RGB", orientation: int = 6, **options) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker of the camera"
    text = PngInfo()
    text.add_text("Comment", "Home, sweet home")
    text.add_itxt("XML:com.adobe.xmp", "Said by XMP")
    settings = {"pnginfo": text, "icc_profile": b"My profile" * 20} | options
    image = picture(37, 53).convert(mode)
    return encoded(image, "PNG", exif=exif, **settings) + b"Behind the end"


FOR_MODEL = {
    **{
        f"{kind} JPEG": lambda turn, options=options: with_secrets(picture(37, 53), turn, **options)
        for kind, options in KINDS.items()
    },
    "grey JPEG": lambda turn: with_secrets(picture(37, 53, "L"), turn),
    "CMYK JPEG": lambda turn: with_secrets(picture(37, 53, "CMYK"), turn),
    "PNG": lambda turn: png_with_secrets("RGB", turn),
    "PNG with a transparent colour": lambda turn: png_with_secrets("RGB", turn, transparency=(1, 2, 3)),
    "palette PNG": lambda turn: png_with_secrets("P", turn, transparency=3),
    "grey PNG of 16 bits": lambda turn: png_with_secrets("I;16", turn),
    "RGBA PNG": lambda turn: png_with_secrets("RGBA", turn),
    "moving PNG": lambda turn: png_with_secrets("RGB", turn, save_all=True, append_images=[picture(37, 53)] * 2),
}


@pytest.mark.parametrize("orientation", [1, 6, 8])
@pytest.mark.parametrize("kind", FOR_MODEL)
def test_the_model_gets_all_pixels_of_a_large_jpeg_or_png_and_nothing_else(kind, orientation):
    data = FOR_MODEL[kind](orientation)
    photo = for_model(data)
    assert not any(secret in photo.content for secret in [*SECRETS, b"Profile", b"fdAT"])
    kept, given = Image.open(io.BytesIO(photo.content)), Image.open(io.BytesIO(data))
    assert dict(kept.getexif()) == ({0x0112: orientation} if orientation != 1 else {})
    assert not {"comment", "icc_profile", "xmp", "Comment", "XML:com.adobe.xmp"} & set(kept.info)
    assert (kept.format, kept.mode, kept.info.get("transparency")) == (
        given.format,
        given.mode,
        given.info.get("transparency"),
    )
    np.testing.assert_array_equal(np.asarray(kept), np.asarray(given))
    assert (photo.width, photo.height) == ((53, 37) if orientation == 1 else (37, 53))
    assert photo.size_within(30) == ((30, 21) if orientation == 1 else (21, 30))
    assert for_model(photo.content) == photo


@pytest.mark.parametrize(("limit", "value"), [("MODEL_MEGABYTES", 0.001), ("MODEL_MEGAPIXELS", 0.001)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_above_the_models_limits_a_photo_is_scaled_down(monkeypatch, limit, value, kind):
    data = encoded(noise(50, 40), kind)
    assert for_model(data).width == 50
    monkeypatch.setattr(photos, limit, value)
    assert (for_model(data).width, Image.open(io.BytesIO(for_model(data).content)).size) == (30, (30, 24))


@pytest.mark.parametrize(
    ("data", "longest_side"),
    [
        pytest.param(with_secrets(picture(37, 53), 6), 30, id="too large"),
        pytest.param(with_secrets(picture(37, 53, "CMYK"), 6), 1600, id="CMYK"),
        pytest.param(png_with_secrets(transparency=(1, 2, 3)), 1600, id="PNG"),
        pytest.param(png_with_secrets(), 30, id="too large PNG"),
    ],
)
def test_nothing_but_pixels_is_kept_of_other_photos(data, longest_side):
    photo = normalise(data, longest_side=longest_side)
    kept = Image.open(io.BytesIO(photo.content))
    assert dict(kept.getexif()) == {}
    assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not any(secret in photo.content for secret in SECRETS)
    assert photo.height > photo.width
    assert normalise(photo.content) == photo


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_a_photo_that_was_stored_without_loss_keeps_its_pixels(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(pixels(normalise(encoded(noise(96, 96), kind, **options))), noise(96, 96))


def test_a_png_of_many_bytes_becomes_a_jpeg_that_keeps_all_colours():
    photo = normalise(encoded(noise(1000, 700), "PNG"))
    assert Image.open(io.BytesIO(photo.content)).format == "JPEG"
    assert len(photo.content) < photos.MOST_PNG_BYTES
    assert np.abs(pixels(photo) - np.asarray(noise(1000, 700))).mean() < 5  # with colours at half the resolution, 46


def test_of_two_pictures_in_a_file_the_first_is_kept():
    buffer = io.BytesIO()
    picture().save(buffer, "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))])
    photo = normalise(buffer.getvalue())
    assert (photo.width, photo.height, photo.content.count(b"\xff\xd9")) == (60, 40, 1)
    np.testing.assert_array_equal(pixels(photo), np.asarray(Image.open(buffer)))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((800, 400), (100, 50)),
        ((400, 800), (50, 100)),
        ((100, 60), (100, 60)),
        ((7, 3), (7, 3)),
        ((900, 1), (100, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_photos_are_scaled_down_and_small_ones_stay(size, expected, kind):
    photo = normalise(encoded(Image.new("RGB", size), kind), longest_side=100)
    assert (photo.width, photo.height) == expected
    pixels(photo)


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes whose header declares a picture of any size."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def with_wrong_checksum(png: bytes) -> bytes:
    place = png.index(b"IDAT") + 4 + int.from_bytes(png[png.index(b"IDAT") - 4 :][:4], "big")
    return png[:place] + bytes(4) + png[place + 4 :]


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 10_000), (8_000, 6_300)])
def test_a_photo_of_too_many_pixels_is_refused_before_it_is_decoded(size):
    with pytest.raises(photos.PhotoTooLarge, match="more than 50 million pixels. Scale it down"):
        normalise(png_that_claims(*size))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "is empty", id="no bytes"),
        pytest.param(b"Dear diary, today I saw a car.", "not a photo", id="text"),
        pytest.param(bytes(range(256)) * 40, "not a photo", id="noise"),
        pytest.param(encoded(halves().resize((400, 400)), "JPEG")[:1500], "cut off", id="cut-off JPEG"),
        pytest.param(encoded(halves().resize((400, 400)), "PNG")[:120], "damaged|cut off", id="cut-off PNG"),
        pytest.param(png_that_claims(20, 20), "damaged or cut off", id="PNG without pixels"),
        pytest.param(with_wrong_checksum(encoded(halves(), "PNG")), "damaged or cut off", id="wrong checksum in a PNG"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a photo", id="EPS"),
    ],
)
def test_what_is_no_photo_gets_a_sentence(data, words):
    with pytest.raises(photos.UnreadablePhoto, match=words):
        for_model(data)


CUT_OFF = {"JPEG": 1, "PNG": 1, "WEBP": 1, "GIF": 3, "BMP": 2, "TIFF": 1, "AVIF": 1}
"""Formats, and the least number of bytes at the end whose loss leaves no whole picture."""


@pytest.mark.parametrize("bytes_lost", [1, 2, 3, 12, 16, 100])
@pytest.mark.parametrize(("kind", "least"), CUT_OFF.items())
def test_a_file_that_is_cut_off_is_refused(kind, least, bytes_lost):
    data = encoded(picture(80, 120), kind)[: -max(least, bytes_lost)]
    with pytest.raises(photos.UnreadablePhoto, match="damaged or cut off"):
        for_model(data)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_heic_photo_is_read_if_the_package_for_it_is_there(orientation):
    if not photos.can_read_heic():
        pytest.skip("pillow-heif is not installed")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker of the camera"
    photo = for_model(encoded(halves(), "HEIF", quality=95, exif=exif.tobytes()), longest_side=1600)
    found = pixels(photo) if orientation == 1 else np.rot90(pixels(photo))
    np.testing.assert_allclose(found[:, 2:16], 40, atol=6)
    np.testing.assert_allclose(found[:, 24:38], 200, atol=6)
    assert b"Maker" not in photo.content


def test_without_that_package_a_heic_photo_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    monkeypatch.setattr(photos, "can_read_heic", photos.can_read_heic.__wrapped__)  # which remembers nothing
    with pytest.raises(photos.UnreadablePhoto, match="HEIC.*Save it as JPEG"):
        for_model(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
