"""The page's skeleton, without a browser."""

import re
from collections.abc import Iterator

import pytest
from dash.development.base_component import Component

from dashboard import create_app
from dashboard.components.gallery import gallery
from dashboard.components.ranking import ranking
from dashboard.dataset import read_dataset
from dashboard.pages.classify import layout
from dashboard.samples import choose_samples


def parts(component: Component) -> Iterator[Component]:
    yield component
    yield from (part for part in component._traverse() if isinstance(part, Component))


def texts(component: Component) -> str:
    children = [part.children for part in parts(component) if isinstance(part, Component)]
    return " ".join(child for child in children if isinstance(child, str))


def test_the_page_is_the_same_skeleton_for_every_answer(settings):
    """Callbacks write into ids: each must be there from the start, and once."""
    page = layout(settings, ())
    ids = [str(part.id) for part in parts(page) if getattr(part, "id", None) is not None]
    assert len(ids) == len(set(ids))
    assert {"view", "photo", "heatmap", "choice", "opacity", "problem-text"} <= set(ids)


def test_five_rows_wait_for_an_answer():
    rows = [part for part in parts(ranking()) if getattr(part, "className", "") == "row"]
    assert [row.value for row in rows] == ["0", "1", "2", "3", "4"]
    assert all(row.disabled for row in rows)


def test_the_gallery_has_a_button_a_sample_that_does_not_tell_the_answer(small_manifest):
    samples = choose_samples(read_dataset(small_manifest), 4)
    component = gallery(samples, small_manifest)
    numbers = [getattr(part, "data-sample", None) for part in parts(component)]
    assert [number for number in numbers if number is not None] == [sample.id for sample in samples]
    assert not any(sample.name in str(component) for sample in samples)


def test_without_samples_the_gallery_says_why(tmp_path):
    assert "missing.csv is missing" in texts(gallery((), tmp_path / "missing.csv"))


@pytest.mark.parametrize("pattern", [r'<html lang="en">', r"<title>Car classification</title>", r"favicon\.svg"])
def test_the_document_has_a_language_a_title_and_an_icon(settings, pattern):
    document = create_app(settings).server.test_client().get("/").get_data(as_text=True)
    assert re.search(pattern, document)


def test_the_document_asks_nobody_else_for_anything(settings):
    document = create_app(settings).server.test_client().get("/").get_data(as_text=True)
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", document)


def test_the_page_can_be_built_twice(settings):
    first, second = create_app(settings), create_app(settings)
    assert first.callback_map.keys() == second.callback_map.keys()
