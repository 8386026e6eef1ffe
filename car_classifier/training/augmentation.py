"""The settings of augmentation: random changes of the training photos."""

from typing import Annotated

from pydantic import Field

from car_classifier.settings import Settings

Strength = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
ShareAboveZero = Annotated[float, Field(gt=0, le=1)]


class Augmentation(Settings):
    """Random changes of a training photo, different each time the net sees it. Strength 0 switches a change off."""

    crop_area: ShareAboveZero = 0.5
    """Smallest share of a photo's area that a random crop keeps, enough to recognise the car; 1 keeps all of it."""

    stretch: Share = 0.15
    """Largest change of a crop's aspect ratio, as a natural logarithm. A crop of the whole photo is not stretched."""

    flip: bool = True
    """Whether every other photo is mirrored left to right."""

    colour: Share = 0.25
    """Strength of changes in brightness, contrast and saturation (each is multiplied by a factor from 1 - colour to
    1 + colour): a car's colour is not its model."""

    erase: Share = 0.0
    """Largest share of a photo that RandomErasing blanks."""

    mixup: Strength = 0.0
    """Strength of MixUp (Zhang et al. 2018, https://arxiv.org/abs/1710.09412)."""

    cutmix: Strength = 0.4
    """Strength of CutMix (Yun et al. 2019, https://arxiv.org/abs/1905.04899)."""


NO_AUGMENTATION = Augmentation(crop_area=1, stretch=0, flip=False, colour=0, erase=0, mixup=0, cutmix=0)
"""Photos as they are."""
