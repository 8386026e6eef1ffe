"""How training photos are changed: the settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Augmentation:
    """How a training photo is changed, anew each time it is seen. Strength 0 switches a part off.

    Attributes:
        crop_area: Smallest share of the photo's area that a random crop keeps; 1 keeps the whole photo.
        stretch: Most that a crop's aspect ratio departs from the photo's, as a natural logarithm. Without
            room (`crop_area` 1) a crop cannot be stretched.
        flip: Whether every other photo is mirrored left to right.
        colour: Strength of the changes of brightness, contrast and saturation: each is multiplied by a factor
            from 1 - colour to 1 + colour.
        erase: Largest share of the photo that RandomErasing blanks.

    Raises:
        ValueError: A strength is out of its range.
    """

    crop_area: float = 0.5
    stretch: float = 0.15
    flip: bool = True
    colour: float = 0.25
    erase: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.crop_area <= 1:
            raise ValueError(f"`crop_area` must be above 0 and at most 1. Received: crop_area={self.crop_area}")
        for name in ("stretch", "colour", "erase"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be from 0 to below 1. Received: {name}={getattr(self, name)}")


NO_AUGMENTATION = Augmentation(crop_area=1, stretch=0, flip=False, colour=0, erase=0)
"""Photos as they are."""
