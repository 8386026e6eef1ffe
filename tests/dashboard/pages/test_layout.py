"""The page's skeleton, without a browser."""

import re
from collections.abc import Iterator

import pytest
from dash.development.base_component import Component

from dashboard import create_app
from dashboard.app import ASSETS
from dashboard.components.gallery import gallery
from dashboard.components.ranking import ranking
from dashboard.components.shell import layout as shell_layout
from dashboard.pages.classify import layout
from dashboard.pages.not_found import layout as not_found_layout
from dashboard.pages.play import layout as play_layout
from dashboard.photos.dataset import read_dataset
from dashboard.photos.samples import choose_samples
from dashboard.subject import CAR


def parts(component: Component) -> Iterator[Component]:
    yield component
    yield from (part for part in component._traverse() if isinstance(part, Component))


def texts(component: Component) -> str:
    children = [getattr(part, "children", None) for part in parts(component)]
    return " ".join(child for child in children if isinstance(child, str))


def test_the_page_is_the_same_skeleton_for_every_answer(settings):
    """Callbacks write into ids: each id must exist from the start, and once."""
    page = layout(settings, (), CAR)
    ids = [str(part.id) for part in parts(page) if getattr(part, "id", None) is not None]
    assert len(ids) == len(set(ids))
    assert {"view", "photo", "heatmap", "choice", "opacity", "problem-text"} <= set(ids)


def test_five_rows_wait_for_an_answer():
    rows = [part for part in parts(ranking(CAR)) if "row" in getattr(part, "className", "").split() and not part.style]
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


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"seed": "x"}, "A seed is a whole number such as 7, or two such as 7-5. Received: 'x'."),
        ({"seed": ""}, "A seed is a whole number"),
        ({"seed": ["7", "8"]}, "A seed is a whole number"),
        ({"seed": "7", "rounds": "99"}, "A game has 3, 5, 10 rounds. Received: '99'."),
        ({"seed": "7", "difficulty": "foo"}, "The difficulty is easy, medium, hard. Received: 'foo'."),
        ({"rounds": "abc"}, "A game has 3, 5, 10 rounds"),
    ],
)
def test_a_link_that_cannot_be_played_says_so_before_a_game_begins(small_manifest, query, words):
    page = play_layout(read_dataset(small_manifest), CAR, **query)
    assert words in texts(page)
    assert next(part.data for part in parts(page) if getattr(part, "id", "") == "play-challenge") is None
    assert "A challenge" not in texts(page)


@pytest.mark.parametrize("query", [{}, {"seed": "7-5"}, {"seed": "7", "rounds": "10", "difficulty": "hard"}])
def test_a_link_that_can_be_played_has_no_problem(small_manifest, query):
    page = play_layout(read_dataset(small_manifest), CAR, **query)
    assert "cannot be played" not in texts(page)
    assert ("A challenge" in texts(page)) == bool(query)


def test_the_page_that_is_none_leads_home_and_no_link_leads_there(settings):
    page = not_found_layout()
    assert type(page).__name__ == "Main"
    assert [type(part).__name__ for part in parts(page)].count("H1") == 1
    assert [part.href for part in parts(page) if hasattr(part, "href")] == ["/"]
    create_app(settings)
    links = [part.href for part in parts(shell_layout(CAR)) if hasattr(part, "href")]
    assert [link for link in links if "404" in link or "found" in link] == []


def test_each_module_runs_once_and_is_fetched_at_once(settings):
    """Dash would load a module of `assets/` under another address than an import does, and so run it twice."""
    client = create_app(settings).server.test_client()
    document = client.get("/").get_data(as_text=True)
    modules = {path.relative_to(ASSETS).as_posix() for path in ASSETS.rglob("*.mjs")}
    assert "scripts/main.mjs" in modules
    assert set(re.findall(r'<link rel="modulepreload" href="/assets/([^"]+)">', document)) == modules
    assert not re.findall(r"<script[^>]+\.mjs", document)
    assert len(re.findall(r'<script src="/assets/load\.js\?m=', document)) == 1


def test_a_module_is_a_script_and_never_older_than_the_release(settings):
    client = create_app(settings).server.test_client()
    answer = client.get("/assets/scripts/main.mjs", buffered=True)
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get("/assets/scripts/main.mjs", headers={"If-None-Match": answer.headers["ETag"]}, buffered=True)
    assert again.status_code == 304


def test_the_functions_that_pages_call_are_there(settings):
    functions = [entry["clientside_function"] for entry in create_app(settings)._callback_list]
    called = {function["function_name"] for function in functions if function and function["namespace"] == "scripts"}
    main = (ASSETS / "scripts" / "main.mjs").read_text(encoding="utf-8")
    assert called == set(re.findall(r'^    "(\w+\.\w+)":', main, re.MULTILINE))
