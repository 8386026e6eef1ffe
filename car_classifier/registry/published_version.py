"""A published version of the model: the paths of its files, their content, and its SavedModel.

TensorFlow is imported only when the SavedModel is asked for.
"""

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from car_classifier.errors import UserError
from car_classifier.files import read_json
from car_classifier.registry.class_names import ClassNames
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import STABLE, read_labels
from car_classifier.subject import Subject, default_subject, subject_from_json
from car_classifier.words import SURE_ABOVE

REPUBLISH = "Publish the model again with car-classifier train."


class PublishedVersion:
    """A version of the model: a folder with a SavedModel and, in `assets.extra/`, everything that belongs to it.

    An export that is not published yet has the same layout. A file is read only when its content is asked for.

    Attributes:
        folder: The version's folder, such as `model/1`.
        assets: Its `assets.extra/`; `model/README.md` says what each file in there holds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.saved_model_path = folder / "saved_model.pb"
        self.assets = folder / "assets.extra"
        self.labels_path = self.assets / "labels.json"
        self.config_path = self.assets / "config.json"
        self.metrics_path = self.assets / "metrics.json"
        self.model_card_path = self.assets / "model_card.md"
        self.predictions_path = self.assets / "predictions.csv"
        self.history_path = self.assets / "history.csv"
        self.architecture_path = self.assets / "architecture.json"
        self.closed_form_path = self.assets / "closed_form.npz"
        self.known_photos_path = self.assets / "known_photos.npz"
        self.golden_folder = self.assets / "golden"
        self.golden_answers_path = self.golden_folder / "answers.json"
        self.warmup_path = self.assets / "tf_serving_warmup_requests"
        self.checksums_path = self.assets / "SHA256SUMS"
        self.evaluations_folder = self.assets / "evaluations"
        self.explanations_folder = self.assets / "explanations"

    def __str__(self) -> str:
        return str(self.folder)

    @cached_property
    def names(self) -> ClassNames:
        """The classes that the version knows.

        Raises:
            UserError: There is no `labels.json`, or it is damaged.
        """
        if not self.labels_path.is_file():
            raise UserError(f"The model in {self} has no labels.json: car-classifier did not export it.")
        content = _read_json(self.labels_path)
        labels, makes = content.get("labels"), content.get("makes")
        if not isinstance(labels, list) or not isinstance(makes, dict) or not set(labels) <= set(makes):
            raise UserError(f"{self.labels_path} is damaged. {REPUBLISH}")
        return ClassNames(tuple(labels), tuple(makes[label] for label in labels))

    def read_config(self) -> dict[str, Any]:
        """The content of `config.json`.

        Raises:
            UserError: The file is missing or damaged.
        """
        return _read_json(self.config_path)

    @cached_property
    def subject(self) -> Subject:
        """What the photos show that the version was trained on; older versions do not name it.

        Raises:
            UserError: There is no `labels.json`, or it is damaged.
        """
        config = self.read_config() if self.config_path.is_file() else {}
        return subject_from_json(config.get("subject")) or default_subject(self.names.has_makes)

    @property
    def sure_above(self) -> float:
        """The probability below which its answers are called not sure; `SURE_ABOVE` if it has none of its own."""
        try:
            above = read_json(self.config_path)["sure"]["above"]
        except (OSError, ValueError, LookupError, TypeError):
            return SURE_ABOVE
        if isinstance(above, bool) or not isinstance(above, int | float) or not 0 <= above <= 1:
            return SURE_ABOVE
        return float(above)

    def read_metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`.

        Raises:
            UserError: The file is missing or damaged.
        """
        return _read_json(self.metrics_path)

    def signature(self, name: str) -> Any:
        """A signature of the SavedModel, as a function of named tensors.

        Raises:
            UserError: There is no SavedModel, or it has no such signature.
        """
        if name not in self._loaded.signatures:
            raise UserError(
                f"The model in {self} has no signature '{name}': an older car-classifier or another program published "
                f"it. {REPUBLISH}"
            )
        signature = self._loaded.signatures[name]
        signature._keep_alive = self._loaded  # a signature alone does not hold its model's variables
        return signature

    @cached_property
    def _loaded(self) -> Any:
        """The SavedModel."""
        if not self.saved_model_path.is_file():
            raise UserError(f"There is no SavedModel in {self}. Give the folder of a version, such as model/1.")
        return _load(self.folder.resolve(), self.saved_model_path.stat().st_mtime_ns)


@lru_cache(maxsize=2)  # two, so that versions can be compared; each holds all weights
def _load(folder: Path, _modified: int) -> Any:
    """The SavedModel in a folder. Loading takes seconds, so a process does it once until the folder's files change.

    Args:
        folder: The folder of a version, without links.
        _modified: Modification time of its `saved_model.pb`, which tells one export into the folder from the next.
    """
    import tensorflow as tf

    return tf.saved_model.load(str(folder))


def find_version(path: Path) -> PublishedVersion:
    """The version that `--model` names.

    Args:
        path: The folder of a version, or a model folder. The latter stands for its stable version, or for its newest
            version if none has the label `stable`.

    Raises:
        UserError: There is no version.
    """
    version = PublishedVersion(path)
    if version.saved_model_path.is_file():
        return version
    numbers = versions(path)
    if not numbers:
        raise UserError(
            f"There is no published model in {path}. Give a model folder, or a version in it such as model/1."
        )
    stable = read_labels(path).get(STABLE)
    return PublishedVersion(path / str(stable if stable in numbers else numbers[-1]))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is missing or damaged. {REPUBLISH}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} is damaged. {REPUBLISH}")
    return content
