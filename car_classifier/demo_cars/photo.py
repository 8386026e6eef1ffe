"""Drawing one photo of a car."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from car_classifier.demo_cars.body import BodyShape, common_bodies, signature_body
from car_classifier.demo_cars.camera import Camera, frame_car
from car_classifier.demo_cars.canvas import Canvas, Colour
from car_classifier.demo_cars.catalogue import DemoModel
from car_classifier.demo_cars.easel import Box, Easel
from car_classifier.demo_cars.parts import PAINTERS, paint_tyres_behind, silhouette_box
from car_classifier.demo_cars.scenery import Light, light_for, paint_scenery
from car_classifier.demo_cars.surface import Face, body_faces, cabin_faces

_PAINTS: tuple[Colour, ...] = (
    (0.75, 0.1, 0.1), (0.1, 0.25, 0.6), (0.1, 0.42, 0.36), (0.93, 0.93, 0.9), (0.16, 0.17, 0.19), (0.62, 0.65, 0.68),
    (0.93, 0.7, 0.15), (0.86, 0.4, 0.12), (0.45, 0.68, 0.8), (0.4, 0.12, 0.2), (0.55, 0.6, 0.35), (0.84, 0.78, 0.66),
)  # fmt: skip


@dataclass(frozen=True)
class DemoPhoto:
    """A drawn photo, and the boxes of the part that distinguishes its model."""

    pixels: NDArray[np.uint8]  # RGB [height, width, 3]
    part_boxes: tuple[tuple[int, int, int, int], ...]  # left, top, right, bottom; one for each lamp, wheel …


def draw_photo(model: DemoModel, rng: np.random.Generator, width: int = 480, height: int = 320) -> DemoPhoto:
    """Draw a photo of `model` with random colour, scene, size, pose and light.

    Args:
        model: The model to draw.
        rng: Source of everything random; the same state draws the same pixels.
        width: Width in pixels.
        height: Height in pixels.
    """
    forms = {kind: model.variant if kind == model.part else "common" for kind in PAINTERS}
    body = signature_body(model.variant, rng) if model.part == "silhouette" else common_bodies(rng)
    near = int(rng.choice([-1, 1]))
    yaw = near * rng.uniform(34, 62)
    light = light_for(yaw, rng)
    camera = frame_car(
        body,
        yaw=yaw,
        elevation=rng.uniform(7, 18),
        distance=rng.uniform(7.5, 12),
        size=(width, height),
        fill=rng.uniform(0.74, 0.93),
        shift=np.array([rng.uniform(0.46, 0.54), rng.uniform(0.53, 0.6)]),
    )
    canvas = Canvas(width, height)
    ground = camera.project(np.array([[body.x_rear, 0.0, 0.0]]))[0, 1] / height
    paint_scenery(canvas, float(np.clip(ground - rng.uniform(0.1, 0.22), 0.25, 0.75)), light, rng)
    easel = Easel(canvas, camera, body, near, light.ambient + 0.75 * light.strength)

    _paint_shadow(canvas, camera, body)
    paint_tyres_behind(easel)
    paint = np.clip(np.array(_PAINTS[int(rng.integers(len(_PAINTS)))]) + rng.uniform(-0.06, 0.06, 3), 0.03, 1)
    _paint_faces(canvas, camera, body_faces(body), paint, light)
    boxes = {kind: PAINTERS[kind](easel, forms[kind]) for kind in ("livery", "grille", "lamps", "wheels")}
    if body.has_roof:
        _paint_faces(canvas, camera, cabin_faces(body), paint, light)
    else:
        _paint_windscreen(easel)
    boxes["roof"] = PAINTERS["roof"](easel, forms["roof"])
    boxes["silhouette"] = silhouette_box(easel, model.variant) if model.part == "silhouette" else []

    noise = rng.normal(0, rng.uniform(0.004, 0.014), (height, width, 1)).astype(np.float32)
    pixels = canvas.finished(noise, light.tint, light.exposure)
    return DemoPhoto(pixels, tuple(_whole_pixels(box, width, height) for box in boxes[model.part]))


def _paint_shadow(canvas: Canvas, camera: Camera, body: BodyShape) -> None:
    half = body.width / 2
    outline = [(body.x_rear, -half), (body.x_front, -half), (body.x_front, half), (body.x_rear, half)]
    for grow, opacity, blur in ((1.06, 0.4, 9.0), (0.97, 0.65, 3.5)):
        corners = np.array([(x * grow, y * grow, 0.0) for x, y in outline])
        canvas.polygon(camera.project(corners), (0.05, 0.05, 0.07), opacity, blur * canvas.width / 480)


def _paint_faces(canvas: Canvas, camera: Camera, faces: list[Face], paint: NDArray[np.float64], light: Light) -> None:
    """Paint the visible faces, the farthest first."""
    visible = sorted((f for f in faces if camera.sees(f)), key=lambda f: -camera.distance(f.points))
    sun, sky = np.array(light.direction), np.array(light.sky)
    base = {
        "body": paint,
        "glass": np.array([0.1, 0.13, 0.17]),
        "trim": np.array([0.1, 0.1, 0.11]),
        "dark": np.array([0.07, 0.07, 0.08]),
    }
    gloss = {"body": 0.32, "glass": 0.6, "trim": 0.05, "dark": 0.0}
    for face in visible:
        to_camera = camera.position - face.points.mean(axis=0)
        to_camera /= np.linalg.norm(to_camera)
        diffuse = max(float(face.normal @ sun), 0.0)
        mirrored = 2 * float(face.normal @ to_camera) * face.normal - to_camera
        reflected = np.clip(mirrored[2] * 1.6 + 0.1, 0, 1) * gloss[face.paint]  # the sky, not the ground
        highlight = 0.55 * gloss[face.paint] * max(float(mirrored @ sun), 0.0) ** 24
        colour = base[face.paint] * (light.ambient + light.strength * diffuse)
        colour = colour + reflected * (sky - colour) * (0.55 + 0.45 * light.strength) + highlight
        r, g, b = (float(c) for c in colour)
        flat = camera.project(face.points)
        # A hair of overlap hides the seams between neighbouring faces.
        middle = flat.mean(axis=0)
        canvas.polygon(middle + (flat - middle) * 1.02 + np.sign(flat - middle) * 0.12, (r, g, b))


def _paint_windscreen(easel: Easel) -> None:
    """An open car's windscreen frame, seats and head rests."""
    body = easel.body
    half = 0.86 * body.width / 2
    for y in (-0.38, 0.38):
        seat = np.array([(-0.75, y - 0.24, body.z_belt - 0.05), (-0.75, y + 0.24, body.z_belt - 0.05)])
        top = np.array([(-0.85, y + 0.17, body.z_belt + 0.24), (-0.85, y - 0.17, body.z_belt + 0.24)])
        easel.fill(np.concatenate([seat, top]), (0.5, 0.26, 0.14))
    frame = np.array(
        [
            (body.x_cowl, -half, body.z_belt),
            (body.x_cowl, half, body.z_belt),
            (body.x_roof_front, half * 0.84, body.z_roof),
            (body.x_roof_front, -half * 0.84, body.z_roof),
        ]
    )
    easel.fill(frame, (0.1, 0.1, 0.11))
    middle = frame.mean(axis=0)
    easel.fill(middle + (frame - middle) * 0.93, (0.5, 0.6, 0.68))


def _whole_pixels(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return (
        int(np.clip(np.floor(left), 0, width - 1)),
        int(np.clip(np.floor(top), 0, height - 1)),
        int(np.clip(np.ceil(right), 1, width)),
        int(np.clip(np.ceil(bottom), 1, height)),
    )


def jpeg_bytes(photo: DemoPhoto, quality: int = 90) -> bytes:
    """The photo as JPEG."""
    done, data = cv2.imencode(".jpg", photo.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("OpenCV could not encode a JPEG")
    return data.tobytes()
