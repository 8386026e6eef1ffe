"""The subject: the noun by which pages name the things on photos, such as "bird"."""

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

FILE = "subject.json"
"""The subject's file in the folder of the manifest; `car-classifier data index` writes it."""

LONGEST = 40


@dataclass(frozen=True)
class Subject:
    """A noun for the things on photos, and the words of sentences about them.

    Attributes:
        singular: Such as "bird".
        plural: Such as "birds".
    """

    singular: str
    plural: str

    @property
    def title(self) -> str:
        """The title of the pages: "Bird classification"."""
        return f"{self.singular[:1].upper()}{self.singular[1:]} classification"

    @property
    def question(self) -> str:
        """Asks about one photo."""
        return "What does this photo show?" if self == PHOTO else f"Which {self.singular} is this?"

    @property
    def correction(self) -> str:
        """Asks about a photo whose answer is wrong."""
        return "What does it show?" if self == PHOTO else f"Which {self.singular} is it?"

    @property
    def contest(self) -> str:
        """Asks both players of the game about one photo."""
        return "Who knows what it shows?" if self == PHOTO else f"Who knows the {self.singular}?"

    @property
    def photos(self) -> str:
        """Names the photos: "photos of birds"."""
        return "photos" if self == PHOTO else f"photos of {self.plural}"

    @property
    def one(self) -> str:
        """Names one of the possible answers: "bird", or "class" of photos of anything."""
        return "class" if self == PHOTO else self.singular

    @property
    def many(self) -> str:
        """Names several of the possible answers."""
        return "classes" if self == PHOTO else self.plural

    @property
    def it_is(self) -> str:
        """Stands before the name of an answer: "it is the" robin, or "it is" cats."""
        return "it is" if self == PHOTO else "it is the"

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes of a page's main element, from which `assets/scripts/words.mjs` reads the words."""
        return {"data-one": self.one, "data-many": self.many, "data-it-is": self.it_is}


CAR = Subject("car", "cars")
PHOTO = Subject("photo", "photos")
"""The subject of photos of anything."""


def default_subject(has_makes: bool) -> Subject:
    """Returns the subject of photos for which nobody has named one."""
    return CAR if has_makes else PHOTO


def subject_from_json(content: Any) -> Subject | None:
    """Returns the subject that JSON holds as `singular` and `plural`, or None if it holds no such nouns."""
    if not isinstance(content, dict):
        return None
    singular, plural = content.get("singular"), content.get("plural")
    return Subject(singular, plural) if _is_noun(singular) and _is_noun(plural) else None


def read_subject(path: Path) -> Subject | None:
    """Returns the subject that a file holds, or None if it holds none or cannot be read."""
    try:
        return subject_from_json(json.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError):
        return None


def _is_noun(text: Any) -> TypeGuard[str]:
    """Whether a text is made of letters, so that it can stand anywhere on a page."""
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST or not text[0].isalnum():
        return False
    return all(part.isalnum() or part in " -'’" or unicodedata.category(part) in ("Mn", "Mc") for part in text)
