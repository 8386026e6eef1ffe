"""Warm-up requests stored with a version."""

import re
import shutil

import pytest
from tensorflow_serving.apis import classification_pb2, regression_pb2

from car_classifier.registry.published_version import PublishedVersion
from car_classifier.serving.errors import Code, ServingError
from car_classifier.serving.models.saved_model import SavedModel
from car_classifier.serving.models.warmup import warm_up
from tests.support import saved_models as models


@pytest.fixture
def folder(half_plus, tmp_path):
    return shutil.copytree(half_plus / "1", tmp_path / "1")


@pytest.fixture
def model(folder):
    model = SavedModel(folder)
    yield model
    model.close()


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_every_record_is_run(model, folder, count):
    models.write_warmup(folder, [models.warmup_record([1.0, 2.0])] * count)
    assert warm_up(model, folder) == count


@pytest.mark.parametrize(
    ("log", "request_type", "signature"),
    [
        ("classify_log", classification_pb2.ClassificationRequest, ""),
        ("regress_log", regression_pb2.RegressionRequest, "regress"),
    ],
)
def test_records_of_examples_are_run(tmp_path, log, request_type, signature):
    folder = models.save_examples(tmp_path / "1")
    model = SavedModel(folder)
    good, unfit = (models.prediction_log_pb2.PredictionLog() for _ in range(2))
    getattr(good, log).request.CopyFrom(models.examples_request(request_type, [0.25], signature))
    getattr(unfit, log).request.CopyFrom(models.examples_request(request_type, [], signature))
    models.write_warmup(folder, [good.SerializeToString()] * 2)
    assert warm_up(model, folder) == 2
    models.write_warmup(folder, [unfit.SerializeToString()])
    with pytest.raises(ServingError, match=re.escape("Input is empty.")):
        warm_up(model, folder)
    model.close()


def test_a_version_without_warmup_is_fine(model, folder):
    assert warm_up(model, folder) == 0


@pytest.mark.parametrize(
    ("records", "code", "message"),
    [
        ([models.warmup_record([1.0])] * 1001, Code.INVALID_ARGUMENT, "exceeds the maximum (1000)"),
        ([models.prediction_log_pb2.PredictionLog().SerializeToString()], Code.UNIMPLEMENTED, "log_type"),
    ],
)
def test_records_that_fail_the_load(model, folder, records, code, message):
    models.write_warmup(folder, records)
    with pytest.raises(ServingError) as caught:
        warm_up(model, folder)
    assert caught.value.code is code
    assert message in caught.value.message


def test_a_file_that_holds_no_records_fails_the_load(model, folder):
    path = PublishedVersion(folder).warmup_path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"these are no records, though there are enough bytes for one")
    with pytest.raises(ServingError, match="verify your warmup data is in TFRecord format") as caught:
        warm_up(model, folder)
    assert caught.value.code is Code.DATA_LOSS
