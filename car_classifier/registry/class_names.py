"""The classes of a model: labels and makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassNames:
    """The classes of a model, in its order.

    Attributes:
        labels: Label of each class, `Make_Model`, or any name.
        makes: Make of each class; a class without one counts as its own make.
    """

    labels: tuple[str, ...]
    makes: tuple[str, ...]

    @property
    def all_makes(self) -> tuple[str, ...]:
        """Every make once, sorted."""
        return tuple(sorted(set(self.makes)))

    @property
    def has_makes(self) -> bool:
        """Whether any class has a make that is not just its own label."""
        return self.makes != self.labels

    @property
    def make_of_class(self) -> NDArray[np.int64]:
        """For each class, the place of its make in `all_makes`. [classes]."""
        import numpy as np

        return np.searchsorted(self.all_makes, self.makes)
