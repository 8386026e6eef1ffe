"""Solid geometry of a drawn car: a lofted body and cabin, and the camera that looks at them.

Coordinates are metres: x to the front of the car, y to its left, z up from the ground.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Paint = Literal["body", "glass", "trim", "dark"]


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
        """Half the width at `x`: full in the middle, drawn in towards both ends."""
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
    """A hatchback, saloon, estate or SUV with measures drawn at random: the bodies that any model may have."""
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


@dataclass(frozen=True)
class Face:
    """A flat polygon of the car."""

    points: Points  # [n, 3] metres
    paint: Paint
    normal: Points  # [3], unit length, pointing out of the car


def _face(points: list[tuple[float, float, float]], paint: Paint, inside: Points) -> Face:
    """A face whose normal points away from `inside`."""
    corners = np.array(points, dtype=np.float64)
    (a, b, c), (d, e, f) = corners[2] - corners[0], corners[-1] - corners[1]
    normal = np.array([b * f - c * e, c * d - a * f, a * e - b * d])  # np.cross costs twenty times as much
    length = float(np.sqrt(normal @ normal))
    normal = normal / length if length > 0 else np.array([0.0, 0.0, 1.0])
    if normal @ (corners[0] - inside) < 0:
        normal = -normal
    return Face(corners, paint, normal)


def body_faces(body: BodyShape) -> list[Face]:
    """The lower body as quadrilaterals, from the sills to the belt line."""
    stations = np.unique(
        np.concatenate(
            [
                np.linspace(body.x_rear, body.x_front, 26),
                [body.x_cowl, body.x_cabin_rear, body.x_front - 0.06],
            ]
        )
    )
    sections = []
    for x in stations:
        w, low, high = float(body.half_width(x)), float(body.bottom(x)), float(body.top(x))
        rise = high - low
        half = [
            (0.86, low), (0.96, low + 0.16 * rise), (1.0, low + 0.42 * rise), (0.985, low + 0.62 * rise),
            (0.975, low + 0.66 * rise), (0.94, low + 0.9 * rise), (0.86, high), (0.5, high + 0.03), (0.0, high + 0.045),
        ]  # fmt: skip
        left = [(w * fraction, z) for fraction, z in half]
        sections.append(left + [(-y, z) for y, z in reversed(left[:-1])])
    faces = []
    for x0, x1, s0, s1 in zip(stations[:-1], stations[1:], sections[:-1], sections[1:], strict=True):
        inside = np.array([(x0 + x1) / 2, 0.0, body.clearance + 0.3])
        for j in range(len(s0) - 1):
            in_bed = body.has_bed and 6 <= j <= 9 and x1 <= body.x_cabin_rear + 0.01 and x0 > body.x_rear + 0.1
            in_cockpit = not body.has_roof and 6 <= j <= 9 and -1.0 < x0 and x1 <= body.x_cabin_rear + 0.05
            sill = j in (0, len(s0) - 2)
            paint: Paint = "dark" if in_bed or in_cockpit else "trim" if sill else "body"
            corners = [(x0, *s0[j]), (x1, *s1[j]), (x1, *s1[j + 1]), (x0, *s0[j + 1])]
            faces.append(_face(corners, paint, inside))
    for x, section in ((stations[0], sections[0]), (stations[-1], sections[-1])):
        faces.append(_face([(x, y, z) for y, z in section], "body", np.array([0.0, 0.0, 0.6])))
    return faces


def cabin_faces(body: BodyShape) -> list[Face]:
    """The cabin above the belt line: pillars, windows, windscreen and roof."""
    marks = [body.x_cabin_rear, body.x_roof_rear, body.x_roof_front, body.x_cowl]
    stations = np.unique(np.concatenate([np.linspace(marks[0], marks[-1], 22), marks]))
    pillars = [(body.x_roof_front + body.x_roof_rear) / 2 - 0.05]
    if body.x_roof_front - body.x_roof_rear > 2:
        pillars.append(body.x_roof_rear + 0.45)
    sections = []
    for x in stations:
        roof = float(body.roofline(x))
        belt_half = 0.9 * float(body.half_width(np.clip(x, body.x_rear + 0.3, body.x_front - 0.9)))
        share = (roof - body.z_belt) / (body.z_roof - body.z_belt)
        taper = 0.93 if body.panelled_behind is not None else 0.8
        roof_half = belt_half * (1 - (1 - taper) * share)
        rise = roof - body.z_belt
        half = [
            (belt_half, body.z_belt), (belt_half + (roof_half - belt_half) * 0.1, body.z_belt + 0.1 * rise),
            (roof_half, body.z_belt + 0.86 * rise), (roof_half * 0.94, roof - 0.02 * share),
            (roof_half * 0.6, roof + 0.02 * share), (0.0, roof + 0.03 * share),
        ]  # fmt: skip
        sections.append(half + [(-y, z) for y, z in reversed(half[:-1])])
    faces = []
    for x0, x1, s0, s1 in zip(stations[:-1], stations[1:], sections[:-1], sections[1:], strict=True):
        middle = (x0 + x1) / 2
        inside = np.array([middle, 0.0, body.z_belt - 0.4])
        sloping = middle > body.x_roof_front or middle < body.x_roof_rear
        near_pillar = any(abs(middle - pillar) < 0.06 for pillar in pillars)
        panelled = body.panelled_behind is not None and middle < body.panelled_behind
        for j in range(len(s0) - 1):
            on_top = 3 <= j <= 6
            on_side = j in (1, 8)
            windscreen = on_top and sloping and not (panelled and middle < body.x_roof_rear)
            window = on_side and not near_pillar and not panelled
            paint: Paint = "glass" if windscreen or window else "body"
            corners = [(x0, *s0[j]), (x1, *s1[j]), (x1, *s1[j + 1]), (x0, *s0[j + 1])]
            faces.append(_face(corners, paint, inside))
    return faces


@dataclass(frozen=True)
class Camera:
    """A perspective camera that looks at the car, then a shift and zoom that frame it."""

    position: Points  # [3] metres
    rotation: Points  # [3, 3], rows are right, down, forward
    zoom: float
    centre: Points  # [2] pixels

    def project(self, points: Points) -> Points:
        """Pixel positions [n, 2] of points [n, 3]."""
        seen = (np.asarray(points, dtype=np.float64) - self.position) @ self.rotation.T
        return seen[:, :2] / seen[:, 2:] * self.zoom + self.centre

    def distance(self, points: Points) -> float:
        """Distance of the middle of points [n, 3] from the camera, in metres."""
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
        body: The car to be framed.
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
