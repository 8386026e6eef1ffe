"""Searches the data set: which photos meet the conditions, and how many of each class."""

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
"""The valid values of a condition, for error messages. Conditions that are not listed take any text."""


class SearchError(Exception):
    """A search cannot be understood; the message names the part and its valid values."""


class PhotoSearch(BaseModel):
    """A search: all given conditions must hold. They are named as the parameters of the address's query.

    Attributes:
        make: The photo's make.
        label: The photo's label, `Make_Model`.
        split: The photo's split.
        year_from: Earliest year; photos without a year do not match.
        year_to: Latest year; photos without a year do not match.
        score_from: Lowest prefilter score; photos without a score do not match.
        score_to: Highest prefilter score; photos without a score do not match.
        group: A near-duplicate group, or `any` for photos in any group.
        excluded: Whether the photo is excluded.
        text: Words in the file name or display name, in any order and case.
        suspects: Only photos whose label may be wrong.
        page: Page of the result, from 1.
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
        """Whether a photo meets all conditions except `suspects`."""
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
        """Returns the same search for photos of any label."""
        return self.model_copy(update={"label": None})

    def _is_of_group(self, photo: DatasetPhoto) -> bool:
        group = photo.near_duplicate_group
        return bool(group) if self.group == ANY_GROUP else group == self.group


def read_search(query: Mapping[str, object]) -> PhotoSearch:
    """Reads a search from an address's query; empty, repeated and unknown parameters are ignored.

    Raises:
        SearchError: A value is not valid.
    """
    try:
        given = {name: value for name, value in query.items() if isinstance(value, str) and value.strip()}
        return PhotoSearch.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        name, received = str(problem["loc"][0]), str(problem["input"])[:40]
        valid = VALUES.get(name, "a text")
        raise SearchError(f"The search's “{name}” must be {valid}. Received: {received!r}.") from error


def find_photos(search: PhotoSearch, photos: Iterable[DatasetPhoto]) -> list[DatasetPhoto]:
    """Returns the photos that meet the conditions, in the given order; near-duplicates side by side if searched for."""
    matches = [photo for photo in photos if search.accepts(photo)]
    if search.group is not None:
        matches.sort(key=lambda photo: photo.near_duplicate_group)
    return matches


def near_duplicates(photo: DatasetPhoto, photos: Iterable[DatasetPhoto]) -> list[DatasetPhoto]:
    """Returns the other photos that closely resemble a photo."""
    group = photo.near_duplicate_group
    return [other for other in photos if group and other.near_duplicate_group == group and other.id != photo.id]


@dataclass(frozen=True)
class Page:
    """One page of the result.

    Attributes:
        number: The page, from 1; the last page if a later one was requested.
        count: Number of pages, at least 1.
        photos: The photos on the page.
    """

    number: int
    count: int
    photos: Sequence[DatasetPhoto]


def page_of(photos: Sequence[DatasetPhoto], number: int) -> Page:
    """Returns one page of the photos."""
    count = max(1, -(-len(photos) // PAGE_SIZE))
    number = min(number, count)
    return Page(number, count, photos[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])


@dataclass(frozen=True)
class ClassCount:
    """The number of photos of one class.

    Attributes:
        label: Label of the class.
        splits: Number of photos of each split; `none` for photos without a split.
    """

    label: str
    splits: Mapping[str, int]

    @property
    def name(self) -> str:
        """Display name of the label."""
        return display_name(self.label)

    @property
    def photos(self) -> int:
        """Number of photos of all splits."""
        return sum(self.splits.values())


def count_classes(photos: Iterable[DatasetPhoto]) -> list[ClassCount]:
    """Counts the photos of each class; the largest class comes first."""
    splits: dict[str, Counter[str]] = defaultdict(Counter)
    for photo in photos:
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
