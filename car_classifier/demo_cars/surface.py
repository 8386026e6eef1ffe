"""The surface of a drawn car as flat faces: a lofted body, and a cabin on it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from car_classifier.demo_cars.body import BodyShape, Points

Paint = Literal["body", "glass", "trim", "dark"]


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
