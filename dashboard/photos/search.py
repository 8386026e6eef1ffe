"""Searching the data set: which photos meet some conditions, and how many of each class do."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.names import display_name
from dashboard.photos.dataset import DatasetPhoto

PAGE_SIZE = 24
ANY_GROUP = "any"
NO_SPLIT = "none"
VALUES = {
    "split": "train, validation or test",
    "year_from": "a year such as 2015",
    "year_to": "a year such as 2015",
    "score_from": "a number such as 0.5",
    "score_to": "a number such as 0.5",
    "excluded": "yes or no",
    "suspects": "yes or left out",
    "page": "a whole number from 1 on",
}
"""What a condition can be, for whoever wrote something else. The others are any text."""


class SearchError(Exception):
    """A search cannot be understood; the message says which part, and what it should be."""


class PhotoSearch(BaseModel):
    """What is looked for. Every condition that is given must hold; its name is that of the query's parameter.

    Attributes:
        make: The photo's make.
        label: Its label, `Make_Model`.
        split: Its split.
        year_from: Its year is known and not earlier.
        year_to: Its year is known and not later.
        score_from: It was scored by the prefilter, and not lower.
        score_to: It was scored by the prefilter, and not higher.
        group: Its near-duplicate group, or `any` for photos that are in one.
        excluded: Whether it is left aside.
        text: Words that its file name or its name for people hold, in any order and case.
        suspects: Only photos whose label may be wrong.
        page: Which page of the result, from 1.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    make: str | None = None
    label: str | None = None
    split: Literal["train", "validation", "test"] | None = None
    year_from: int | None = None
    year_to: int | None = None
    score_from: float | None = None
    score_to: float | None = None
    group: str | None = None
    excluded: Literal["yes", "no"] | None = None
    text: str | None = None
    suspects: Literal["yes"] | None = None
    page: Annotated[int, Field(ge=1)] = 1

    def accepts(self, photo: DatasetPhoto) -> bool:
        """Whether a photo meets the conditions, beside that of `suspects`."""
        return (
            (self.make is None or photo.make == self.make)
            and (self.label is None or photo.label == self.label)
            and (self.split is None or photo.split == self.split)
            and _within(photo.year, self.year_from, self.year_to)
            and _within(photo.prefilter_score, self.score_from, self.score_to)
            and (self.group is None or self._is_of_group(photo))
            and (self.excluded is None or bool(photo.excluded) == (self.excluded == "yes"))
            and (self.text is None or _holds(photo, self.text))
        )

    def of_any_label(self) -> "PhotoSearch":
        """The same search whatever the label."""
        return self.model_copy(update={"label": None})

    def _is_of_group(self, photo: DatasetPhoto) -> bool:
        group = photo.near_duplicate_group
        return bool(group) if self.group == ANY_GROUP else group == self.group


def read_search(query: Mapping[str, object]) -> PhotoSearch:
    """Reads a search from an address's query; what is empty, given twice or of something else is passed over.

    Raises:
        SearchError: A value cannot be used.
    """
    try:
        given = {name: value for name, value in query.items() if isinstance(value, str) and value.strip()}
        return PhotoSearch.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        name, received = str(problem["loc"][0]), str(problem["input"])[:40]
        rule = VALUES.get(name, "a text")
        raise SearchError(f"The search's “{name}” must be {rule}. Received: {received!r}.") from error


def find_photos(search: PhotoSearch, photos: Iterable[DatasetPhoto]) -> list[DatasetPhoto]:
    """The photos that meet the conditions, in the order given; near-duplicates stand side by side if asked for."""
    found = [photo for photo in photos if search.accepts(photo)]
    if search.group is not None:
        found.sort(key=lambda photo: photo.near_duplicate_group)
    return found


def near_duplicates(photo: DatasetPhoto, photos: Iterable[DatasetPhoto]) -> list[DatasetPhoto]:
    """The other photos that resemble one closely."""
    group = photo.near_duplicate_group
    return [other for other in photos if group and other.near_duplicate_group == group and other.id != photo.id]


@dataclass(frozen=True)
class Page:
    """A part of what was found.

    Attributes:
        number: Which, from 1; the last one if a later one was asked for.
        count: How many pages there are, at least 1.
        photos: The photos on it.
    """

    number: int
    count: int
    photos: Sequence[DatasetPhoto]


def page_of(found: Sequence[DatasetPhoto], number: int) -> Page:
    """One page of what was found."""
    count = max(1, -(-len(found) // PAGE_SIZE))
    number = min(number, count)
    return Page(number, count, found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])


@dataclass(frozen=True)
class ClassCount:
    """How many photos of a class were found.

    Attributes:
        label: The class.
        splits: Photos of each split; those of no split are under `none`.
    """

    label: str
    splits: Mapping[str, int]

    @property
    def name(self) -> str:
        """What the car is, for people."""
        return display_name(self.label)

    @property
    def photos(self) -> int:
        """All of them."""
        return sum(self.splits.values())


def count_classes(found: Iterable[DatasetPhoto]) -> list[ClassCount]:
    """How many photos of each class are among these, those of the most photos first."""
    splits: dict[str, Counter[str]] = defaultdict(Counter)
    for photo in found:
        splits[photo.label][photo.split or NO_SPLIT] += 1
    counts = [ClassCount(label, counter) for label, counter in splits.items()]
    return sorted(counts, key=lambda count: (-count.photos, count.label))


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _holds(photo: DatasetPhoto, text: str) -> bool:
    searched = f"{photo.file_name} {photo.name}".casefold()
    return all(word in searched for word in text.casefold().split())
