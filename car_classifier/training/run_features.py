"""The features of a run's photos: what a frozen part of its net makes of them."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from car_classifier.data.manifest import Split
from car_classifier.network.preprocessing import PREPROCESSING_VERSION
from car_classifier.training.augmentation import NO_AUGMENTATION
from car_classifier.training.batches import TrainingBatches
from car_classifier.training.broken_photos import despite_broken_photos
from car_classifier.training.distribution import Replicas
from car_classifier.training.feature_cache import FeatureCache, Features
from car_classifier.training.frozen_part import FrozenPart, PooledFeatures
from car_classifier.training.learning_curve import LearningCurve
from car_classifier.training.run import TrainingRun


class RunFeatures:
    """Computes features once for all epochs.

    Args:
        run: The photos and settings, and the folder in which activations are kept while the run lasts.
        batches: Reads the photos.
        replicas: The replicas that train; the chief computes the features, the others wait for it.
    """

    def __init__(self, run: TrainingRun, batches: TrainingBatches, replicas: Replicas) -> None:
        self._run, self._batches, self._replicas = run, batches, replicas
        self._cache = FeatureCache(run.state_folder / "features")

    def activations(self, part: FrozenPart, title: str, split: Split, view: int = 0) -> Features:
        """The features of a split's photos from a frozen part of the net; view 0 is the photos without augmentation."""
        run, config = self._run, self._run.config
        source, count = self._batches.sources[split], len(self._batches.classes[split])
        augmentation = config.augmentation if view else NO_AUGMENTATION
        depends_on = {
            "photos": run.photos_key(split),
            "net": [config.base, config.output_stride],
            "part": part.identity,
            "input": list(config.image_size),
            "preprocessing": PREPROCESSING_VERSION,
            "view": [view, config.seed, vars(augmentation)] if view else 0,
        }

        def batches(start: int) -> Iterator[NDArray[np.float16]]:
            photos = source.view(augmentation, config.seed, view) if view else source.plain()
            skipped = start % config.batch_size
            for images, _ in photos.skip(start // config.batch_size):
                yield part(images)[skipped:]
                skipped = 0

        if not self._replicas.is_chief:
            self._replicas.wait_for_all()
        with run.live.bar(f"{split.capitalize()} photos, {title}" + (f", view {view}" if view else "")) as report:
            features = despite_broken_photos(
                run,
                self._batches.sources.values(),
                lambda: self._cache.features(depends_on, count, part.shape, batches, report),
            )
        if self._replicas.is_chief:
            self._replicas.wait_for_all()
        return features

    def pooled(
        self, part: PooledFeatures, split: Split, curve: Callable[[], LearningCurve] | None = None
    ) -> NDArray[np.float16]:
        """Pooled features of a split's photos; a learning curve is drawn while they go by."""
        run, source = self._run, self._batches.sources[split]
        sha256_of = {run.manifest.photo_path(row): row.sha256 for row in run.manifest.split(split)}
        with run.live.bar(f"{split.capitalize()} photos, pooled features") as report:

            def features() -> NDArray[np.float16]:
                hashes, drawn = [sha256_of[path] for path in source.paths], curve() if curve else None
                seen = drawn.add if drawn else None
                rows = part.of(source.paths, hashes, run.config.batch_size, run.console, report, seen)
                if drawn:
                    drawn.finish()
                return rows

            return despite_broken_photos(run, self._batches.sources.values(), features)
