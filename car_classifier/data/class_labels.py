"""Names of classes: `Make_Model`, or a class that stands alone, such as `cats`."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping


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


def label_of(make: str, model: str) -> str:
    """The label of a class: `Make_Model`, or only the model if there is no make."""
    return f"{make}_{model}" if make else model


def spelling_key(name: str) -> str:
    """Equal for names that differ by case, spaces or Unicode form only."""
    return "".join(_nfc(name).casefold().split())


def one_spelling(counts: Mapping[str, int], only_form: bool = False) -> dict[str, str]:
    """The spelling, in NFC, that each name shares with those that differ by case, spaces or Unicode form only.

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
    return unicodedata.normalize("NFC", name)
