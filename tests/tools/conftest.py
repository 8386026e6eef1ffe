"""The demo model, loaded once for the tests of this folder."""

import pytest

from car_classifier.answers import PublishedModel


@pytest.fixture(scope="session")
def demo_model(demo_model_dir) -> PublishedModel:
    """The demo model, ready to be asked."""
    return PublishedModel(demo_model_dir)
