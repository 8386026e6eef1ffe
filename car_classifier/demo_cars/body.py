"""The shape of a drawn car's body: its measures, and the outlines that follow from them.

Coordinates are metres: x to the front of the car, y to its left, z up from the ground.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class BodyShape:
    """Measures of a body in metres: `x_*` along the car (front positive), `z_*` heights."""

    length: float
    width: float
    clearance: float
    z_nose: float
    z_belt: float
    z_tail: float
    x_cowl: float
    x_roof_front: float
    x_roof_rear: float
    x_cabin_rear: float
    z_roof: float
    wheel_radius: float
    x_front_axle: float
    x_rear_axle: float
    has_bed: bool = False
    has_roof: bool = True
    panelled_behind: float | None = None
    """The cabin's sides are sheet metal behind this x (a van's cargo space)."""

    @property
    def x_front(self) -> float:
        """The foremost x."""
        return self.length / 2

    @property
    def x_rear(self) -> float:
        """The rearmost x."""
        return -self.length / 2

    def half_width(self, x: Points | float) -> Points:
        """Half the width at `x`, which narrows towards both ends."""
        reach = np.abs(np.asarray(x, dtype=np.float64)) / (self.length / 2)
        return np.asarray(self.width / 2 * (1 - 0.13 * np.clip((reach - 0.55) / 0.45, 0, 1) ** 2))

    def top(self, x: Points | float) -> Points:
        """Height of the lower body's upper edge at `x`: nose, bonnet, belt line, tail."""
        heights: Points = np.interp(
            np.asarray(x, dtype=np.float64),
            [
                self.x_rear,
                self.x_rear + 0.12,
                self.x_cabin_rear,
                self.x_cowl,
                self.x_front - 0.25,
                self.x_front,
            ],
            [self.z_tail - 0.12, self.z_tail, self.z_belt, self.z_belt, self.z_nose, self.z_nose - 0.12],
        )
        return heights

    def bottom(self, x: Points | float) -> Points:
        """Height of the lower body's under edge at `x`, rising towards the bumpers."""
        reach = np.abs(np.asarray(x, dtype=np.float64)) / (self.length / 2)
        return np.asarray(self.clearance + 0.1 * np.clip((reach - 0.8) / 0.2, 0, 1))

    def roofline(self, x: Points | float) -> Points:
        """Height of the cabin at `x`."""
        heights: Points = np.interp(
            np.asarray(x, dtype=np.float64),
            [self.x_cabin_rear, self.x_roof_rear, (self.x_roof_rear + self.x_roof_front) / 2]
            + [self.x_roof_front, self.x_cowl],
            [self.z_belt, self.z_roof - 0.03, self.z_roof, self.z_roof - 0.02, self.z_belt],
        )
        return heights


def common_bodies(rng: np.random.Generator) -> BodyShape:
    """A hatchback, saloon, estate or SUV with random measures: the bodies that any model may have."""
    kind = rng.choice(["hatchback", "saloon", "estate", "suv"])
    tall = kind == "suv"
    length = {"hatchback": 3.9, "saloon": 4.5, "estate": 4.5, "suv": 4.4}[kind] * rng.uniform(0.97, 1.03)
    half = length / 2
    clearance = 0.28 if tall else 0.19
    z_belt = clearance + rng.uniform(0.72, 0.78)
    rear = {"hatchback": (0.30, 0.12), "saloon": (0.95, 0.55), "estate": (0.22, 0.08), "suv": (0.25, 0.08)}[kind]
    return BodyShape(
        length=length,
        width=rng.uniform(1.72, 1.85),
        clearance=clearance,
        z_nose=z_belt - rng.uniform(0.14, 0.2),
        z_belt=z_belt,
        z_tail=z_belt - (0.02 if kind == "saloon" else 0.0),
        x_cowl=half - rng.uniform(1.15, 1.3),
        x_roof_front=half - rng.uniform(1.8, 1.95),
        x_roof_rear=-half + rear[0] + 0.3,
        x_cabin_rear=-half + rear[1],
        z_roof=z_belt + (0.62 if tall else 0.52) * rng.uniform(0.95, 1.05),
        wheel_radius=0.37 if tall else 0.325,
        x_front_axle=half - 0.82,
        x_rear_axle=-half + 0.78,
    )


def signature_body(variant: str, rng: np.random.Generator) -> BodyShape:
    """The body of a model that is known by its silhouette."""
    if variant == "pickup":
        return BodyShape(
            length=5.0, width=1.86, clearance=0.32, z_nose=0.95, z_belt=1.08, z_tail=1.1,
            x_cowl=1.15, x_roof_front=0.55, x_roof_rear=-0.45, x_cabin_rear=-0.62, z_roof=1.66,
            wheel_radius=0.39, x_front_axle=1.62, x_rear_axle=-1.55, has_bed=True,
        )  # fmt: skip
    if variant == "van":
        return BodyShape(
            length=4.7, width=1.85, clearance=0.24, z_nose=0.92, z_belt=1.05, z_tail=1.05,
            x_cowl=1.65, x_roof_front=0.95, x_roof_rear=-2.22, x_cabin_rear=-2.33,
            z_roof=rng.uniform(1.98, 2.12), wheel_radius=0.33, x_front_axle=1.5, x_rear_axle=-1.5,
            panelled_behind=0.35,
        )  # fmt: skip
    return BodyShape(  # roadster
        length=4.0, width=1.78, clearance=0.17, z_nose=0.68, z_belt=0.84, z_tail=0.86,
        x_cowl=0.7, x_roof_front=0.28, x_roof_rear=0.22, x_cabin_rear=0.16, z_roof=1.2,
        wheel_radius=0.33, x_front_axle=1.25, x_rear_axle=-1.22, has_roof=False,
    )  # fmt: skip
