"""Compares scores that tell strangers from photos that a net knows: near strangers, of classes left out, and far ones.

Features are taken once; then, five times, a fifth of the classes is left out, a head in closed form is fitted to the
training photos of the others, and every score is asked about their validation photos, which it should rank above all
photos of the classes left out and above pictures of other things. Only the features depend on the net.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rich.console import Console
from scipy.linalg import cholesky, solve_triangular
from scipy.special import logsumexp, softmax
from scipy.stats import rankdata

from car_classifier.data.manifest import Manifest, ManifestRow, read_manifest
from car_classifier.errors import UserError
from car_classifier.progress import progress_bar

DRAWS = 5
LEFT_OUT = 0.2
FAR_PER_KIND = 40
BATCH_SIZE = 32
SIZE = (320, 212)  # of the pictures that are drawn here

Array = NDArray[Any]
Score = Callable[[Array], Array]


def run(manifest_path: Path, base: str, weights: str, image_size: tuple[int, int], far_photos: Path | None) -> None:
    """Take features, try all scores, and print a table.

    Args:
        manifest_path: The photos of the classes.
        base: Name of the net.
        weights: `imagenet`, or a file of weights.
        image_size: Height and width of the net's input in pixels.
        far_photos: A folder of photos without anything of the subject, if there is one.
    """
    manifest = read_manifest(manifest_path)
    rows = [row for row in manifest.kept if row.split in ("train", "validation")]
    net = _Net(manifest_path, base, weights, image_size)
    kinds = dict(drawn_things())
    if far_photos:
        kinds["photos"] = [path.read_bytes() for path in sorted(far_photos.iterdir())]
    features = net.of_rows(manifest, rows)
    far = {kind: net.of_pictures(pictures) for kind, pictures in kinds.items()}
    labels, split = np.array([row.label for row in rows]), np.array([row.split for row in rows])
    figures: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for draw in range(DRAWS):
        known, strangers, scores = _one_draw(features, labels, split, net.widths, draw)
        for name, score in scores.items():
            of_known = score(known)
            for kind, others in {"near": strangers, **far}.items():
                pair = auroc(of_known, score(others)), false_positive_rate(of_known, score(others))
                figures.setdefault(name, {}).setdefault(kind, []).append(pair)
    _print(figures, ["near", *far])


def _one_draw(
    features: Array, labels: Array, split: Array, widths: tuple[int, ...], draw: int
) -> tuple[Array, Array, dict[str, Score]]:
    """Features of known and of unknown photos, and the scores of a head that knows the rest."""
    from car_classifier.network.familiarity import CLOSE_WEIGHT, MOST_PHOTOS, NEAREST, KnownPhotos, fit_familiarity
    from car_classifier.training.calibration import fit_temperature
    from car_classifier.training.discriminant import Doubt, Weighting, fit, measure

    rng = np.random.default_rng([draw])
    names = np.unique(labels)
    unknown = np.isin(labels, rng.choice(names, round(LEFT_OUT * len(names)), replace=False))
    train, validation = (split == "train") & ~unknown, np.flatnonzero((split == "validation") & ~unknown)
    classes, of_train = np.unique(labels[train], return_inverse=True)
    validation = rng.permutation(validation[np.isin(labels[validation], classes)])
    compared, asked = np.array_split(validation, 2)  # a photo is never compared with itself
    lengths = [np.linalg.norm(part, axis=1).mean() for part in np.split(features, np.cumsum(widths)[:-1], axis=1)]
    scales = np.repeat(np.divide((2, 1) if len(widths) == 2 else (1,), lengths), widths)
    kernel, bias = fit(measure(features[train], of_train, len(classes)), Weighting(scales, 0.1, Doubt(2, 0.5)))
    truth = np.searchsorted(classes, labels[compared])

    def logits(x: Array) -> Array:
        return x @ kernel + bias

    temperature = fit_temperature(logits(features[compared]), truth)

    def probabilities(x: Array) -> Array:
        return softmax(logits(x) / temperature, axis=1)

    photos = KnownPhotos(
        features[compared][:MOST_PHOTOS], truth[:MOST_PHOTOS], np.ones(min(len(truth), MOST_PHOTOS), bool)
    )
    ours = fit_familiarity(photos, probabilities(photos.features))
    if ours is None:
        raise UserError("Too few validation photos of the classes that are left.")
    of_training = features[rng.permutation(np.flatnonzero(train))[:MOST_PHOTOS]]

    def nearest(bank: Array, by_angle: bool = False) -> Score:
        middle = bank.mean(axis=0)
        scaled = _unit if by_angle else np.asarray
        photos = scaled(bank - middle)

        def closeness(x: Array) -> Array:
            asked = scaled(x - middle)
            squares = (asked**2).sum(axis=1)[:, None] + (photos**2).sum(axis=1) - 2 * asked @ photos.T
            return -np.sqrt(np.maximum(np.sort(squares, axis=1)[:, :NEAREST], 0)).mean(axis=1)

        return closeness

    to_classes, to_all = _mahalanobis(_unit(features[train] * scales), of_train)
    near_known = nearest(features[compared])
    scores: dict[str, Score] = {
        "highest probability": lambda x: probabilities(x).max(axis=1),
        "highest logit": lambda x: logits(x).max(axis=1),
        "energy": lambda x: logsumexp(logits(x) / temperature, axis=1),
        "nearest validation photos": near_known,
        "nearest validation photos, by angle": nearest(features[compared], by_angle=True),
        "nearest training photos": nearest(of_training),
        "Mahalanobis, to the nearest class": lambda x: -to_classes(_unit(x * scales)),
        "Mahalanobis, to all": lambda x: -to_all(_unit(x * scales)),
        "Mahalanobis, relative": lambda x: to_all(_unit(x * scales)) - to_classes(_unit(x * scales)),
        "**familiarity**: lower share of both": lambda x: np.minimum(
            CLOSE_WEIGHT * np.searchsorted(ours.closeness, near_known(x)),
            np.searchsorted(ours.sureness, probabilities(x).max(axis=1).astype(np.float32)),
        ),
    }
    return features[asked], features[unknown], scores


def _mahalanobis(features: Array, classes: Array, shrinkage: float = 0.1) -> tuple[Score, Score]:
    """Squared distances to the nearest class, in the covariance within classes, and to all, in that of all."""
    means = np.stack([features[classes == c].mean(axis=0) for c in range(classes.max() + 1)])

    def whitened(centred: Array) -> Callable[[Array], Array]:
        covariance = centred.T @ centred / len(centred)
        covariance = (1 - shrinkage) * covariance
        covariance[np.diag_indices(len(covariance))] += shrinkage * np.trace(covariance) / len(covariance)
        factor = cholesky(covariance, lower=True)
        return lambda x: solve_triangular(factor, x.T, lower=True).T

    within, overall = whitened(features - means[classes]), whitened(features - features.mean(axis=0))
    white_means, middle = within(means), features.mean(axis=0)

    def to_classes(x: Array) -> Array:
        white = within(x)
        squares = (white**2).sum(axis=1)[:, None] - 2 * white @ white_means.T + (white_means**2).sum(axis=1)
        return np.asarray(squares.min(axis=1))

    return to_classes, lambda x: (overall(x - middle) ** 2).sum(axis=1)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def auroc(known: Array, strangers: Array) -> float:
    """The chance that a known photo scores higher than a stranger; of a tie, half."""
    ranks = rankdata(np.concatenate([known, strangers]))[: len(known)]
    return float((ranks.sum() - len(known) * (len(known) + 1) / 2) / (len(known) * len(strangers)))


def false_positive_rate(known: Array, strangers: Array) -> float:
    """The share of strangers that pass where 95 % of the known photos do."""
    return float((strangers >= np.quantile(known, 0.05)).mean())


def drawn_things() -> Iterator[tuple[str, list[bytes]]]:
    """Pictures of other things, by their kind."""
    rng = np.random.default_rng(0)
    for kind, draw in {
        "noise": lambda: Image.fromarray(rng.integers(0, 256, (*SIZE[::-1], 3), np.uint8)),
        "blotches": lambda: Image.fromarray(rng.integers(0, 256, (*rng.integers(3, 40, 2), 3), np.uint8)).resize(SIZE),
        "stripes": lambda: _stripes(rng),
        "one colour": lambda: Image.new("RGB", SIZE, tuple(rng.integers(0, 256, 3).tolist())),
        "test patterns": lambda: _bars(rng),
        "houses": lambda: _house(rng),
        "animals": lambda: _animal(rng),
        "text": lambda: _text(rng),
    }.items():
        yield kind, [_png(draw()) for _ in range(FAR_PER_KIND)]


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _stripes(rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(0.02, 0.4)
    wave = (np.sin((x * np.cos(angle) + y * np.sin(angle)) * pitch) + 1)[..., None] / 2
    first, second = rng.integers(0, 256, (2, 3))
    return Image.fromarray((first + (second - first) * wave).astype(np.uint8))


def _bars(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(picture)
    for i, colour in enumerate(rng.permutation(["silver", "yellow", "cyan", "lime", "magenta", "red", "blue"])):
        draw.rectangle([i * SIZE[0] // 7, 0, (i + 1) * SIZE[0] // 7, SIZE[1]], fill=str(colour))
    draw.rectangle([0, 160, *SIZE], fill=tuple(rng.integers(0, 100, 3).tolist()))
    return picture


def _house(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, tuple(rng.integers(150, 256, 3).tolist()))
    draw, (x, width, height) = ImageDraw.Draw(picture), rng.integers([40, 80, 50], [140, 150, 90]).tolist()
    draw.rectangle([0, 150, *SIZE], fill="olivedrab")
    draw.rectangle([x, 165 - height, x + width, 165], fill=tuple(rng.integers(80, 256, 3).tolist()))
    draw.polygon([(x - 10, 165 - height), (x + width + 10, 165 - height), (x + width // 2, 115 - height)], "brown")
    for i in range(3):
        draw.rectangle(
            [x + 10 + i * width // 3, 175 - height, x + 25 + i * width // 3, 195 - height], fill="midnightblue"
        )
    return picture


def _animal(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, tuple(rng.integers(120, 256, 3).tolist()))
    draw, (x, y), fur = ImageDraw.Draw(picture), rng.integers([90, 80], [220, 130]).tolist(), rng.integers(60, 220, 3)
    coat = tuple(fur.tolist())
    draw.ellipse([x - 60, y - 30, x + 60, y + 40], fill=coat)
    draw.ellipse([x + 40, y - 60, x + 95, y - 5], fill=coat)
    draw.ellipse([x + 70, y - 45, x + 78, y - 37], fill="black")
    for leg in (-45, -15, 15, 45):
        draw.rectangle([x + leg - 5, y + 30, x + leg + 5, y + 75], fill=coat)
    return picture


def _text(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    for line in range(12):
        words = " ".join("".join(rng.choice(list("abcdefghij"), 5)) for _ in range(8))
        draw.text((10, 8 + 16 * line), words, fill="black")
    return picture


class _Net:
    """A frozen net, of photos in a manifest and of pictures elsewhere."""

    def __init__(self, manifest_path: Path, base: str, weights: str, image_size: tuple[int, int]) -> None:
        from car_classifier.network.backbones import build_backbone, find_backbone
        from car_classifier.network.surgery import fold_batch_norms
        from car_classifier.network.two_layers import head_layers, pooled_layers
        from car_classifier.training.feature_store import store_folder
        from car_classifier.training.frozen_part import PooledFeatures
        from car_classifier.training.precision import dtype_policy

        self.backbone, self.image_size = find_backbone(base), image_size
        net = fold_batch_norms(build_backbone(self.backbone, image_size, weights))
        layers, folder = head_layers(net, self.backbone.finer_layer), store_folder(manifest_path, manifest_path.parent)
        self._lower, self.widths = pooled_layers(net, layers)
        self._pooled = PooledFeatures(net, self.backbone, dtype_policy("auto"), folder, layers)

    def of_rows(self, manifest: Manifest, rows: Sequence[ManifestRow]) -> Array:
        paths, console = [manifest.photo_path(row) for row in rows], Console(stderr=True)
        with progress_bar("Features", console) as report:
            features = self._pooled.of(paths, [row.sha256 for row in rows], BATCH_SIZE, console, report)
        return np.asarray(features, np.float32)

    def of_pictures(self, pictures: Sequence[bytes]) -> Array:
        import tensorflow as tf

        from car_classifier.network.backbones import normalise
        from car_classifier.network.preprocessing import load_photos

        batches = (pictures[start : start + BATCH_SIZE] for start in range(0, len(pictures), BATCH_SIZE))
        asked = (normalise(self.backbone, load_photos(tf.constant(batch), self.image_size)) for batch in batches)
        return np.concatenate([self._lower(photos, training=False).numpy() for photos in asked])


def _print(figures: dict[str, dict[str, list[tuple[float, float]]]], kinds: list[str]) -> None:
    print(f"AUROC / share of strangers that pass where 95 % of known photos do; means of {DRAWS} draws")
    print(f"| score | {' | '.join(kinds)} |")
    print("|---|" + "---|" * len(kinds))
    for name, of_kinds in figures.items():
        cells = (np.mean(of_kinds[kind], axis=0) for kind in kinds)
        print(f"| {name} | " + " | ".join(f"{area:.3f} / {rate:.2f}" for area, rate in cells) + " |")
    spread = max(float(np.std([pair[0] for pair in of_kinds["near"]])) for of_kinds in figures.values())
    print(f"Largest standard deviation of a near AUROC over the draws: {spread:.3f}")
