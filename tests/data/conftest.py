"""Photos and folders that the tests of the data layer share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.support.pictures import blotches


@pytest.fixture(scope="session")
def pictures(drawn_photos) -> list[Image.Image]:
    """The same as small Pillow images, no two of them alike."""
    return [Image.fromarray(photo.pixels).resize((240, 160)) for photo in drawn_photos]


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
