"""Photos as cameras, scanners and drawing programs write them, each with the pixels that everybody should see."""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps

from tests.support.pictures import encoded, png_file

HEIGHT, WIDTH = 96, 128


@dataclass(frozen=True)
class OddPhoto:
    """A file, and what it shows.

    Attributes:
        content: The file's bytes.
        pixels: Upright, on white, RGB, uint8 [height, width, 3].
        orientation: The EXIF orientation that counts.
    """

    content: bytes
    pixels: NDArray[np.uint8]
    orientation: int = 1


def scene(height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """A smooth picture, different in each corner, uint8 [height, width, 3]."""
    down, across = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    channels = [255 * across, 200 * down + 30, 255 * (1 - across) * (1 - down)]
    return np.stack(channels, -1).round().astype(np.uint8)


def noise(height: int = 96, width: int = 96, channels: int = 3) -> NDArray[np.uint8]:
    """A picture without two equal neighbours, of which a JPEG loses most, uint8 [height, width, channels]."""
    return np.random.default_rng(channels).integers(0, 256, (height, width, channels), np.uint8)


def exif(orientation: int, order: str = "MM", kind: int = 3, count: int = 1) -> bytes:
    """EXIF data with an orientation, in a byte order; `kind` and `count` are right only as they are."""
    byte_order = "<" if order == "II" else ">"
    magic = b"II*\0" if order == "II" else b"MM\0*"
    entry = struct.pack(f"{byte_order}HHIHH", 0x0112, kind, count, orientation, 0)
    other = struct.pack(f"{byte_order}HHIHH", 0x0100, 3, 1, WIDTH, 0)
    return b"Exif\0\0" + magic + struct.pack(f"{byte_order}IH", 8, 2) + other + entry + bytes(4)


BROKEN_EXIF = {
    "nothing": b"Exif\0\0",
    "no byte order": b"Exif\0\0XX\0*\0\0\0\x08\0\0",
    "a place behind the end": b"Exif\0\0MM\0*\x7f\xff\xff\xff\0\0",
    "a negative place": b"Exif\0\0II*\0\xff\xff\xff\xff\0\0",
    "entries that are cut off": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03",
    "orientation 0": exif(0),
    "orientation 9": exif(9),
    "an orientation of 32 bits": exif(6, kind=4),
    "two orientations": exif(6, count=2),
}


def with_segments(jpeg: bytes, *segments: tuple[int, bytes], padding: bytes = b"") -> bytes:
    """A JPEG with further segments behind its first two bytes."""
    added = b"".join(
        padding + bytes([0xFF, kind]) + struct.pack(">H", 2 + len(content)) + content for kind, content in segments
    )
    return jpeg[:2] + added + jpeg[2:]


def png(pixels: NDArray, colour_type: int, depth: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of any depth, which Pillow cannot write: `pixels` [height, width, channels]."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    if depth == 16:
        packed = rows.astype(">u2").view(np.uint8).reshape(height, -1)
    elif depth == 8:
        packed = rows.astype(np.uint8)
    else:
        bits = np.unpackbits(rows.astype(np.uint8)[..., None], axis=2)[..., -depth:]
        packed = np.packbits(bits.reshape(height, -1), axis=1)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row.tobytes() for row in packed))
    return png_file((b"IHDR", header), *chunks, (b"IDAT", content), (b"IEND", b""))


def on_white(rgb: NDArray, alpha: NDArray) -> NDArray[np.uint8]:
    """Colours [h, w, 3] and their opacity from 0 to 255 [h, w, 1] before a white wall."""
    return np.floor(rgb * (alpha / 255.0) + 255 * (1 - alpha / 255.0) + 0.5).astype(np.uint8)


def _decoded(content: bytes, mode: str = "RGB") -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)).convert(mode))


def _turned(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))


def phone_photo() -> OddPhoto:
    """A photo of 12 megapixels, lying on its side."""
    content = encoded(Image.fromarray(scene(3000, 4000)), quality=92, exif=exif(6))
    return OddPhoto(content, _turned(content), 6)


def odd_photos() -> dict[str, OddPhoto]:
    """Every kind, by name."""
    rgb = scene()
    image, grey = Image.fromarray(rgb), Image.fromarray(rgb).convert("L")
    level = np.asarray(grey)
    alpha = np.tile(np.linspace(0, 255, WIDTH).round().astype(np.uint8), (HEIGHT, 1))[..., None]
    plain = encoded(image, quality=95)
    seen = _decoded(plain)
    photos = {"plain JPEG": OddPhoto(plain, seen), "plain PNG": OddPhoto(encoded(image, "PNG"), rgb)}
    for number in range(1, 9):
        for order in ("II", "MM"):
            content = encoded(image, quality=95, exif=exif(number, order))
            photos[f"EXIF {number} {order}"] = OddPhoto(content, _turned(content), number)
    for name, data in BROKEN_EXIF.items():
        photos[f"EXIF with {name}"] = OddPhoto(with_segments(plain, (0xE1, data)), seen)
    turned = _turned(encoded(image, quality=95, exif=exif(6)))
    filler = (0xEC, bytes(65_000))
    xmp = (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation='3'/>")
    photos |= {
        "EXIF behind XMP": OddPhoto(with_segments(plain, xmp, (0xE1, exif(6))), turned, 6),
        "EXIF behind padding": OddPhoto(with_segments(plain, (0xE1, exif(6)), padding=b"\xff"), turned, 6),
        "EXIF after 64 kB": OddPhoto(with_segments(plain, filler, filler, (0xE1, exif(6))), seen),
        "a second picture with EXIF": OddPhoto(plain + encoded(image, exif=exif(6)), seen),
    }
    buffer = io.BytesIO()
    image.save(buffer, "MPO", save_all=True, append_images=[grey.convert("RGB")], quality=95, exif=exif(8))
    photos["MPO"] = OddPhoto(buffer.getvalue(), _turned(encoded(image, quality=95, exif=exif(8))), 8)
    progressive = encoded(image, quality=95, progressive=True, exif=exif(5))
    photos["progressive JPEG"] = OddPhoto(progressive, _turned(progressive), 5)
    grey_jpeg = encoded(grey, quality=95, exif=exif(3))
    photos["grey JPEG"] = OddPhoto(grey_jpeg, _turned(grey_jpeg), 3)

    cmyk = encoded(image.convert("CMYK"), quality=95, exif=exif(6))
    light = 255 - np.asarray(Image.open(io.BytesIO(cmyk))).astype(int)
    photos["CMYK JPEG"] = OddPhoto(cmyk, np.rot90(light[..., :3] * light[..., 3:] // 255, -1).astype(np.uint8), 6)
    # Without Adobe's mark the inks are stored as they are; Pillow always writes the mark and inverts.
    inverted = encoded(ImageChops.invert(image.convert("CMYK")), quality=95, exif=exif(6))
    place = inverted.index(b"\xff\xee")
    light = np.asarray(Image.open(io.BytesIO(inverted))).astype(int)
    pixels = np.rot90(light[..., :3] * light[..., 3:] // 255, -1).astype(np.uint8)
    photos["CMYK JPEG, not Adobe's"] = OddPhoto(inverted[:place] + inverted[place + 16 :], pixels, 6)

    deep = rgb.astype(int) * 256 + np.arange(WIDTH)[:, None]
    few = image.quantize(16)
    palette, index = np.array(few.getpalette()).reshape(-1, 3), np.asarray(few)
    opacity = np.arange(0, 256, 16)
    transparent_first = np.where(index == 3, 0, 255)[..., None]
    key = level == level[5, 5]
    same = (rgb == rgb[5, 5]).all(-1, keepdims=True)
    bits = np.asarray(image.convert("1")).astype(int)
    two_bits = level[..., None] // 64
    cut_out = rgb.copy()
    cut_out[:, :40] = (200, 0, 150)
    hole = np.where(np.arange(WIDTH) < 40, 0, 255)[None, :, None].repeat(HEIGHT, 0)
    pngs = {
        "16-bit RGB PNG": (png(deep, 2, 16), rgb),
        "16-bit grey PNG": (png(deep[..., 1:2], 0, 16), rgb[..., 1:2].repeat(3, 2)),
        "16-bit RGBA PNG": (png(np.dstack([deep, alpha.astype(int) * 257]), 6, 16), on_white(rgb, alpha)),
        "16-bit grey PNG with a transparent level": (
            png(deep[..., 1:2], 0, 16, (b"tRNS", struct.pack(">H", deep[5, 5, 1]))),
            np.where(deep[..., 1:2] == deep[5, 5, 1], 255, rgb[..., 1:2]).repeat(3, 2),
        ),
        "16-bit RGB PNG with a transparent colour": (
            png(deep, 2, 16, (b"tRNS", struct.pack(">3H", *deep[5, 5]))),
            np.where((deep == deep[5, 5]).all(-1, keepdims=True), 255, rgb),
        ),
        "RGBA PNG": (encoded(Image.fromarray(np.dstack([rgb, alpha])), "PNG"), on_white(rgb, alpha)),
        "RGBA PNG with colours in its hole": (
            encoded(Image.fromarray(np.dstack([cut_out, hole]).astype(np.uint8)), "PNG"),
            on_white(rgb, hole),
        ),
        "grey PNG with alpha": (
            encoded(Image.fromarray(np.dstack([level, alpha])), "PNG"),
            on_white(level[..., None].repeat(3, 2), alpha),
        ),
        "palette PNG": (encoded(few, "PNG"), palette[index]),
        "palette PNG with a transparent colour": (
            encoded(few, "PNG", transparency=3),
            on_white(palette[index], transparent_first),
        ),
        "palette PNG with opacities": (
            encoded(few, "PNG", transparency=bytes(opacity.tolist())),
            on_white(palette[index], opacity[index][..., None]),
        ),
        "RGB PNG with a transparent colour": (
            encoded(image, "PNG", transparency=tuple(rgb[5, 5].tolist())),
            np.where(same, 255, rgb),
        ),
        "grey PNG with a transparent level": (
            encoded(grey, "PNG", transparency=int(level[5, 5])),
            np.where(key, 255, level)[..., None].repeat(3, 2),
        ),
        "PNG of one bit": (encoded(image.convert("1"), "PNG"), (255 * bits)[..., None].repeat(3, 2)),
        "grey PNG of two bits with a transparent level": (
            png(two_bits, 0, 2, (b"tRNS", struct.pack(">H", 1))),
            np.where(two_bits == 1, 255, 85 * two_bits).repeat(3, 2),
        ),
        "grey PNG of four bits with a transparent level": (
            png(level[..., None] // 16, 0, 4, (b"tRNS", struct.pack(">H", 9))),
            np.where(level[..., None] // 16 == 9, 255, 17 * (level[..., None] // 16)).repeat(3, 2),
        ),
        "grey PNG of two bits": (png(two_bits, 0, 2), (85 * two_bits).repeat(3, 2)),
        "palette PNG of two bits": (
            encoded(image.quantize(4), "PNG", bits=2),
            np.asarray(image.quantize(4).convert("RGB")),
        ),
    }
    noisy, translucent, large = noise(), noise(channels=4), noise(700, 1000)
    few = Image.fromarray(noisy).quantize(64)
    pngs |= {
        "noisy PNG": (encoded(Image.fromarray(noisy), "PNG"), noisy),
        "noisy grey PNG": (encoded(Image.fromarray(noisy[..., 0]), "PNG"), noisy[..., :1].repeat(3, 2)),
        "noisy palette PNG": (encoded(few, "PNG"), np.asarray(few.convert("RGB"))),
        "noisy RGBA PNG": (
            encoded(Image.fromarray(translucent), "PNG"),
            on_white(translucent[..., :3], translucent[..., 3:]),
        ),
    }
    photos |= {name: OddPhoto(content, np.asarray(pixels, np.uint8)) for name, (content, pixels) in pngs.items()}
    content = encoded(Image.fromarray(np.dstack([rgb, alpha])), "PNG", exif=exif(6))
    photos["RGBA PNG with EXIF"] = OddPhoto(content, np.rot90(on_white(rgb, alpha), -1).astype(np.uint8), 6)
    cmyk = encoded(Image.fromarray(noise(channels=4), "CMYK"), quality=95)
    light = 255 - np.asarray(Image.open(io.BytesIO(cmyk))).astype(int)
    photos["noisy CMYK JPEG"] = OddPhoto(cmyk, (light[..., :3] * light[..., 3:] // 255).astype(np.uint8))
    photos["large noisy PNG"] = OddPhoto(encoded(Image.fromarray(large), "PNG"), large)
    return photos
