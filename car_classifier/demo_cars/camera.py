"""The camera that takes a drawn car's photo."""

from dataclasses import dataclass

import numpy as np

from car_classifier.demo_cars.body import BodyShape, Points
from car_classifier.demo_cars.surface import Face


@dataclass(frozen=True)
class Camera:
    """A perspective camera that looks at the car, with a shift and zoom that frame it."""

    position: Points  # [3] metres
    rotation: Points  # [3, 3], rows are right, down, forward
    zoom: float
    centre: Points  # [2] pixels

    def project(self, points: Points) -> Points:
        """Pixel positions [n, 2] of points [n, 3]."""
        seen = (np.asarray(points, dtype=np.float64) - self.position) @ self.rotation.T
        return seen[:, :2] / seen[:, 2:] * self.zoom + self.centre

    def distance(self, points: Points) -> float:
        """Distance of the mean of points [n, 3] from the camera, in metres."""
        offset = points.mean(axis=0) - self.position
        return float(np.sqrt(offset @ offset))

    def sees(self, face: Face) -> bool:
        """Whether the face's outer side is turned to the camera."""
        return bool(face.normal @ (self.position - face.points[0]) > 0)


def frame_car(
    body: BodyShape,
    yaw: float,
    elevation: float,
    distance: float,
    size: tuple[int, int],
    fill: float,
    shift: Points,
) -> Camera:
    """A camera at `yaw` degrees from the car's nose and `elevation` degrees up that frames the whole car.

    Args:
        body: The car.
        yaw: Degrees around the car; positive looks at its left side.
        elevation: Degrees above the horizon.
        distance: Metres from the car's middle.
        size: Width and height of the picture in pixels.
        fill: Share of the picture's width or height that the car takes.
        shift: Where the car's middle lies, [2], as a share of the picture's size.
    """
    a, e = np.radians(yaw), np.radians(elevation)
    target = np.array([0.0, 0.0, 0.55])
    position = target + distance * np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
    forward = (target - position) / distance
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, -np.cross(right, forward), forward])
    rough = Camera(position, rotation, 1.0, np.zeros(2))
    box = np.array(
        [
            (x, y, z)
            for x in (body.x_rear, body.x_front)
            for y in (-body.width / 2, body.width / 2)
            for z in (0.0, body.z_roof)
        ]
    )
    seen = rough.project(box)
    low, high = seen.min(axis=0), seen.max(axis=0)
    zoom = float(np.min(fill * np.array(size) / (high - low)))
    return Camera(position, rotation, zoom, np.array(size) * shift - zoom * (low + high) / 2)
