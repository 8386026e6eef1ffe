"""Lamps, grilles, wheels, roof loads and liveries, painted in the common form or a model's own.

Every painter returns the pixel boxes of what it painted, because `parts.csv` holds the box of the part that
distinguishes a photo's model.
"""

from collections.abc import Callable

import numpy as np

from car_classifier.demo_cars.body import Points
from car_classifier.demo_cars.canvas import Colour
from car_classifier.demo_cars.easel import Box, Easel, block, bounding_box, disc, ellipse, rectangle, union

_BLACK: Colour = (0.06, 0.06, 0.07)
_CHROME: Colour = (0.88, 0.9, 0.92)
_GLOW: Colour = (1.0, 0.98, 0.88)
_ICE: Colour = (0.78, 0.94, 1.15)
_AMBER: Colour = (1.1, 0.82, 0.36)


def paint_lamps(easel: Easel, variant: str) -> list[Box]:
    """Head lamps: one box each, or one for a bar across the nose."""
    half, z = easel.body.width / 2, easel.body.z_nose
    if variant == "bar":
        frame = easel.fill(easel.on_nose(rectangle((-half * 0.9, z - 0.3), (half * 0.9, z - 0.06))), _BLACK)
        easel.fill(easel.on_nose(rectangle((-half * 0.86, z - 0.255), (half * 0.86, z - 0.105))), _ICE)
        return [frame]
    boxes = []
    for side in (-1, 1):
        y = side * half * 0.66
        if variant == "round":
            for radius, colour in ((0.255, _CHROME), (0.215, _BLACK), (0.175, _AMBER)):
                boxes.append(easel.fill(easel.on_nose(ellipse((y, z - 0.18), (radius, radius))), colour))
            boxes[-3:] = [union(boxes[-3:])]
        elif variant == "vertical":
            stack = []
            for k in range(3):
                low = z - 0.17 - 0.155 * k
                stack.append(easel.fill(easel.on_nose(rectangle((y - 0.1, low), (y + 0.1, low + 0.135))), _BLACK))
                easel.fill(easel.on_nose(rectangle((y - 0.07, low + 0.025), (y + 0.07, low + 0.11))), _GLOW)
            boxes.append(union(stack))
        else:
            shape = np.array([(y - 0.16, z - 0.22), (y + 0.16, z - 0.22), (y + 0.15, z - 0.12), (y - 0.15, z - 0.12)])
            boxes.append(easel.fill(easel.on_nose(shape), (0.3, 0.32, 0.35)))
            easel.fill(easel.on_nose(ellipse((y, z - 0.17), (0.09, 0.036))), (0.95, 0.95, 0.92))
    return boxes


def paint_grille(easel: Easel, variant: str) -> list[Box]:
    """The radiator grille, number plate and lower intake; the box is the grille's."""
    z, low = easel.body.z_nose, easel.body.clearance + 0.1
    easel.fill(easel.on_nose(rectangle((-0.55, low), (0.55, low + 0.11))), _BLACK)
    plate_z = low + 0.14

    def bars(outline: Points, count: int, upright: bool) -> None:
        (y0, z0), (y1, z1) = outline.min(axis=0), outline.max(axis=0)
        for k in range(count):
            share = (k + 1) / (count + 1)
            if upright:
                y = y0 + share * (y1 - y0)
                bar = rectangle((y - 0.012, z0 + 0.03), (y + 0.012, z1 - 0.03))
            else:
                height = z0 + share * (z1 - z0)
                bar = rectangle((y0 + 0.03, height - 0.01), (y1 - 0.03, height + 0.01))
            easel.fill(easel.on_nose(bar), _CHROME)

    if variant == "shield":
        outline = np.array(
            [(-0.3, z - 0.06), (0.3, z - 0.06), (0.34, z - 0.3), (0.2, low), (-0.2, low), (-0.34, z - 0.3)]
        )
        box = easel.fill(easel.on_nose(outline * [1.12, 1.0] + [0, 0.015]), _CHROME)
        easel.fill(easel.on_nose(outline), _BLACK)
        bars(np.array([(-0.26, low), (0.26, z - 0.06)]), 6, upright=True)
        return [box]
    if variant == "twin":
        boxes = []
        for side in (-1, 1):
            ring = ellipse((side * 0.21, z - 0.24), (0.19, 0.17))
            boxes.append(easel.fill(easel.on_nose(ring), _CHROME))
            easel.fill(easel.on_nose(ellipse((side * 0.21, z - 0.24), (0.15, 0.135))), _BLACK)
        return [union(boxes)]
    if variant == "hexagon":
        outline = np.array(
            [
                (-0.5, z - 0.24),
                (-0.34, z - 0.08),
                (0.34, z - 0.08),
                (0.5, z - 0.24),
                (0.36, low),
                (-0.36, low),
            ]
        )
        box = easel.fill(easel.on_nose(outline), (0.82, 0.12, 0.12))
        easel.fill(easel.on_nose((outline - [0, z - 0.26]) * 0.86 + [0, z - 0.26]), _BLACK)
        return [box]
    outline = rectangle((-0.42, z - 0.25), (0.42, z - 0.13))
    box = easel.fill(easel.on_nose(outline), _BLACK)
    bars(outline, 2, upright=False)
    easel.fill(easel.on_nose(rectangle((-0.24, plate_z), (0.24, plate_z + 0.1))), (0.93, 0.93, 0.9))
    return [box]


def paint_tyres_behind(easel: Easel) -> None:
    """The tyres under the car; painted before the body, which hides most of them."""
    body = easel.body
    for x in (body.x_front_axle, body.x_rear_axle):
        for side in (-1, 1):
            outer = body.width / 2 * 0.97
            for y in np.linspace(outer - 0.24, outer, 5):
                easel.fill(disc(x, side * y, body.wheel_radius, body.wheel_radius), (0.07, 0.07, 0.075))


def _spokes(
    easel: Easel, x: float, y: float, z: float, radius: float, count: int, width: float, colour: Colour
) -> None:
    for k in range(count):
        angle = 2 * np.pi * k / count + 0.3
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        corners = np.array([across * width, along * radius + across * width * 0.6])
        corners = np.concatenate([corners, [along * radius - across * width * 0.6, -across * width]])
        easel.fill(np.column_stack([x + corners[:, 0], np.full(4, y), z + corners[:, 1]]), colour)


def paint_wheels(easel: Easel, variant: str) -> list[Box]:
    """Wheel arches and wheels of the visible side: one box for each wheel."""
    body, boxes = easel.body, []
    r = body.wheel_radius
    for x in (body.x_front_axle, body.x_rear_axle):
        y = easel.near * (float(body.half_width(x)) + 0.005)
        easel.fill(disc(x, y, r + 0.01, r * 1.17), (0.04, 0.04, 0.045))
        boxes.append(easel.fill(disc(x, y, r, r), (0.09, 0.09, 0.095)))
        rim = {
            "disc": (0.94, 0.94, 0.92),
            "gold": (1.05, 0.8, 0.2),
            "red": (0.8, 0.08, 0.1),
            "eclipse": (0.94, 0.94, 0.92),
        }.get(variant, (0.2, 0.2, 0.21))
        easel.fill(disc(x, y, r, r * 0.8 if variant != "common" else r * 0.68), rim)
        if variant in ("disc", "eclipse"):
            easel.fill(disc(x, y, r, r * 0.5), (0.8, 0.81, 0.82))
            easel.fill(disc(x, y, r, r * (0.16 if variant == "disc" else 0.46)), (0.35, 0.36, 0.38))
        elif variant == "gold":
            _spokes(easel, x, y, r, r * 0.78, 8, r * 0.04, (0.45, 0.32, 0.08))
            easel.fill(disc(x, y, r, r * 0.2), (0.3, 0.22, 0.08))
        elif variant == "red":
            easel.fill(disc(x, y, r, r * 0.66), (0.1, 0.1, 0.11))
            _spokes(easel, x, y, r, r * 0.74, 3, r * 0.16, (0.85, 0.1, 0.12))
        else:
            _spokes(easel, x, y, r, r * 0.66, 5, r * 0.13, (0.62, 0.63, 0.65))
            easel.fill(disc(x, y, r, r * 0.14), (0.5, 0.51, 0.53))
    return boxes


def paint_roof(easel: Easel, variant: str) -> list[Box]:
    """The load on a car's roof; nothing in the common form."""
    body = easel.body
    z, middle = body.z_roof + 0.03, (body.x_roof_front + body.x_roof_rear) / 2
    if variant == "box":
        for x in (middle - 0.45, middle + 0.45):
            block(easel, (x - 0.03, -0.55, z), (x + 0.03, 0.55, z + 0.05), (0.2, 0.2, 0.22))
        return [block(easel, (middle - 0.8, -0.42, z + 0.05), (middle + 0.8, 0.42, z + 0.33), (0.16, 0.17, 0.2))]
    if variant == "lights":
        x = body.x_roof_front - 0.2
        boxes = [block(easel, (x - 0.05, -0.6, z - 0.02), (x, 0.6, z + 0.04), _BLACK)]
        for y in np.linspace(-0.48, 0.48, 4):
            for radius, colour in ((0.135, _BLACK), (0.105, (1.0, 0.86, 0.3))):
                ring = ellipse((float(y), z + 0.13), (radius, radius))
                boxes.append(easel.fill(np.column_stack([np.full(len(ring), x + 0.02), ring]), colour))
        return [union(boxes)]
    if variant == "wing":
        x = body.x_rear + 0.1
        foot = float(body.top(x))
        height = max(body.z_roof - 0.05, foot + 0.4)
        for y in (-0.55, 0.55):
            block(easel, (x - 0.05, y - 0.03, foot), (x + 0.08, y + 0.03, height), _BLACK)
        return [block(easel, (x - 0.22, -0.86, height), (x + 0.2, 0.86, height + 0.06), (0.1, 0.1, 0.11))]
    return []


def paint_livery(easel: Easel, variant: str) -> list[Box]:
    """Paintwork over the body colour; in the common form none."""
    body = easel.body
    low, high = body.clearance + 0.2, body.z_belt - 0.12
    back, front = body.x_rear_axle + 0.45, body.x_front_axle - 0.45
    if variant == "stripes":
        boxes = []
        for k, colour in enumerate(((0.96, 0.55, 0.1), (0.85, 0.2, 0.15), (0.35, 0.08, 0.2))):
            z = high - 0.02 - 0.13 * k
            band = rectangle((body.x_rear + 0.35, z - 0.12), (body.x_front - 0.35, z))
            x = np.linspace(band[0, 0], band[1, 0], 12)
            outline = np.concatenate(
                [np.column_stack([x, np.full(12, z - 0.12)]), np.column_stack([x[::-1], np.full(12, z)])]
            )
            boxes.append(easel.fill(easel.on_side(outline), colour))
        return [union(boxes)]
    if variant == "chequer":
        boxes, cell = [], (front - back) / 10
        for i in range(10):
            for j in range(3):
                left, z = back + i * cell, low + 0.04 + j * (high - low - 0.04) / 3
                colour = (0.95, 0.95, 0.93) if (i + j) % 2 else _BLACK
                square = rectangle((left, z), (left + cell, z + (high - low - 0.04) / 3))
                boxes.append(easel.fill(easel.on_side(square), colour))
        return [union(boxes)]
    if variant == "roundel":
        centre, radius = ((back + front) / 2, (low + high) / 2), (high - low) * 0.56
        box = easel.fill(easel.on_side(ellipse(centre, (radius, radius))), (0.96, 0.96, 0.94))
        easel.fill(
            easel.on_side(rectangle((centre[0] - 0.05, centre[1] - 0.17), (centre[0] + 0.05, centre[1] + 0.17))),
            _BLACK,
        )
        return [box]
    return []


def silhouette_box(easel: Easel, variant: str) -> list[Box]:
    """The region in which a silhouette differs from the common ones: the bed, the cargo box, the open cockpit."""
    body = easel.body
    x0, x1, z0, z1 = {
        "pickup": (body.x_rear, body.x_cabin_rear, body.z_belt - 0.35, body.z_belt + 0.1),
        "van": (body.x_cabin_rear, 0.35, body.z_belt - 0.1, body.z_roof),
        "roadster": (-1.2, body.x_cowl, body.z_belt - 0.1, body.z_roof),
    }[variant]
    corners = [(x, y, z) for x in (x0, x1) for y in (-body.width / 2, body.width / 2) for z in (z0, z1)]
    return [bounding_box(easel.camera.project(np.array(corners)))]


PAINTERS: dict[str, Callable[[Easel, str], list[Box]]] = {
    "livery": paint_livery,
    "grille": paint_grille,
    "lamps": paint_lamps,
    "wheels": paint_wheels,
    "roof": paint_roof,
}
"""In the order in which they are painted over the body."""
