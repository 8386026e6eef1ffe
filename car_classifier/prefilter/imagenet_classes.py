"""The 1000 classes of ImageNet (ILSVRC 2012), in the order of a `keras.applications` net's outputs.

That order is the order of the classes' WordNet ids. `imagenet_classes.csv` holds the ids and the first name that
WordNet 3.0 gives each (https://wordnet.princeton.edu, `imagenet_classes.LICENSE.txt`); the ids are those of the
challenge (Russakovsky et al. 2015, https://arxiv.org/abs/1409.0575).
"""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from car_classifier.errors import UserError
from car_classifier.files import read_csv


class ImageNetClass(NamedTuple):
    """A class: its WordNet id, such as `n03770679`, and its name, such as `minivan`."""

    wnid: str
    name: str


def imagenet_classes() -> tuple[ImageNetClass, ...]:
    """All classes, in the order of the net's outputs."""
    rows = read_csv(Path(__file__).with_name("imagenet_classes.csv"))
    return tuple(ImageNetClass(row["wnid"], row["name"]) for _, row in rows)


def indices_of(names: Sequence[str]) -> list[int]:
    """The indices of the classes with these names, ascending.

    Raises:
        UserError: A name is no class of ImageNet, or there are no names.
    """
    if not names:
        raise UserError("--car-classes must name at least one class of ImageNet.")
    known = [entry.name for entry in imagenet_classes()]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3)
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            raise UserError(f"ImageNet has no class named '{name}'.{hint}")
    return [index for index, name in enumerate(known) if name in set(names)]
