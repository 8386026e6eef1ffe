"""Painting on a drawn car: the easel, and the shapes that parts are made of."""

from dataclasses import dataclass

import numpy as np

from car_classifier.demo_cars.body import BodyShape, Points
from car_classifier.demo_cars.camera import Camera
from car_classifier.demo_cars.canvas import Canvas, Colour

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class Easel:
    """The car that is being drawn, its camera and its canvas."""

    canvas: Canvas
    camera: Camera
    body: BodyShape
    near: int  # 1 if the camera sees the car's left side, -1 for the right
    light: float  # brightness of surfaces that face the camera

    def fill(self, points: Points, colour: Colour, opacity: float = 1.0) -> Box:
        """Paint a polygon of points [n, 3] and return its pixel box."""
        flat = self.camera.project(points)
        r, g, b = colour
        self.canvas.polygon(flat, (r * self.light, g * self.light, b * self.light), opacity)
        return bounding_box(flat)

    def on_nose(self, outline: Points) -> Points:
        """Points [n, 3] on the car's front of an outline [n, 2] given as (y, z)."""
        bulge = 0.1 * (outline[:, 0] / (self.body.width / 2)) ** 2
        return np.column_stack([self.body.x_front + 0.015 - bulge, outline])

    def on_side(self, outline: Points) -> Points:
        """Points [n, 3] on the car's visible side of an outline [n, 2] given as (x, z)."""
        y = self.near * (self.body.half_width(outline[:, 0]) + 0.01)
        return np.column_stack([outline[:, 0], y, outline[:, 1]])


def ellipse(centre: tuple[float, float], radii: tuple[float, float], n: int = 28) -> Points:
    """An outline [n, 2] of an ellipse."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.column_stack([centre[0] + radii[0] * np.cos(t), centre[1] + radii[1] * np.sin(t)])


def rectangle(low: tuple[float, float], high: tuple[float, float]) -> Points:
    """An outline [4, 2] of a rectangle between two opposite corners."""
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])], dtype=np.float64)


def bounding_box(pixels: Points) -> Box:
    """The smallest box around pixel positions [n, 2]."""
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return (float(left), float(top), float(right), float(bottom))


def union(boxes: list[Box]) -> Box:
    """The smallest box that holds all of these."""
    b = np.array(boxes)
    return (float(b[:, 0].min()), float(b[:, 1].min()), float(b[:, 2].max()), float(b[:, 3].max()))


def disc(x: float, y: float, z: float, radius: float, n: int = 36) -> Points:
    """Points [n, 3] on the edge of an upright disc that faces the car's side."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.column_stack([x + radius * np.cos(t), np.full(n, y), z + radius * np.sin(t)])


def block(easel: Easel, low: tuple[float, float, float], high: tuple[float, float, float], colour: Colour) -> Box:
    """Paint a block between two corners (its top, front and visible side) and return its pixel box."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    side = y1 if easel.near > 0 else y0
    top = np.array([(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)])
    front = np.array([(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)])
    flank = np.array([(x0, side, z0), (x1, side, z0), (x1, side, z1), (x0, side, z1)])
    shades = [(front, 0.86), (flank, 0.72), (top, 1.12)]
    return union([easel.fill(points, tuple(c * s for c in colour)) for points, s in shades])  # type: ignore[arg-type]
