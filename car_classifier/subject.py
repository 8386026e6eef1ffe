"""The subject of a data set: the noun by which pages and messages name the things on its photos, such as "bird"."""

import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeGuard

from car_classifier.errors import UserError
from car_classifier.files import read_json, write_json

FILE = "subject.json"
"""The subject's file in the folder of the manifest."""

LONGEST = 40
"""Characters of a noun."""

_SAME = (
    "aircraft bison deer hovercraft moose offspring plankton reindeer salmon series sheep shrimp spacecraft species "
    "squid swine trout wildlife"
).split()
_IRREGULAR = dict.fromkeys(_SAME, "") | {
    "alga": "algae",
    "bacterium": "bacteria",
    "buffalo": "buffaloes",
    "child": "children",
    "dormouse": "dormice",
    "foot": "feet",
    "fungus": "fungi",
    "goose": "geese",
    "hero": "heroes",
    "larva": "larvae",
    "louse": "lice",
    "mango": "mangoes",
    "monarch": "monarchs",
    "mosquito": "mosquitoes",
    "mouse": "mice",
    "ox": "oxen",
    "person": "people",
    "potato": "potatoes",
    "quiz": "quizzes",
    "stomach": "stomachs",
    "tomato": "tomatoes",
    "tooth": "teeth",
    "tornado": "tornadoes",
    "volcano": "volcanoes",
    **{noun: f"{noun}s" for noun in ("caiman", "german", "human", "ottoman", "roman", "shaman", "talisman")},
}
_SINGULAR = {*_SAME, *"alias atlas bias canvas chaos cosmos gas lens pampas pancreas rhinoceros thermos".split()}
"""Nouns in the singular, though they end as plurals do; those that end in `is`, `us` or `ss` need no mention."""
_RULES = (
    ("fish$", "fish"),
    ("man$", "men"),
    ("(wol|lea|cal|loa|el|thie|hal)f$", r"\1ves"),
    ("(kni|li|wi)fe$", r"\1ves"),
    ("([^aeiou]|qu)y$", r"\1ies"),
    ("(s|x|z|ch|sh)$", r"\1es"),
    ("$", "s"),
)
"""The ends of nouns and those of their plurals; the first that fits counts."""


@dataclass(frozen=True)
class Subject:
    """A noun for the things on photos.

    Attributes:
        singular: Such as "bird".
        plural: Such as "birds".
    """

    singular: str
    plural: str

    @property
    def title(self) -> str:
        """The name of a classifier of such photos: "Bird classifier"."""
        return f"{self.singular[:1].upper()}{self.singular[1:]} classifier"

    @property
    def question(self) -> str:
        """Asks about one photo."""
        return "What does the photo show?" if self == PHOTO else f"Which {self.singular} is it?"

    def counted(self, classes: int, has_makes: bool) -> str:
        """A number of classes: "8 car models", "8 birds" or "8 classes"."""
        if self == PHOTO:
            return f"{classes} classes"
        return f"{classes} {self.singular} models" if has_makes else f"{classes} {self.plural}"

    def as_json(self) -> dict[str, str]:
        """The subject as JSON holds it."""
        return asdict(self)


CAR = Subject("car", "cars")
PHOTO = Subject("photo", "photos")
"""The subject of photos of anything: sentences then speak of classes and photos."""


def default_subject(has_makes: bool) -> Subject:
    """The subject of photos for which nobody has named one."""
    return CAR if has_makes else PHOTO


def plural_of(noun: str) -> str:
    """The plural of an English noun; of several words, the last one changes."""
    before, space, last = noun.rpartition(" ")
    if last.lower() in _IRREGULAR:
        plural = last[:1] + (_IRREGULAR[last.lower()] or last)[1:]
    else:
        end, replacement = next(rule for rule in _RULES if re.search(rule[0], last, re.IGNORECASE))
        plural = re.sub(end, replacement, last, count=1, flags=re.IGNORECASE)
    return before + space + plural


def parse_subject(text: str) -> Subject:
    """The subject that a user names, as `bird` or, with its plural, as `mouse/mice`.

    Raises:
        UserError: It is no noun.
    """
    singular, slash, plural = (_tidy(part) for part in text.partition("/"))
    if not slash and _is_noun(singular) and _looks_like_a_plural(singular):
        raise UserError(
            f"--subject takes a noun in the singular, but {singular!r} looks like a plural. Give the singular, such as "
            "bird, or both, such as bird/birds."
        )
    subject = Subject(singular, plural if slash else plural_of(singular))
    if not (text.isprintable() and _is_noun(subject.singular) and _is_noun(subject.plural)):
        raise UserError(
            f"--subject takes a noun of up to {LONGEST} letters in the singular, such as bird, or with its plural, "
            f"such as mouse/mice. Received: {text[: LONGEST + 20]!r}"
        )
    return subject


def read_subject(folder: Path) -> Subject | None:
    """The subject that was named for the manifests in a folder; None if there is none.

    Raises:
        UserError: Its file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        subject = subject_from_json(read_json(path))
    except (OSError, ValueError):
        subject = None
    if subject is None:
        raise UserError(
            f"{path} is damaged. Name the subject again with car-classifier data index --subject, or remove the file."
        )
    return subject


def write_subject(folder: Path, subject: Subject) -> None:
    """Name the subject of the manifests in a folder."""
    write_json(folder / FILE, subject.as_json())


def subject_from_json(content: Any) -> Subject | None:
    """The subject that `as_json` gave; None for anything else."""
    if not isinstance(content, dict):
        return None
    singular, plural = content.get("singular"), content.get("plural")
    return Subject(singular, plural) if _is_noun(singular) and _is_noun(plural) else None


def _looks_like_a_plural(noun: str) -> bool:
    last = noun.rpartition(" ")[2].lower()
    plurals = {plural for singular, plural in _IRREGULAR.items() if plural not in ("", singular)}
    if last in plurals or re.search("(wo|^)men$", last):
        return True
    return last not in _SINGULAR and bool(re.search("[^iu]s$", last)) and not last.endswith("ss")


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _is_noun(text: Any) -> TypeGuard[str]:
    """Whether something is a text of letters, which may stand on any page and in any file without being escaped."""
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST or not text[0].isalnum():
        return False
    if not any(part.isalpha() for part in text):
        return False
    return all(part.isalnum() or part in " -'’" or unicodedata.category(part) in ("Mn", "Mc") for part in text)
