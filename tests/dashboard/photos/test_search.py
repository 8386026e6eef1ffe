"""Searches of a data set by conditions."""

import pytest

from dashboard.photos.search import (
    PAGE_SIZE,
    SearchError,
    count_classes,
    find_photos,
    near_duplicates,
    page_of,
    read_search,
)
from tests.dashboard.datasets import names, photo

PHOTOS = (
    photo("a1", year=2012, split="train", near_duplicate_group="7", prefilter_score=0.9),
    photo("a2", year=2014, split="test", prefilter_score=0.05, excluded="no car"),
    photo("a3", "Audi_Q5", year=2016, split="train", near_duplicate_group="2"),
    photo("k1", "Kia_Rio", split="validation", near_duplicate_group="7", prefilter_score=0.5),
    photo("k2", "Kia_Rio", year=2020, near_duplicate_group="2"),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "a1 a2 a3 k1 k2"),
        ({"make": "Audi"}, "a1 a2 a3"),
        ({"label": "Kia_Rio"}, "k1 k2"),
        ({"make": "Audi", "label": "Kia_Rio"}, ""),
        ({"split": "train"}, "a1 a3"),
        ({"year_from": "2014"}, "a2 a3 k2"),
        ({"year_to": "2014"}, "a1 a2"),
        ({"year_from": "2013", "year_to": "2016"}, "a2 a3"),
        ({"score_from": "0.5"}, "a1 k1"),
        ({"score_to": "0.5"}, "a2 k1"),
        ({"group": "7"}, "a1 k1"),
        ({"group": "any"}, "a3 k2 a1 k1"),
        ({"excluded": "yes"}, "a2"),
        ({"excluded": "no", "make": "Audi"}, "a1 a3"),
        ({"text": "audi q"}, "a3"),
        ({"text": " RIO   k "}, "k1 k2"),
        ({"text": "A2"}, "a2"),
        ({"text": "audi rio"}, ""),
        ({"make": "", "split": " ", "photo": "x", "label": ["Kia_Rio", "Audi_A4"]}, "a1 a2 a3 k1 k2"),
    ],
)
def test_a_photo_is_found_if_it_meets_every_condition(query, found):
    assert names(find_photos(read_search(query), PHOTOS)) == found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"year_from": "old"}, "“year_from” must be a year such as 2015. Received: 'old'"),
        ({"split": "exam"}, "“split” must be train, validation or test. Received: 'exam'"),
        ({"excluded": "maybe"}, "“excluded” must be yes or no. Received: 'maybe'"),
        ({"suspects": "no"}, "“suspects” must be yes or left out. Received: 'no'"),
        ({"page": "0"}, "“page” must be a whole number from 1 on. Received: '0'"),
        ({"score_to": "nan"}, "“score_to” must be a number such as 0.5. Received: 'nan'"),
    ],
)
def test_a_search_that_cannot_be_understood_is_a_sentence(query, words):
    with pytest.raises(SearchError, match=words):
        read_search(query)


@pytest.mark.parametrize(("of", "others"), [("a1", "k1"), ("a3", "k2"), ("a2", "")])
def test_near_duplicates_are_the_others_of_the_group(of, others):
    chosen = next(photo for photo in PHOTOS if photo.file_name == of)
    assert names(near_duplicates(chosen, PHOTOS)) == others


@pytest.mark.parametrize(
    ("count", "asked", "number", "pages", "first", "length"),
    [
        (0, 1, 1, 1, None, 0),
        (PAGE_SIZE, 1, 1, 1, 0, PAGE_SIZE),
        (PAGE_SIZE + 1, 2, 2, 2, PAGE_SIZE, 1),
        (PAGE_SIZE + 1, 99, 2, 2, PAGE_SIZE, 1),
    ],
)
def test_pages(count, asked, number, pages, first, length):
    page = page_of([photo(str(i)) for i in range(count)], asked)
    assert (page.number, page.count, len(page.photos)) == (number, pages, length)
    assert first is None or page.photos[0].file_name == str(first)


def test_classes_are_counted_by_split_those_of_the_most_photos_first():
    counts = count_classes(PHOTOS)
    assert [(count.name, dict(count.splits)) for count in counts] == [
        ("Audi A4", {"train": 1, "test": 1}),
        ("Kia Rio", {"validation": 1, "none": 1}),
        ("Audi Q5", {"train": 1}),
    ]
