"""Photos and folders that the tests of the data layer share."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from car_classifier.demo_cars import CATALOGUE
from car_classifier.demo_cars.photo import DemoPhoto, draw_photo
from tests.conftest import car_classifier as run_car_classifier


@pytest.fixture(scope="session")
def drawn_photos() -> list[DemoPhoto]:
    """One photo of each model of the catalogue."""
    return [draw_photo(model, np.random.default_rng([3, i])) for i, model in enumerate(CATALOGUE)]


@pytest.fixture(scope="session")
def pictures(drawn_photos) -> list[Image.Image]:
    """The same as small Pillow images, no two of them alike."""
    return [Image.fromarray(photo.pixels).resize((240, 160)) for photo in drawn_photos]


def blotches(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of coarse random blotches, like no other."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def photos_in(tmp_path) -> Callable[..., Path]:
    """Writes a picture of its own under each name into a folder of the test, and returns the folder."""

    def write(*names: str, folder: str = "photos") -> Path:
        for i, name in enumerate(names):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            blotches(i).save(path, "PNG" if path.suffix.lower() == ".png" else "JPEG", quality=90)
        return tmp_path / folder

    return write


car_classifier = partial(run_car_classifier, timeout=60)
