"""Loads a version's SavedModel and warms it up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from car_classifier.serving.errors import Code, ServingError
from car_classifier.serving.metrics.registry import Metrics
from car_classifier.serving.models.saved_model import SavedModel
from car_classifier.serving.models.tensorflow_import import import_tensorflow
from car_classifier.serving.models.version import Version
from car_classifier.serving.models.warmup import warm_up

logger = logging.getLogger(__name__)


def load(version: Version, stopping: Callable[[], bool], metrics: Metrics) -> tuple[SavedModel, int]:
    """The model of a version, ready for requests, and the number of warm-up requests that it answered.

    Args:
        version: the version to load; its state is not changed.
        stopping: called before each warm-up request; True ends the warm-up early.
        metrics: records how long the load and the warm-up take.

    Raises:
        ServingError: the version cannot be loaded or warmed up; nothing of it stays in memory.
    """
    model = None
    try:
        import_tensorflow()
        with metrics.load(version.folder):
            model = SavedModel(version.folder)
        warming = time.perf_counter()
        warmed = warm_up(model, version.folder, stopping)
        if warmed:
            metrics.warmed_up(version.folder, time.perf_counter() - warming)
    except Exception as error:
        if model is not None:
            model.close()
        if not isinstance(error, ServingError):
            logger.exception("%s: version %d: unexpected error", version.model_name, version.number)
            error = ServingError(Code.UNKNOWN, str(error))
        raise error from None
    return model, warmed
