"""Canonical error codes: their HTTP status, and their causes."""

import pytest
import tensorflow as tf

from car_classifier.serving.errors import Code, from_tensorflow


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (200, "OK"),
        (400, "INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (409, "ALREADY_EXISTS ABORTED"),
        (429, "RESOURCE_EXHAUSTED"),
        (499, "CANCELLED"),
        (500, "INTERNAL UNKNOWN DATA_LOSS"),
        (501, "UNIMPLEMENTED"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_every_code_has_the_http_status_of_tensorflow_serving(status, codes):
    assert {code.name for code in Code if code.http_status == status} == set(codes.split())


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK], ids=lambda code: code.name)
def test_an_error_of_tensorflow_keeps_its_code_and_text(code):
    served = from_tensorflow(tf.errors.OpError(None, None, "so it was", code.value))
    assert (served.code, served.message) == (code, "so it was")
