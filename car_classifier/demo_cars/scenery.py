"""The scene around a drawn car, and the light that falls on it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from car_classifier.demo_cars.canvas import Canvas, Colour


@dataclass(frozen=True)
class Light:
    """The light of one photo."""

    direction: tuple[float, float, float]  # towards the sun, unit length, in the car's coordinates
    strength: float
    ambient: float
    tint: Colour
    exposure: float
    sky: Colour  # colour that a shiny surface reflects if it faces up


def light_for(yaw: float, rng: np.random.Generator) -> Light:
    """Daylight, overcast sky, a low evening sun or dusk; the sun stands on the camera's side of the car."""
    kind = rng.choice(["day", "overcast", "evening", "dusk"], p=[0.45, 0.25, 0.2, 0.1])
    azimuth = np.radians(yaw + rng.uniform(-75, 75))
    height = np.radians({"day": 55, "overcast": 75, "evening": 22, "dusk": 35}[kind] + rng.uniform(-8, 8))
    direction = (np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height))
    strength, ambient = {
        "day": (0.6, 0.5),
        "overcast": (0.3, 0.68),
        "evening": (0.62, 0.44),
        "dusk": (0.3, 0.5),
    }[kind]
    tint = {
        "day": (1, 1, 0.98),
        "overcast": (0.96, 0.99, 1.03),
        "evening": (1.08, 0.97, 0.84),
        "dusk": (0.86, 0.9, 1.1),
    }
    exposure = {"day": 1.0, "overcast": 0.95, "evening": 0.98, "dusk": 0.78}[kind] * rng.uniform(0.9, 1.08)
    sky = {
        "day": (0.72, 0.84, 0.97),
        "overcast": (0.85, 0.87, 0.9),
        "evening": (1, 0.85, 0.7),
        "dusk": (0.6, 0.65, 0.85),
    }
    return Light(tuple(float(v) for v in direction), strength, ambient, tint[kind], exposure, sky[kind])  # type: ignore[arg-type]


def _mix(colour: Colour, other: Colour, share: float) -> Colour:
    return tuple(a + (b - a) * share for a, b in zip(colour, other, strict=True))  # type: ignore[return-value]


def _ridge(canvas: Canvas, horizon: float, height: float, colour: Colour, rough: int, rng: np.random.Generator) -> None:
    """A line of hills: a sum of slow waves, filled down to the horizon."""
    x = np.linspace(0, canvas.width, 60)
    waves = sum(
        rng.uniform(0.3, 1) / k * np.sin(2 * np.pi * (k * x / canvas.width * 0.9 + rng.uniform()))
        for k in range(1, rough)
    )
    raised = (waves - np.min(waves)) / (np.ptp(waves) + 1e-9)
    line = np.stack([x, (horizon - height * (0.25 + 0.75 * raised)) * canvas.height], axis=1)
    base = horizon * canvas.height + 1
    canvas.polygon(np.concatenate([line, [[canvas.width, base], [0, base]]]), colour)


def _road(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    """Lane markings that run to a vanishing point."""
    vanishing = np.array([rng.uniform(-0.3, 1.3) * canvas.width, horizon * canvas.height])
    for foot in (rng.uniform(-0.6, 0.2), rng.uniform(0.9, 1.6)):
        left = np.array([foot * canvas.width, canvas.height * 1.02])
        right = left + [canvas.width * 0.03, 0]
        canvas.polygon(np.array([vanishing, right, left]), (0.85, 0.85, 0.8), opacity=0.45)


def countryside(canvas: Canvas, horizon: float, light: Light, rng: np.random.Generator) -> None:
    """Hills, a meadow and a road."""
    green = (rng.uniform(0.3, 0.5), rng.uniform(0.45, 0.6), rng.uniform(0.22, 0.35))
    _ridge(canvas, horizon, rng.uniform(0.15, 0.32), _mix(green, light.sky, 0.65), 4, rng)
    _ridge(canvas, horizon, rng.uniform(0.06, 0.16), _mix(green, light.sky, 0.35), 6, rng)
    canvas.vertical_gradient(horizon, horizon + 0.1, green, _mix(green, (0.2, 0.25, 0.15), 0.3))
    asphalt = rng.uniform(0.34, 0.5)
    canvas.vertical_gradient(horizon + 0.1, 1, (asphalt,) * 3, (asphalt * 0.8,) * 3)
    _road(canvas, horizon + 0.1, rng)


def town(canvas: Canvas, horizon: float, light: Light, rng: np.random.Generator) -> None:
    """A row of buildings with windows, a pavement and a street."""
    x = -0.05 * canvas.width
    while x < canvas.width:
        width = rng.uniform(0.09, 0.22) * canvas.width
        top = (horizon - rng.uniform(0.15, 0.5)) * canvas.height
        wall = _mix((rng.uniform(0.5, 0.8), rng.uniform(0.45, 0.7), rng.uniform(0.4, 0.65)), light.sky, 0.3)
        base = horizon * canvas.height + 1
        canvas.polygon(np.array([[x, top], [x + width, top], [x + width, base], [x, base]]), wall)
        columns, rows = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        pane = _mix(wall, (0.25, 0.3, 0.38), rng.uniform(0.4, 0.8))
        for i in range(columns):
            for j in range(rows):
                left = x + width * (i + 0.3) / columns
                high = top + (base - top) * (j + 0.3) / (rows + 0.6)
                right, low = left + width * 0.4 / columns, high + (base - top) * 0.4 / rows
                canvas.polygon(np.array([[left, high], [right, high], [right, low], [left, low]]), pane)
        x += width
    grey = rng.uniform(0.5, 0.65)
    canvas.vertical_gradient(horizon, horizon + 0.06, (grey + 0.08,) * 3, (grey,) * 3)
    canvas.vertical_gradient(horizon + 0.06, 1, (grey * 0.75,) * 3, (grey * 0.6,) * 3)
    _road(canvas, horizon + 0.06, rng)


def coast(canvas: Canvas, horizon: float, light: Light, rng: np.random.Generator) -> None:
    """The sea behind a sandy ground."""
    sea = (rng.uniform(0.15, 0.3), rng.uniform(0.45, 0.6), rng.uniform(0.6, 0.72))
    canvas.vertical_gradient(horizon - 0.08, horizon, _mix(sea, light.sky, 0.4), sea)
    sand = (rng.uniform(0.72, 0.85), rng.uniform(0.64, 0.74), rng.uniform(0.48, 0.58))
    canvas.vertical_gradient(horizon, 1, sand, _mix(sand, (0.4, 0.34, 0.26), 0.4))


def studio(canvas: Canvas, horizon: float, light: Light, rng: np.random.Generator) -> None:
    """A plain wall that runs into the floor."""
    wall = (rng.uniform(0.55, 0.9), rng.uniform(0.55, 0.9), rng.uniform(0.55, 0.9))
    wall = _mix(wall, light.sky, 0.4)
    canvas.vertical_gradient(0, horizon, _mix(wall, (0.2, 0.2, 0.22), 0.25), wall)
    canvas.vertical_gradient(horizon, 1, wall, _mix(wall, (0.25, 0.25, 0.27), 0.45))


SCENES: tuple[Callable[[Canvas, float, Light, np.random.Generator], None], ...] = (
    countryside,
    town,
    coast,
    studio,
)


def paint_scenery(canvas: Canvas, horizon: float, light: Light, rng: np.random.Generator) -> None:
    """Paint sky, scenery and ground; `horizon` is a share of the picture's height."""
    canvas.vertical_gradient(0, 1, _mix(light.sky, (0.35, 0.55, 0.85), 0.5), _mix(light.sky, (1, 1, 1), 0.4))
    SCENES[int(rng.integers(len(SCENES)))](canvas, horizon, light, rng)
