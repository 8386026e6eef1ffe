"""`data index --convert`: JPEGs of photos in formats that the graph cannot decode."""

import io
import os

import numpy as np
import pytest
from PIL import Image, ImageCms

from car_classifier.data.conversion import as_srgb, can_read_heif
from car_classifier.data.indexing import index_photos
from car_classifier.data.manifest import read_manifest
from car_classifier.files import sha256_of
from tests.support.commands import done, in_process
from tests.support.pictures import blotches, encoded

FORMATS = ("WEBP", "AVIF", "GIF", "BMP", "TIFF", "JPEG2000", "HEIF")


def files_in(folder) -> dict[str, tuple[str, int]]:
    return {str(path): (sha256_of(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("format", FORMATS)
def test_a_jpeg_stands_for_a_photo_in_another_format_and_the_original_stays(photos_in, tmp_path, format):
    if format == "HEIF" and not can_read_heif():
        pytest.skip("pillow-heif is not installed")
    folder = photos_in("Audi_A4_1.jpg", "Kia_Rio_2015_1.jpg")
    original = folder / f"Kia_Rio_2016_2.{'jp2' if format == 'JPEG2000' else format.lower()}"
    original.write_bytes(encoded(blotches(7), format))
    before, out = files_in(folder), tmp_path / "data" / "manifest.csv"
    result = index_photos(folder, out, convert=True)
    (row,) = [row for row in result.manifest.rows if row.original]
    photo = result.manifest.photo_path(row)
    assert photo.parent == out.parent / "converted"
    assert os.path.samefile(out.parent / row.original, original)
    assert (row.label, row.year, row.sha256) == ("Kia_Rio", 2016, sha256_of(photo))
    with Image.open(photo) as jpeg:
        assert (jpeg.format, jpeg.mode, jpeg.size) == ("JPEG", "RGB", (64, 48))
        assert np.abs(np.asarray(jpeg, float) - np.asarray(blotches(7), float)).mean() < 12
    assert any("1 photo is in other formats; the JPEGs are in" in note for note in result.warnings)
    assert read_manifest(out) == result.manifest
    assert files_in(folder) == before

    written = files_in(out.parent / "converted")
    assert index_photos(folder, out, convert=True).manifest == result.manifest
    assert files_in(out.parent / "converted") == written  # nothing is done twice


def test_a_heic_file_that_is_cut_off_has_one_line(photos_in, tmp_path):
    if not can_read_heif():
        pytest.skip("pillow-heif is not installed")
    folder = photos_in("Audi_A4_1.jpg", "Kia_Rio_1.jpg")
    (folder / "Kia_Rio_2.heic").write_bytes(encoded(blotches(7), "HEIF")[:-40])
    (left_out,) = index_photos(folder, tmp_path / "manifest.csv", convert=True).left_out
    assert left_out.reason.startswith("cannot be read: ")
    assert len(left_out.reason.splitlines()) == 1


def test_files_of_one_name_and_of_one_content_get_a_jpeg_each(photos_in, tmp_path):
    folder = photos_in("Kia_Rio/0.jpg", "Audi_A4/0.jpg")
    for name in ("Kia_Rio/1.webp", "Audi_A4/1.webp", "Audi_A4/2.webp"):
        (folder / name).write_bytes(encoded(blotches(7), "WEBP"))
    result = index_photos(folder, tmp_path / "manifest.csv", convert=True)
    assert len({row.file_name for row in result.manifest.rows}) == 5


def test_the_jpegs_are_not_indexed_themselves(photos_in):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    (folder / "Kia_Rio_2.webp").write_bytes(encoded(blotches(7), "WEBP"))
    for _ in range(2):
        result = index_photos(folder, folder / "manifest.csv", convert=True)
        assert len(result.manifest.rows) == 3


def test_without_the_option_one_note_says_how_many_there_are(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    for i, format in enumerate(("WEBP", "WEBP", "TIFF")):
        (folder / f"Kia_Rio_x{i}.jpg").write_bytes(encoded(blotches(7), format))
    out = tmp_path / "manifest.csv"
    result = in_process("data", "index", folder, "--out", out)
    examples = f"2 WEBP such as {folder}/Kia_Rio_x0.jpg, 1 TIFF such as {folder}/Kia_Rio_x2.jpg"
    assert f"3 photos are in formats that the net cannot decode ({examples}): --convert takes them." in result.stderr
    assert "Left out" not in result.stderr
    assert "2 photos" in done(result)
    assert not (tmp_path / "converted").exists()
    assert "5 photos" in done(in_process("data", "index", folder, "--out", out, "--convert"))


def test_other_names_of_jpegs_are_simply_taken(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jfif", "Audi_A4_1.JPE")
    result = index_photos(folder, tmp_path / "manifest.csv")
    assert [row.file_name.rpartition("/")[2] for row in result.manifest.rows] == ["Audi_A4_1.JPE", "Kia_Rio_1.jfif"]


def opened(image: Image.Image, format: str, **options) -> Image.Image:
    return Image.open(io.BytesIO(encoded(image, format, **options)))


@pytest.mark.parametrize("format", FORMATS[:-1])
def test_damaged_bytes_never_end_the_run(photos_in, tmp_path, format):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encoded(blotches(1), format, **({"exif": exif.tobytes()} if format in ("WEBP", "AVIF") else {}))
    rng = np.random.default_rng(0)
    for i in range(60):
        damaged = bytearray(whole)
        damaged[rng.integers(300 if i % 2 else len(whole))] ^= 0x5A
        (folder / f"Kia_Rio_{i}x.jpg").write_bytes(damaged[: None if i % 5 else len(whole) // 2])
    result = index_photos(folder, tmp_path / "manifest.csv", convert=True)
    assert len(result.manifest.rows) + len(result.left_out) == 2 + 60
    assert all(item.reason for item in result.left_out)


def test_what_is_transparent_becomes_white():
    clear = Image.new("RGBA", (2, 1), (200, 0, 0, 0))
    clear.putpixel((1, 0), (200, 0, 0, 255))
    for format in ("WEBP", "TIFF", "GIF"):
        options = {"lossless": True} if format == "WEBP" else {}
        rgb = as_srgb(opened(clear, format, **options))
        assert (rgb.getpixel((0, 0)), rgb.getpixel((1, 0))) == ((255, 255, 255), (200, 0, 0))
    grey = as_srgb(opened(Image.merge("LA", [Image.new("L", (1, 1), 40), Image.new("L", (1, 1), 0)]), "TIFF"))
    assert grey.getpixel((0, 0)) == (255, 255, 255)


def test_the_picture_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = blotches(1)
    turned = as_srgb(opened(image, "WEBP", lossless=True, exif=exif))
    np.testing.assert_array_equal(turned, image.transpose(Image.Transpose.ROTATE_270))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 255 * 256 + 7, 0x8000]], np.uint16), [0, 255, 128]),
        (np.array([[0.0, 1.0, 0.5]], np.float32), [0, 255, 127]),
        (np.array([[0, 70_000, 200]], np.int32), [0, 255, 0]),
    ],
    ids=["16 bits", "floats", "32 bits"],
)
def test_deep_grey_keeps_its_upper_bits(values, expected):
    rgb = as_srgb(opened(Image.fromarray(values), "TIFF"))
    assert np.asarray(rgb)[0, :, 0].tolist() == expected


def test_colours_of_another_profile_become_those_of_srgb():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = blotches(2)
    same = as_srgb(opened(image, "TIFF", icc_profile=srgb))
    assert np.abs(np.asarray(same, int) - np.asarray(image, int)).max() <= 1
    linear = as_srgb(opened(image, "TIFF", icc_profile=linear_profile(srgb)))
    expected = 255 * np.clip(1.055 * (np.asarray(image) / 255) ** (1 / 2.4) - 0.055, 0, 1)
    dark = np.asarray(image) < 3  # there the curve is a straight line
    np.testing.assert_allclose(np.asarray(linear, float)[~dark], expected[~dark], atol=2)


def linear_profile(srgb: bytes) -> bytes:
    """sRGB's profile with a straight line for a curve: the same primaries, but numbers that grow with the light."""
    count = int.from_bytes(srgb[128:132])
    for i in range(count):
        place = 132 + 12 * i
        if srgb[place : place + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            start = int.from_bytes(srgb[place + 4 : place + 8])
            line = b"curv" + bytes(8)  # no points: the identity
            srgb = srgb[:start] + line + srgb[start + len(line) :]
    return srgb


def test_a_profile_that_is_broken_or_of_another_kind_is_passed_over():
    image = blotches(2)
    for mode in ("RGB", "CMYK", "L"):
        converted = as_srgb(opened(image.convert(mode), "TIFF", icc_profile=b"no profile"))
        np.testing.assert_array_equal(converted, image.convert(mode).convert("RGB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = as_srgb(opened(image.convert("L"), "TIFF", icc_profile=srgb))
    np.testing.assert_array_equal(grey, image.convert("L").convert("RGB"))
