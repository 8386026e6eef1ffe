"""Every gRPC call is counted and logged here, and a failure ends it with a code and a text."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from car_classifier.serving.errors import Code, ServingError
from car_classifier.serving.metrics.registry import Metrics
from car_classifier.serving.metrics.request_log import REQUEST_ID_HEADER, RequestLog, request_id
from car_classifier.serving.metrics.request_record import RequestRecord
from car_classifier.serving.models.repository import ModelRepository

logger = logging.getLogger(__name__)

# Longer texts are cut, as in grpc_status_util.cc, because they travel in a header.
_LONGEST_TEXT = 1024
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
_ID_KEY = REQUEST_ID_HEADER.lower()

Answer = TypeVar("Answer")


class Calls:
    """Answers calls.

    Args:
        repository: knows which models are served.
        metrics: counts calls.
        log: gets a line for each call.
    """

    def __init__(self, repository: ModelRepository, metrics: Metrics, log: RequestLog) -> None:
        self._repository = repository
        self.metrics = metrics
        self._log = log

    def answer(
        self, context: grpc.ServicerContext, method: str, request: Any, make: Callable[[RequestRecord], Answer]
    ) -> Answer:
        """The answer that a function makes; its failure ends the call.

        Args:
            context: the call's.
            method: such as `PredictionService/Predict`.
            request: the message.
            make: makes the answer, and fills in the record.
        """
        begin, code = time.perf_counter(), Code.OK
        client_id = dict(context.invocation_metadata()).get(_ID_KEY)
        record = RequestRecord(request_id(client_id), "POST", f"/tensorflow.serving.{method}", "GRPC")
        if "model_spec" in request.DESCRIPTOR.fields_by_name:
            record.model = self._repository.served_name(request.model_spec.name)
        context.send_initial_metadata(((_ID_KEY, record.request_id),))
        try:
            return make(record)
        except ServingError as error:
            code, record.error = error.code, error.message
        except Exception as error:
            logger.exception("A gRPC call failed")
            code, record.error = Code.INTERNAL, f"{type(error).__name__}: {error}"
        finally:
            self._log.write(record, code.name, time.perf_counter() - begin)
        context.abort(_STATUS_CODES[code.value], _cut(record.error))
        raise AssertionError("abort raises")

    def answer_counted(
        self, context: grpc.ServicerContext, api: str, request: Any, make: Callable[[RequestRecord], Answer]
    ) -> Answer:
        """Like `answer`, for calls that run a model: the only ones that `prediction_service_impl.cc` counts.

        Args:
            context: the call's.
            api: the method of `PredictionService`.
            request: the message.
            make: makes the answer, and fills in the record.
        """

        def make_counted(record: RequestRecord) -> Answer:
            record.api = api
            with self.metrics.request(record):
                return make(record)

        return self.answer(context, f"PredictionService/{api}", request, make_counted)


def _cut(message: str) -> str:
    text = message.encode("utf-8", "replace")
    if len(text) <= _LONGEST_TEXT:
        return message
    return text[:_LONGEST_TEXT].decode("utf-8", "ignore") + "...TRUNCATED"
