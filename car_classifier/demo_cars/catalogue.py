"""The invented makes and models, and the one part that distinguishes each model.

Everything about a drawn car is random except its signature, a part in a form that no other model has. A make owns a
kind of part and its models are variants of it. So the models of a make are the most alike, as with real cars, and an
explanation has one right place to point at.
"""

from dataclasses import dataclass
from typing import Literal

PartKind = Literal["silhouette", "lamps", "grille", "wheels", "roof", "livery"]


@dataclass(frozen=True)
class DemoModel:
    """One class of drawn cars."""

    make: str
    model: str
    part: PartKind
    variant: str

    @property
    def label(self) -> str:
        """Class label, `Make_Model`."""
        return f"{self.make}_{self.model}"


# In this order any prefix has two models of each of its makes before a make gets a third.
CATALOGUE = (
    DemoModel("Calder", "Hauler", "silhouette", "pickup"),
    DemoModel("Calder", "Parcel", "silhouette", "van"),
    DemoModel("Estrel", "Lumen", "lamps", "round"),
    DemoModel("Estrel", "Horizon", "lamps", "bar"),
    DemoModel("Marisol", "Summit", "roof", "box"),
    DemoModel("Marisol", "Beacon", "roof", "lights"),
    DemoModel("Halvorn", "Moonrise", "wheels", "disc"),
    DemoModel("Halvorn", "Gilt", "wheels", "gold"),
    DemoModel("Fennick", "Regent", "grille", "shield"),
    DemoModel("Fennick", "Duet", "grille", "twin"),
    DemoModel("Tovaro", "Ribbon", "livery", "stripes"),
    DemoModel("Tovaro", "Chequer", "livery", "chequer"),
    DemoModel("Calder", "Breeze", "silhouette", "roadster"),
    DemoModel("Estrel", "Totem", "lamps", "vertical"),
    DemoModel("Marisol", "Glider", "roof", "wing"),
    DemoModel("Halvorn", "Cherry", "wheels", "red"),
    DemoModel("Fennick", "Prism", "grille", "hexagon"),
    DemoModel("Tovaro", "Roundel", "livery", "roundel"),
    DemoModel("Halvorn", "Eclipse", "wheels", "eclipse"),
)

TWINS = ("Halvorn_Moonrise", "Halvorn_Eclipse")
"""Labels of two models that differ in nothing but the hub of their wheels, which is a few pixels wide."""


LAST_IN_HARD: tuple[PartKind, ...] = ("silhouette", "grille")
"""Parts whose models come last into a hard set, the twins aside.

A silhouette differs in so much of the car that no part is the one place to point at, and grilles take a net longer than
newcomers wait.
"""


def models_of(count: int, is_hard: bool) -> tuple[DemoModel, ...]:
    """The models of a set.

    Args:
        count: Number of models, from the beginning of the catalogue.
        is_hard: Whether the twins are the last two, and models of `LAST_IN_HARD` come after the others.
    """
    if not is_hard:
        return CATALOGUE[:count]
    twins = tuple(model for model in CATALOGUE if model.label in TWINS)
    others = [model for model in CATALOGUE if model not in twins]
    return (*sorted(others, key=lambda model: model.part in LAST_IN_HARD)[: count - len(twins)], *twins)
