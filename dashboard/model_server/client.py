"""The client of the model server: TensorFlow Serving's REST API, and nothing else of it.

    with ModelClient("http://localhost:8501", "car_classifier") as client:
        client.classify(Path("car.jpg").read_bytes())

It needs nothing else of the dashboard, so it can be used alone. What it gives is in `dashboard.model_server.results`,
its errors are in `dashboard.model_server.errors`, and what is sent again in `dashboard.model_server.requests`.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote

from numpy.typing import NDArray

from dashboard.model_server.errors import BadAnswer, Refused, UnknownModel
from dashboard.model_server.requests import ModelRequests, Timeout, not_a_model_server
from dashboard.model_server.results import (
    ClassExplanation,
    Classification,
    ClassProbability,
    Explanation,
    Metadata,
    Signature,
    Status,
    TensorSpec,
    read_classification,
    read_explanation,
    read_metadata,
    read_status,
)

__all__ = [
    "ClassExplanation",
    "ClassProbability",
    "Classification",
    "Explanation",
    "Metadata",
    "ModelClient",
    "Signature",
    "Status",
    "TensorSpec",
    "Timeout",
]

LABEL_UNKNOWN_SECONDS = 10.0  # how long a label that the server does not know is not asked for again
UNKNOWN_LABEL = "Unrecognized servable version label"  # server_core.cc

logger = logging.getLogger(__name__)


class ModelClient:
    """Asks one model on one server. Use it as a context manager, or call `close`. Threads may share it.

    Args:
        url: The server's address, such as `http://localhost:8501`.
        model_name: The model's name there.
        timeout: How long to wait for it.
        label: Which version to ask, by its label, such as `stable`; the newest one if there is none, or while the
            server does not know the label.
    """

    def __init__(self, url: str, model_name: str, timeout: Timeout | None = None, label: str | None = None):
        self.url = url.rstrip("/")
        self.model_name = model_name
        self.timeout = timeout or Timeout()
        self.label = label or None
        self._requests = ModelRequests(self.url, model_name, self.timeout)
        # Threads may find out at the same time that a label is unknown: then there are two lines in the log.
        self._label_missing = False
        self._label_asked_from = 0.0

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"ModelClient({self.url!r}, {self.model_name!r}{label})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that are open."""
        self._requests.close()

    def status(self, seconds: float | None = None) -> Status:
        """The model's version and state: the label's version if the client has a label, or else the newest one.

        Args:
            seconds: The longest to wait, if less than the client's own timeout.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_server.errors`.
        """
        until = self._until(seconds)
        if self.label is not None:
            # A status request answers for all versions, whatever its label (get_model_status_impl.cc). Metadata name
            # the one that they are of, and there are none of a version that does not answer.
            try:
                return Status(self._metadata(None, until).version, "AVAILABLE")
            except UnknownModel:  # the label is known, and its version is not loaded
                status = self._newest(until)
                return Status(None, "LOADING") if status.ready else status
        return self._newest(until)

    def metadata(self, version: str | None = None, seconds: float | None = None) -> Metadata:
        """What the model can be asked: its signatures, with the names, dtypes and shapes of what they take and give.

        Args:
            version: Which version to ask, if not the client's own.
            seconds: The longest to wait, if less than the client's own timeout.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_server.errors`.
        """
        return self._metadata(version, self._until(seconds))

    def classify(self, photo: bytes, version: str | None = None, seconds: float | None = None) -> Classification:
        """Classifies a photo.

        Args:
            photo: A JPEG or PNG file's bytes.
            version: Which version to ask, if not the client's own.
            seconds: The longest to wait, if less than the client's own timeout.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_server.errors`.
        """
        answer, request = self._predict("classify", [{"image_bytes": photo}], version, seconds)
        with _understood(self._answers_without("a classification"), request):
            return read_classification(answer["predictions"][0])

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
            version: Which version to ask, if not the client's own.
            seconds: The longest to wait, if less than the client's own timeout.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_server.errors`.
        """
        instance = {"image_bytes": photo, "class_index": -1 if class_index is None else class_index}
        answer, request = self._predict("explain", [instance], version, seconds)
        with _understood(self._answers_without("an explanation"), request):
            return read_explanation(answer["predictions"][0], class_index)

    def predict(
        self,
        signature: str,
        instances: Sequence[Any] | NDArray[Any],
        version: str | None = None,
        seconds: float | None = None,
    ) -> list[Any]:
        """Asks any signature, in TensorFlow Serving's row format.

        Args:
            signature: Its name, such as `serving_default`.
            instances: One value for each row, or one mapping of inputs' names to values. Bytes and arrays are taken.
            version: Which version to ask, if not the client's own.
            seconds: The longest to wait, if less than the client's own timeout.

        Returns:
            For each row the output's value or, if there are several outputs, a dict of them; as JSON has it.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_server.errors`.
        """
        answer, request = self._predict(signature, instances, version, seconds)
        with _understood(not_a_model_server(self.url), request):
            return list(answer["predictions"])

    def _until(self, seconds: float | None) -> float:
        return time.monotonic() + (self.timeout.total if seconds is None else min(seconds, self.timeout.total))

    def _newest(self, until: float) -> Status:
        answer, request = self._requests.ask("GET", "", until)
        with _understood(not_a_model_server(self.url), request):
            return read_status(answer)

    def _metadata(self, version: str | None, until: float) -> Metadata:
        answer, request = self._ask("GET", "/metadata", version, until)
        with _understood(not_a_model_server(self.url), request):
            return read_metadata(answer)

    def _predict(self, signature: str, instances: Any, version: str | None, seconds: float | None) -> tuple[Any, str]:
        body = {"signature_name": signature, "instances": instances}
        return self._ask("POST", ":predict", version, self._until(seconds), body)

    def _ask(
        self, method: str, verb: str, version: str | None, until: float, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, str]:
        """Asks a version, or the label's one, or the newest if the server does not know the label.

        A server that was started without a file of labels knows none, and a dashboard that answers with its newest
        version serves better than one that answers nothing. Each time that is found out costs a request, so it is
        remembered for some seconds; not for good, as labels come and move while everything runs.
        """
        if version is not None:
            return self._requests.ask(method, f"/versions/{quote(version, safe='')}{verb}", until, body)
        if self.label is not None and time.monotonic() >= self._label_asked_from:
            try:
                answer = self._requests.ask(method, f"/labels/{quote(self.label, safe='')}{verb}", until, body)
            except Refused as error:
                if UNKNOWN_LABEL not in str(error):
                    raise
                self._label_asked_from = time.monotonic() + LABEL_UNKNOWN_SECONDS
                if not self._label_missing:
                    logger.warning(
                        "No version of %s has the label %s: the newest one is asked.", self.model_name, self.label
                    )
                self._label_missing = True
            else:
                self._label_missing = False
                return answer
        return self._requests.ask(method, verb, until, body)

    def _answers_without(self, what: str) -> str:
        return (
            f"The model {self.model_name} answers without {what}. Export it with this project's "
            "tools, which add the signature that is needed."
        )


@contextmanager
def _understood(otherwise: str, request: str) -> Iterator[None]:
    """Reads an answer. What cannot be read is a `BadAnswer` with the sentence given."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise BadAnswer(otherwise, request) from error
