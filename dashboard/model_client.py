"""The client of the model server: TensorFlow Serving's REST API, and nothing else of it.

Its errors are in `dashboard.model_errors`.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import starmap
from typing import Any, Self

import numpy as np
import requests
from numpy.typing import NDArray

from dashboard import request_id
from dashboard.model_errors import (
    BadAnswer,
    Busy,
    Failed,
    ModelServerError,
    NotReachable,
    Refused,
    TooSlow,
    UnknownModel,
)


@dataclass(frozen=True)
class Timeout:
    """How long to wait, in seconds.

    Attributes:
        connect: For the connection to stand.
        read: For the answer to begin, once it stands.
    """

    connect: float = 2.0
    read: float = 30.0

    def within(self, seconds: float) -> "Timeout":
        """The same, but both together no longer than some seconds."""
        connect = min(self.connect, seconds / 2)
        return Timeout(connect, min(self.read, seconds - connect))


@dataclass(frozen=True)
class Status:
    """The state of a model on the server.

    Attributes:
        version: The newest version that answers, or else the newest that is on its way; None if unknown.
        state: As the server says: `START`, `LOADING`, `AVAILABLE`, `UNLOADING` or `END`.
    """

    version: str | None
    state: str

    @property
    def ready(self) -> bool:
        """Whether a version answers requests."""
        return self.state == "AVAILABLE"


@dataclass(frozen=True, eq=False)
class ClassExplanation:
    """What the model says of one class.

    Attributes:
        label: The class.
        index: Its place among the model's classes.
        probability: Its probability, 0..1.
        contributions: float32 [h, w]: how much each part of the photo speaks for (+) or against (-) the class.
            The cells and the bias sum to the logit.
    """

    label: str
    index: int
    probability: float
    contributions: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What the model says of one photo.

    Attributes:
        classes: The K most likely classes, most likely first.
        asked: The class that was asked for, if one was.
        map_extent: Top, left, bottom and right of the area that the h by w cells divide evenly, as shares of
            the photo's height and width; it may reach beyond the photo.
        makes: Probabilities of makes, most likely first.
    """

    classes: tuple[ClassExplanation, ...]
    asked: ClassExplanation | None
    map_extent: tuple[float, float, float, float]
    makes: tuple[tuple[str, float], ...]


class ModelClient:
    """Asks one model on one server. Use it as a context manager, or call `close`.

    Args:
        url: The server's address, such as `http://localhost:8501`.
        model_name: The model's name there.
        timeout: How long to wait for it.
    """

    def __init__(self, url: str, model_name: str, timeout: Timeout | None = None):
        self.url = url
        self.model_name = model_name
        self.timeout = timeout or Timeout()
        self._session = requests.Session()
        # The model server is a neighbour: a proxy set for the outside world must not get between.
        self._session.trust_env = False
        # A kept connection may be gone when it is needed, after a restart say; a new one costs little.
        self._session.headers["Connection"] = "close"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that were kept open."""
        self._session.close()

    def status(self, seconds: float | None = None) -> Status:
        """The model's version and state.

        Args:
            seconds: The longest to wait, if less than the client's own timeout.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_errors`.
        """
        answer, request = self._ask("GET", "", seconds=seconds)
        try:
            versions = [(int(entry["version"]), str(entry["state"])) for entry in answer["model_version_status"]]
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer(_not_a_model_server(self.url), request) from error
        if not versions:
            return Status(None, "START")
        available = [entry for entry in versions if entry[1] == "AVAILABLE"]
        version, state = max(available or versions)
        return Status(str(version), state)

    def explain(
        self,
        photo: bytes,
        class_index: int | None = None,
        version: str | None = None,
        seconds: float | None = None,
    ) -> Explanation:
        """Classifies a photo and says which parts of it speak for each likely class.

        Args:
            photo: A JPEG or PNG file's bytes.
            class_index: A class to explain besides the most likely ones.
            version: Which version to ask, if not the newest.
            seconds: The longest to wait, if less than the client's own timeout.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_errors`.
        """
        instance = {
            "image_bytes": {"b64": base64.b64encode(photo).decode("ascii")},
            "class_index": -1 if class_index is None else class_index,
        }
        verb = ":predict" if version is None else f"/versions/{version}:predict"
        answer, request = self._ask("POST", verb, {"signature_name": "explain", "instances": [instance]}, seconds)
        try:
            return _explanation(answer["predictions"][0], class_index)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise BadAnswer(
                f"The model {self.model_name} answers without an explanation. Export it with this project's "
                "tools, which add the signature that the page needs.",
                request,
            ) from error

    def _ask(
        self, method: str, verb: str, body: Mapping[str, Any] | None = None, seconds: float | None = None
    ) -> tuple[Any, str]:
        address = f"{self.url}/v1/models/{self.model_name}{verb}"
        request = f"{method} {address}"
        timeout = self.timeout if seconds is None else self.timeout.within(seconds)
        limits = (timeout.connect, timeout.read)
        headers = {request_id.HEADER: request_id.current()}
        try:
            response = self._session.request(
                method, address, json=body, headers=headers, timeout=limits, allow_redirects=False
            )
        except requests.ConnectTimeout as error:
            raise NotReachable(_not_reachable(self.url), request) from error
        except requests.Timeout as error:
            raise TooSlow(
                f"The model server took longer than {timeout.read:.3g} seconds. Try again in a moment.",
                request,
            ) from error
        except requests.RequestException as error:
            raise NotReachable(_not_reachable(self.url), request) from error
        try:
            answer = response.json()
        except requests.JSONDecodeError:
            answer = None
        if response.status_code != requests.codes.ok:
            raise self._error(response.status_code, answer, request)
        if not isinstance(answer, dict):
            raise BadAnswer(_not_a_model_server(self.url), request)
        return answer, request

    def _error(self, code: int, answer: object, request: str) -> ModelServerError:
        if not (isinstance(answer, dict) and isinstance(answer.get("error"), str)):
            # Not the shape of the model server's own errors: somebody else answers, such as a proxy.
            if code in (502, 503, 504):
                return NotReachable(_not_reachable(self.url), request)
            return BadAnswer(_not_a_model_server(self.url), request)
        said = " ".join(answer["error"].split())[:300]
        if code == 404:
            return UnknownModel(
                f"The model server has no model named “{self.model_name}” ready. "
                "If it is still starting, wait a moment; otherwise check DASHBOARD_MODEL_NAME.",
                request,
            )
        if code in (429, 503):
            return Busy(f"The model server is busy or starting ({said}). Try again in a moment.", request)
        if code == 504:
            return TooSlow("The model server ran out of time. Try again in a moment.", request)
        if code < 500:
            return Refused(f"The model server did not accept the request: {said}", request)
        return Failed(f"The model server failed: {said}", request)


def _explanation(answer: Mapping[str, Any], asked_index: int | None) -> Explanation:
    labels, probabilities = _with_probabilities(answer["labels"], answer["probabilities"])
    contributions = _finite(answer["contributions"])
    if contributions.ndim != 3 or contributions.shape[0] != len(labels) or contributions.size == 0:
        raise ValueError(f"contributions of shape {contributions.shape} for {len(labels)} classes")
    indices = [int(index) for index in answer["class_indices"]]
    asked = None
    if asked_index is not None:
        asked_labels, asked_probabilities = _with_probabilities([answer["asked_label"]], [answer["asked_probability"]])
        asked_contributions = _finite(answer["asked_contributions"])
        if asked_contributions.shape != contributions.shape[1:]:
            raise ValueError(f"asked_contributions of shape {asked_contributions.shape}")
        asked = ClassExplanation(asked_labels[0], asked_index, asked_probabilities[0], asked_contributions)
    top, left, bottom, right = (float(edge) for edge in answer["map_extent"])
    if not (top < bottom and left < right):
        raise ValueError("a map without an area")
    makes = zip(*_with_probabilities(answer["make_labels"], answer["make_probabilities"]), strict=True)
    return Explanation(
        classes=tuple(starmap(ClassExplanation, zip(labels, indices, probabilities, contributions, strict=True))),
        asked=asked,
        map_extent=(top, left, bottom, right),
        makes=tuple(sorted(makes, key=lambda make: make[1], reverse=True)),
    )


def _finite(numbers: Any) -> NDArray[np.float32]:
    array = np.asarray(numbers, dtype=np.float32)
    if not np.isfinite(array).all():
        raise ValueError("contributions that are not finite")
    return array


def _with_probabilities(labels: Any, probabilities: Any) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Checks that a list of names and their probabilities belong together."""
    names, numbers = tuple(map(str, labels)), tuple(map(float, probabilities))
    if not names or len(names) != len(numbers) or not all(0 <= number <= 1.0001 for number in numbers):
        raise ValueError("no classes, not one probability for each, or one outside 0 to 1")
    return names, numbers


def _not_reachable(url: str) -> str:
    return f"The model server at {url} cannot be reached. Start it, then try again."


def _not_a_model_server(url: str) -> str:
    return f"What answers at {url} is not a model server. Check DASHBOARD_MODEL_SERVER_URL."
