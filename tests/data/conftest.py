"""Photos and folders that the tests of the data layer share."""

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def pictures(drawn_photos) -> list[Image.Image]:
    """The same photos as small Pillow images, no two of them alike."""
    return [Image.fromarray(photo.pixels).resize((240, 160)) for photo in drawn_photos]
