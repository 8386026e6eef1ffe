"""What the page gets to know of one answer: a few kilobytes, sent once."""

from typing import Any

from dashboard.model_client import Explanation
from dashboard.names import display_name

CLASSES_SHOWN = 5
MAP_DECIMALS = 3


def describe(explanation: Explanation, *, model: str, version: str | None, milliseconds: float) -> dict[str, Any]:
    """Prepares an answer for the page.

    The maps of all classes are divided by the same number, the largest contribution among them, so
    that their colours can be compared: what looks as warm in two maps speaks as strongly.

    Args:
        explanation: What the model said.
        model: The model's name.
        version: The model's version, if known.
        milliseconds: How long the model server took.

    Returns:
        `classes`: up to five, most likely first, each with `name`, `probability` and `map`, h rows of
        w numbers, at most 1, negative where the photo speaks against the class; `extent`: where the maps
        lie on the photo, as `Explanation.map_extent`; `make`: the most likely one with `name` and
        `probability`; `model`, `version` and `milliseconds`.
    """
    maps = explanation.contributions[:CLASSES_SHOWN]
    peak = float(maps.max())
    # Without any positive contribution there is nothing to compare, and dividing would flip the signs.
    scaled = maps / peak if peak > 0 else maps
    names = [display_name(label) for label in explanation.labels]
    make_probability, make = max(zip(explanation.make_probabilities, explanation.make_labels, strict=True))
    return {
        "classes": [
            {
                "name": name,
                "probability": probability,
                "map": [[round(float(cell), MAP_DECIMALS) for cell in row] for row in class_map],
            }
            for name, probability, class_map in zip(names, explanation.probabilities, scaled, strict=False)
        ],
        "extent": list(explanation.map_extent),
        "make": {"name": display_name(make), "probability": make_probability},
        "model": model,
        "version": version,
        "milliseconds": round(milliseconds),
    }
