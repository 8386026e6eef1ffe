"""TensorFlow Serving's gRPC services: `PredictionService` and `ModelService`.

Which error has which code and text follows its sources: predict_util.cc, get_model_metadata_impl.cc,
get_model_status_impl.cc, model_service_impl.cc and server_core.cc. Importing this module imports TensorFlow.
"""

from __future__ import annotations

from concurrent.futures import CancelledError
from contextlib import ExitStack
from typing import Any

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from car_classifier.errors import UserError
from car_classifier.serving.errors import Code, ServingError, invalid_argument
from car_classifier.serving.grpc.calls import Calls
from car_classifier.serving.grpc.requests import check_spec, fill_spec, model_of, output_names, predict_inputs
from car_classifier.serving.metrics.request_record import RequestRecord
from car_classifier.serving.models import examples
from car_classifier.serving.models.configuration import served_models
from car_classifier.serving.models.repository import ModelRepository
from car_classifier.serving.models.saved_model import DEFAULT_SIGNATURE, SavedModel, Tensors
from car_classifier.serving.models.scheduling import Runner, Scheduler
from car_classifier.serving.models.tensor_protos import fill_proto


def add_services(server: grpc.Server, repository: ModelRepository, scheduler: Scheduler, calls: Calls) -> None:
    """Add the services for a repository's models to a server.

    Args:
        server: not started yet.
        repository: the models; its owner starts and stops it.
        scheduler: runs them.
        calls: counts, logs and ends every call.
    """
    prediction = PredictionService(repository, scheduler, calls)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(repository, calls), server)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]  # generated
    """Runs signatures and describes them; `MultiInference` is not implemented."""

    def __init__(self, repository: ModelRepository, scheduler: Scheduler, calls: Calls) -> None:
        self._repository = repository
        self._runner = Runner(scheduler, calls.metrics)
        self._calls = calls

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run a signature on tensors."""
        return self._calls.answer_counted(
            context, "Predict", request, lambda record: self._predict(request, context, record)
        )

    def Classify(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run a signature on examples; answers classes with scores."""
        return self._calls.answer_counted(
            context, "Classify", request, lambda record: self._run_examples(request, context, record, "classify")
        )

    def Regress(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run a signature on examples; answers numbers."""
        return self._calls.answer_counted(
            context, "Regress", request, lambda record: self._run_examples(request, context, record, "regress")
        )

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Describe the signatures of a version."""
        return self._calls.answer(
            context, "PredictionService/GetModelMetadata", request, lambda _: self._metadata(request)
        )

    def _predict(self, request: Any, context: grpc.ServicerContext, record: RequestRecord) -> Any:
        check_spec(request)
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        with ExitStack() as in_use:
            model = self._use(request, record, in_use)
            if name not in model.signatures:
                raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
            signature = model.signatures[name]
            inputs = predict_inputs(signature, request.inputs)
            names = output_names(signature, request.output_filter)
            outputs = self._run(context, record, in_use, model, name, inputs)
        response = predict_pb2.PredictResponse()
        fill_spec(response.model_spec, request.model_spec.name, record.version, name)
        for output in names:
            fill_proto(response.outputs[output], outputs[output])
        return response

    def _run_examples(
        self, request: Any, context: grpc.ServicerContext, record: RequestRecord, task: examples.Task
    ) -> Any:
        check_spec(request)
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        with ExitStack() as in_use:
            model = self._use(request, record, in_use)
            examples.check_signature(model, name, task)
            inputs = examples.request_inputs(request.input)
            outputs = self._run(context, record, in_use, model, name, inputs)
        count = len(inputs[examples.INPUT])
        if task == "classify":
            response = classification_pb2.ClassificationResponse(result=examples.classification_result(outputs, count))
        else:
            response = regression_pb2.RegressionResponse(result=examples.regression_result(outputs, count))
        fill_spec(response.model_spec, request.model_spec.name, record.version, name)
        return response

    def _metadata(self, request: Any) -> Any:
        check_spec(request)
        if not request.metadata_field:
            raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != "signature_def":
                # The original does not fill in its placeholder either.
                raise invalid_argument(f"Metadata field %s is not supported{field}")
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        described = get_model_metadata_pb2.SignatureDefMap()
        with ExitStack() as in_use:
            number, model = in_use.enter_context(self._repository.use(*model_of(request.model_spec)))
            for name, signature in model.signatures.items():
                described.signature_def[name].CopyFrom(signature)
        fill_spec(response.model_spec, request.model_spec.name, number)
        response.metadata["signature_def"].Pack(described)
        return response

    def _use(self, request: Any, record: RequestRecord, in_use: ExitStack) -> SavedModel:
        """The version that a request asks for, kept loaded by `in_use`."""
        record.version, model = in_use.enter_context(self._repository.use(*model_of(request.model_spec)))
        return model

    def _run(
        self,
        context: grpc.ServicerContext,
        record: RequestRecord,
        in_use: ExitStack,
        model: SavedModel,
        signature_name: str,
        inputs: Tensors,
    ) -> Tensors:
        """The outputs of a signature, unless the client cancels the call or its deadline passes."""
        future = self._runner.start(record, in_use, model, signature_name, inputs)
        if not context.add_callback(future.cancel):  # called when the call ends, however it ends
            future.cancel()
        try:
            return future.result(context.time_remaining())
        except TimeoutError:
            future.cancel()
            message = "The client's deadline passed before the answer was there."
            raise ServingError(Code.DEADLINE_EXCEEDED, message) from None
        except CancelledError:
            raise ServingError(Code.CANCELLED, "The client cancelled the call.") from None


class ModelService(model_service_pb2_grpc.ModelServiceServicer):  # type: ignore[misc]  # generated
    """Reports the state of models, and takes a new list of models to serve."""

    def __init__(self, repository: ModelRepository, calls: Calls) -> None:
        self._repository = repository
        self._calls = calls

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The state of one version, or of all versions of a model; a version label means all, as over REST."""
        return self._calls.answer(context, "ModelService/GetModelStatus", request, lambda _: self._status(request))

    def HandleReloadConfigRequest(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Serve other models; answers as soon as the new ones are available."""
        return self._calls.answer(
            context, "ModelService/HandleReloadConfigRequest", request, lambda _: self._reload(request, context)
        )

    def _status(self, request: Any) -> Any:
        check_spec(request)
        spec = request.model_spec
        number = spec.version.value if spec.HasField("version") else None
        response = get_model_status_pb2.GetModelStatusResponse()
        for status in self._repository.status(spec.name, number):
            line = response.model_version_status.add(
                version=status.version,
                state=get_model_status_pb2.ModelVersionStatus.State.Value(status.state.value),
            )
            code, line.status.error_message = status.code_and_message
            line.status.error_code = code.value
        return response

    def _reload(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        try:
            models = served_models(request.config)
        except UserError as error:
            raise invalid_argument(str(error)) from error
        new = self._repository.reload(models)
        self._repository.wait_until_available(new, context.time_remaining())
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = Code.OK.value
        return response
