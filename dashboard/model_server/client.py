"""Client of a model server that speaks TensorFlow Serving's REST API.

    with ModelClient("http://localhost:8501", "car_classifier") as client:
        client.classify(Path("car.jpg").read_bytes())

It needs nothing else of the dashboard, so it can be used alone. Its results are defined in
`dashboard.model_server.results`, its errors in `dashboard.model_server.errors`; `dashboard.model_server.transport` says
which requests are sent again.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote

from numpy.typing import NDArray

from dashboard.model_server.errors import BadAnswer, Refused, UnknownModel
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
from dashboard.model_server.transport import ModelRequests, Timeout, not_a_model_server

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

LABEL_UNKNOWN_SECONDS = 10.0  # pause before a version label that the server did not know is tried again
UNKNOWN_LABEL = "Unrecognized servable version label"  # server_core.cc

logger = logging.getLogger(__name__)


class ModelClient:
    """Asks one model on one server. Use it as a context manager, or call `close`. Threads may share it.

    Args:
        url: The server's address, such as `http://localhost:8501`.
        model_name: The model's name there.
        timeout: How long to wait for an answer.
        version_label: TensorFlow Serving's label of the version to ask, such as `stable`. Without one, and while the
            server does not know it, the newest version is asked.
    """

    def __init__(self, url: str, model_name: str, timeout: Timeout | None = None, version_label: str | None = None):
        self.url = url.rstrip("/")
        self.model_name = model_name
        self.timeout = timeout or Timeout()
        self.version_label = version_label or None
        self._requests = ModelRequests(self.url, model_name, self.timeout)
        # Threads that find the label unknown at the same moment both log it.
        self._label_missing = False
        self._label_retry_time = 0.0

    def __repr__(self) -> str:
        label = f", version_label={self.version_label!r}" if self.version_label else ""
        return f"ModelClient({self.url!r}, {self.model_name!r}{label})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes open connections."""
        self._requests.close()

    def status(self, seconds: float | None = None) -> Status:
        """Asks for the version and state of the model: of the version with the client's label, or else of the newest.

        Args:
            seconds: Longest wait, if shorter than the client's own timeout.

        Raises:
            ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        """
        until = self._until(seconds)
        if self.version_label is not None:
            # A status request reports all versions and ignores the label (get_model_status_impl.cc). Metadata name
            # their version, and only a version that answers requests has any.
            try:
                return Status(self._metadata(None, until).version, "AVAILABLE")
            except UnknownModel:  # the server knows the label, but has not loaded its version
                status = self._newest(until)
                return Status(None, "LOADING") if status.ready else status
        return self._newest(until)

    def metadata(self, version: str | None = None, seconds: float | None = None) -> Metadata:
        """Asks for the model's signatures, with the names, dtypes and shapes of their inputs and outputs.

        Args:
            version: The version to ask, if not the client's own.
            seconds: Longest wait, if shorter than the client's own timeout.

        Raises:
            ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        """
        return self._metadata(version, self._until(seconds))

    def classify(self, photo: bytes, version: str | None = None, seconds: float | None = None) -> Classification:
        """Classifies a photo.

        Args:
            photo: A JPEG or PNG file's bytes.
            version: The version to ask, if not the client's own.
            seconds: Longest wait, if shorter than the client's own timeout.

        Raises:
            ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        """
        answer, request = self._predict("classify", [{"image_bytes": photo}], version, seconds)
        with _bad_answer_if_unreadable(self._answers_without("a classification"), request):
            return read_classification(answer["predictions"][0])

    def explain(
        self,
        photo: bytes,
        class_index: int | None = None,
        version: str | None = None,
        seconds: float | None = None,
    ) -> Explanation:
        """Classifies a photo and explains which parts of it speak for each likely class.

        Args:
            photo: A JPEG or PNG file's bytes.
            class_index: A class to explain besides the most likely ones.
            version: The version to ask, if not the client's own.
            seconds: Longest wait, if shorter than the client's own timeout.

        Raises:
            ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        """
        instance = {"image_bytes": photo, "class_index": -1 if class_index is None else class_index}
        answer, request = self._predict("explain", [instance], version, seconds)
        with _bad_answer_if_unreadable(self._answers_without("an explanation"), request):
            return read_explanation(answer["predictions"][0], class_index)

    def predict(
        self,
        signature: str,
        instances: Sequence[Any] | NDArray[Any],
        version: str | None = None,
        seconds: float | None = None,
    ) -> list[Any]:
        """Calls any signature, in TensorFlow Serving's row format.

        Args:
            signature: Its name, such as `serving_default`.
            instances: One value for each row, or one mapping of input names to values. Values may be bytes and arrays.
            version: The version to ask, if not the client's own.
            seconds: Longest wait, if shorter than the client's own timeout.

        Returns:
            For each row, the output's value as JSON holds it; a dict by output name if there are several outputs.

        Raises:
            ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        """
        answer, request = self._predict(signature, instances, version, seconds)
        with _bad_answer_if_unreadable(not_a_model_server(self.url), request):
            return list(answer["predictions"])

    def _until(self, seconds: float | None) -> float:
        return time.monotonic() + (self.timeout.total if seconds is None else min(seconds, self.timeout.total))

    def _newest(self, until: float) -> Status:
        answer, request = self._requests.ask("GET", "", until)
        with _bad_answer_if_unreadable(not_a_model_server(self.url), request):
            return read_status(answer)

    def _metadata(self, version: str | None, until: float) -> Metadata:
        answer, request = self._ask("GET", "/metadata", version, until)
        with _bad_answer_if_unreadable(not_a_model_server(self.url), request):
            return read_metadata(answer)

    def _predict(self, signature: str, instances: Any, version: str | None, seconds: float | None) -> tuple[Any, str]:
        body = {"signature_name": signature, "instances": instances}
        return self._ask("POST", ":predict", version, self._until(seconds), body)

    def _ask(
        self, method: str, verb: str, version: str | None, until: float, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, str]:
        """Asks the given version, or the labelled one, or the newest if the server does not know the label.

        A server that was started without version labels knows none. A dashboard that answers with the newest version
        is more use than one that does not answer. Each failed attempt costs a request, so the client remembers it for
        some seconds; not for good, because labels are added and moved while the server runs.
        """
        if version is not None:
            return self._requests.ask(method, f"/versions/{quote(version, safe='')}{verb}", until, body)
        if self.version_label is not None and time.monotonic() >= self._label_retry_time:
            try:
                answer = self._requests.ask(method, f"/labels/{quote(self.version_label, safe='')}{verb}", until, body)
            except Refused as error:
                if UNKNOWN_LABEL not in str(error):
                    raise
                self._label_retry_time = time.monotonic() + LABEL_UNKNOWN_SECONDS
                if not self._label_missing:
                    logger.warning(
                        "No version of %s has the label %s: asking the newest.", self.model_name, self.version_label
                    )
                self._label_missing = True
            else:
                self._label_missing = False
                return answer
        return self._requests.ask(method, verb, until, body)

    def _answers_without(self, content: str) -> str:
        return (
            f"The model {self.model_name} answers without {content}. Export it with this project's "
            "tools, which add the signature that is needed."
        )


@contextmanager
def _bad_answer_if_unreadable(message: str, request: str) -> Iterator[None]:
    """Turns the errors of reading an answer into a `BadAnswer`."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise BadAnswer(message, request) from error
