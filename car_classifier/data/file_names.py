"""Parsing a photo's file name: make, model and more about the car."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import PurePath

from car_classifier.data.class_labels import is_name

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png")

CONVERTIBLE_SUFFIXES = (
    ".webp", ".avif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".jp2", ".heic", ".heif", ".hif",
)  # fmt: skip
"""Names of picture files that `data index --convert` takes. The content decides, though: any name may lie."""

PICTURE_SUFFIXES = (*PHOTO_SUFFIXES, *CONVERTIBLE_SUFFIXES)
"""Photos, and pictures that `--convert` makes photos of."""

DRIVETRAINS = ("FWD", "RWD", "AWD", "4WD")


@dataclass(frozen=True)
class CarName:
    """The fields of a file name `Make_Model_Year_….jpg`, in their order; a field that it lacks is None."""

    make: str
    model: str
    year: int | None = None
    msrp: float | None = None  # thousand dollars
    front_wheel_size: float | None = None  # inches
    horsepower: float | None = None
    displacement: float | None = None  # tenths of a litre
    cylinders: int | None = None
    width: float | None = None  # inches
    height: float | None = None  # inches
    length: float | None = None  # inches
    mileage: float | None = None  # miles per gallon
    drivetrain: str | None = None
    passengers: int | None = None
    doors: int | None = None
    body_style: str | None = None
    id: str | None = None

    @property
    def label(self) -> str:
        """The class label, `Make_Model`."""
        return f"{self.make}_{self.model}"


_CAMERAS = set(
    "canon capture cimg dcim dji download dsc dscf dscn file foto frame gopr image imag img kimg mvimg nikon p pano "
    "photo pic picture pxl sam samsung scan screenshot shot snap sony unnamed untitled vid video wa whatsapp".split()
)
"""First words of names that a camera or a program gives; they are no classes."""


def class_before_number(file_name: str) -> str | None:
    """The class in a name such as `american_bulldog_12.jpg`, `cat.0.jpg` or `tulip (3).jpg`.

    Returns:
        What stands before the number; None if there is no number, or no more than a camera's word before it.
    """
    match = re.fullmatch(r"(.*?)[\s_.-]*\(?\d+\)?", PurePath(file_name).stem.strip())
    words = re.findall(r"[^\W\d_]+", match[1].lower()) if match else []
    return match[1] if match and words and words[0] not in _CAMERAS else None


def _year(text: str) -> int:
    if not re.fullmatch(r"(18|19|20)\d\d", text):
        raise ValueError(text)
    return int(text)


def _drivetrain(text: str) -> str:
    if text not in DRIVETRAINS:
        raise ValueError(text)
    return text


# Fields that are not listed here are floats.
_READERS: dict[str, Callable[[str], int | float | str]] = {
    "year": _year,
    "cylinders": int,
    "passengers": int,
    "doors": int,
    "drivetrain": _drivetrain,
    "body_style": str,
    "id": str,
}


def parse_file_name(file_name: str) -> CarName:
    """Parse a photo's file name, such as `BMW_2-Series_2014_32_17_240_20_4_69_55_174_23_RWD_4_2_2dr_OGt.jpg`.

    Optional fields are read in order. An empty field or `nan` is None. Reading stops at the first field that does
    not fit its place, as in `Make_Model_Year_Body_id.jpg`, where the fields in between are missing.

    Args:
        file_name: A name or a path, whose last part is parsed.

    Raises:
        ValueError: The name does not begin with a make and a model.
    """
    make, model, *rest = [part.strip() for part in PurePath(file_name).stem.split("_")] + [""]
    if not is_name(make) or not is_name(model):
        raise ValueError(f"'{PurePath(file_name).name}' does not name a make and a model as Make_Model")
    values: dict[str, int | float | str] = {}
    for field, text in zip(fields(CarName)[2:], rest, strict=False):
        if text.lower() in ("", "nan"):
            continue
        try:
            values[field.name] = _READERS.get(field.name, float)(text)
        except ValueError:
            break
    return CarName(make, model, **values)  # type: ignore[arg-type]
