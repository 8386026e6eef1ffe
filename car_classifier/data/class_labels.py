"""Names of classes: `Make_Model`, or a class that stands alone, such as `cats`."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NUMBERED = re.compile(r"\s*\d+\s*[.)]")
"""The number before the name of a numbered class."""
_MAKES_OF_TWO_WORDS = set(
    "alfa_romeo am_general aston_martin de_tomaso great_wall land_rover mercedes_benz rolls_royce".split()
)


def is_name(text: str) -> bool:
    """Whether `text` can name a make, a model or a class: it is neither blank nor `nan`."""
    return text.strip().lower() not in ("", "nan")


def parse_label(label: str) -> tuple[str, str]:
    """Split `Make_Model` into make and model.

    Raises:
        ValueError: One of the two is missing.
    """
    make, _, model = label.partition("_")
    if not is_name(make) or not is_name(model):
        raise ValueError(f"'{label}' does not name a make and a model as Make_Model")
    return make.strip(), model.strip()


def make_and_model(label: str, makes: bool = True) -> tuple[str, str]:
    """The make and the model of any class: a class that is not called `Make_Model` stands alone, without a make.

    Args:
        label: Name of the class.
        makes: If False, every class stands alone, whatever its name.
    """
    try:
        return parse_label(label) if makes else ("", label.strip())
    except ValueError:
        return "", label.strip()


def read_classes(
    names: Iterable[str], makes: bool | None, notes: list[str], known: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, tuple[str, str]]:
    """Make and model of each class.

    Args:
        names: Names of the classes.
        makes: Whether a class `Make_Model` has a make. None: if all classes are called so, for among `cat` and
            `snow_leopard` no name means a make, and neither does it among `001.Black_footed_Albatross` and its like.
        notes: A note is appended to it, if there might be makes that were not read.
        known: Make and model of classes that are not called `Make_Model`, but where they are known nevertheless.
    """
    alone = {name: ("", name.strip()) for name in names}
    if makes is False or (makes is None and all(_NUMBERED.match(name) for name in alone)):
        return alone
    read = {name: (known or {}).get(name) or make_and_model(name) for name in alone}
    with_make = {name: make for name, (make, _) in read.items() if make}
    keys = {spelling_key(name) for name in with_make}
    notes += _note_on_two_words(read)
    without = [name for name, (make, _) in read.items() if not make and spelling_key(name) not in keys]
    if makes or not with_make or not without:
        return read
    first = min(with_make)
    notes.append(
        f"No makes were read, because not all classes are named Make_Model: {min(without)} is not. With --makes, the "
        f"class {first} is of make {with_make[first]}."
    )
    return alone


def _note_on_two_words(read: Mapping[str, tuple[str, str]]) -> list[str]:
    """A note on makes such as Alfa Romeo, of which `Alfa_Romeo_Giulia` gives the first word alone."""
    for name, (make, model) in sorted(read.items()):
        second, _, rest = model.partition("_")
        if make and rest and f"{make}_{second}".lower() in _MAKES_OF_TWO_WORDS:
            return [
                f"{name} was read as the make {make} and the model {model}. If the make is {make} {second}, call the "
                f"class {make}-{second}_{rest}, or give a list with the columns make and model."
            ]
    return []


def label_of(make: str, model: str) -> str:
    """The label of a class: `Make_Model`, or only the model if there is no make."""
    return f"{make}_{model}" if make else model


def spelling_key(name: str) -> str:
    """Equal for names that differ by case, spaces, underscores or Unicode form only.

    Between two digits a space counts, because `A 1 16` and `A 11 6` are two names.
    """
    words = re.sub(r"[\s_]+", "_", _nfc(name).casefold())
    return re.sub(r"(?<!\d)_|_(?!\d)", "", words)


def one_spelling(counts: Mapping[str, int], only_form: bool = False) -> dict[str, str]:
    """The spelling, in NFC, that each name shares with those of the same `spelling_key`.

    Args:
        counts: Number of photos of each name. The most frequent spelling wins; of equals, the first in order.
        only_form: Whether names share a spelling only if they differ by Unicode form.
    """
    key = _nfc if only_form else spelling_key
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for name, count in counts.items():
        spellings[key(name)][_nfc(name)] += count
    best = {code: min(names, key=lambda name: (-names[name], name)) for code, names in spellings.items()}
    return {name: best[key(name)] for name in counts}


def _nfc(name: str) -> str:
    """The name in NFC; control characters, which could steer a terminal, are spaces."""
    return CONTROL_CHARACTERS.sub(" ", unicodedata.normalize("NFC", name))
