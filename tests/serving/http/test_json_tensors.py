"""Rules of JSON requests and answers that the recorded answers do not cover."""

import numpy as np
import pytest
import tensorflow as tf

from car_classifier.serving.errors import Code, ServingError
from car_classifier.serving.http.json_responses import write_outputs
from car_classifier.serving.http.json_tensors import read_inputs
from car_classifier.serving.http.json_text import float_literals, parse_object, pretty


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"  ", "The document is empty. at offset: 2"),
        (b'{"a" 1}', "Missing a colon after a name of object member. at offset: 5"),
        (b'{"a": 1,}', "Missing a name for object member."),
        (b'{"a": [1 2]}', "Missing a comma or ']' after an array element. at offset: 9"),
        (b'{"[": {"a": "{"} "b"}', "Missing a comma or '}' after an object member. at offset: 17"),
        (b'{"\xc3\xa9\xff" 1}', "Missing a colon after a name of object member. at offset: 7"),
        (b'{"a": nope}', "Invalid value. at offset: 6"),
        (b'{"a": "b', "Missing a closing quotation mark in string."),
        (b'{"a": "\\q"}', "Invalid escape character in string."),
        (b'{"a": "\\u12"}', "Incorrect hex digit after \\u escape in string."),
        (b'{"a": "\n"}', "Invalid encoding in string."),
        (b'{"a": ' + b"[" * 100_000, "The document is nested too deeply."),
        (b'{"a": ' + b"1" * 5000 + b"}", "Number too big to be stored in double."),
    ],
)
def test_what_is_no_json(body, message):
    with pytest.raises(ServingError) as caught:
        parse_object(body)
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert caught.value.message.startswith(f"JSON Parse error: {message}")


def test_a_byte_order_mark_and_white_space_come_before_json():
    assert parse_object(b'\xef\xbb\xbf \n{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("value", "dtype", "literal"),
    [
        (0.1, np.float32, "0.1"),
        (3, np.float32, "3.0"),
        (-0.0, np.float32, "-0.0"),
        (1 / 3, np.float32, "0.333333343"),
        (1 / 3, np.float64, "0.33333333333333331"),
        (9_000_000, np.float32, "9e+06"),
        (16_777_216, np.float32, "16777216.0"),
        (1e-7, np.float32, "1e-07"),
        (np.nan, np.float32, "NaN"),
        (-np.inf, np.float64, "-Infinity"),
    ],
)
def test_float_literals(value, dtype, literal):
    assert float_literals(np.array([value], dtype)) == [literal]


def test_pretty_print_of_a_document():
    document = {"a": [1, {"b": None}], "c": {}, "d": 'q"é'}
    assert pretty(document) == (
        '{\n    "a": [1, {\n            "b": null\n        }],\n    "c": {},\n    "d": "q\\"é"\n}'
    )


def spec(dtype):
    """The inputs of a signature with one input `x`, as a SavedModel describes them."""
    proto = tf.compat.v1.MetaGraphDef().signature_def["s"].inputs["x"]
    proto.dtype = tf.as_dtype(dtype).as_datatype_enum
    return {"x": proto}


@pytest.mark.parametrize(
    ("document", "dtype", "expected"),
    [
        ({"instances": [[1, 2.5], [3, 4]]}, "float32", [[1.0, 2.5], [3.0, 4.0]]),
        ({"instances": [{"x": [[1]]}]}, "float64", [[[1.0]]]),
        ({"inputs": [[], []]}, "float32", [[], []]),
        ({"instances": [18446744073709551615]}, "uint64", [18446744073709551615]),
        ({"instances": [-9223372036854775808]}, "int64", [-9223372036854775808]),
        ({"instances": [4294967295]}, "uint32", [4294967295]),
        ({"instances": [[0, 255]]}, "uint8", [[0, 255]]),
        ({"instances": [300]}, "uint8", [44]),
        ({"instances": [True, False]}, "bool", [True, False]),
        ({"inputs": {"b64": "aGk="}}, "string", b"hi"),
        ({"instances": [{"b64": "a\nGk"}]}, "string", [b"hi"]),
        ({"instances": [[10**30]]}, "float32", [[np.float32(1e30)]]),
    ],
)
def test_values_become_tensors(document, dtype, expected):
    tensors, _ = read_inputs(document, spec(dtype))
    assert tensors["x"].tolist() == expected
    assert tensors["x"].dtype == (object if dtype == "string" else np.dtype(dtype))


@pytest.mark.parametrize(
    ("document", "dtype", "message"),
    [
        ({"inputs": [[1.0], 2.0]}, "float32", "JSON Value: 2.0 found at incorrect level: 2 in the JSON DOM."),
        ({"inputs": [1.0, [2.0]]}, "float32", "Encountered list at unexpected level: 1 expected < 1"),
        (
            {"inputs": [[1], [1, 2]]},
            "float32",
            "Encountered list at unexpected size: 2 at level: 1 expected size: 1",
        ),
        ({"instances": [[[1], [2]], [[1, 2]]]}, "float32", "Expecting shape [2,1] but got: [1,2]"),
        (
            {"instances": [1.0, {"x": 1.0}]},
            "float32",
            "Expecting value/list but got object at item 1 of input list",
        ),
        ({"inputs": [1, 2, True, 4]}, "int32", "JSON Value: true Type: True is not of expected type: int32"),
        ({"inputs": [0, -1]}, "uint64", "JSON Value: -1 Type: Number is not of expected type: uint64"),
        ({"inputs": [1]}, "bool", "JSON Value: 1 Type: Number is not of expected type: bool"),
        ({"inputs": [{"b64": "a*"}]}, "string", "Unable to base64 decode"),
        ({"inputs": [{"b64": "aGkaa"}]}, "string", "Unable to base64 decode"),
        ({"inputs": ["\ud800"]}, "string", "JSON Parse error: The surrogate pair in string is invalid."),
        ({"inputs": [10**400]}, "float32", "JSON Parse error: Number too big"),
    ],
)
def test_values_that_do_not_fit(document, dtype, message):
    with pytest.raises(ServingError) as caught:
        read_inputs(document, spec(dtype))
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert message in caught.value.message


def test_a_type_that_json_cannot_carry():
    with pytest.raises(ServingError, match="Conversion of JSON Value: 1.0 to type: complex64") as caught:
        read_inputs({"inputs": 1.0}, spec("complex64"))
    assert caught.value.code is Code.UNIMPLEMENTED


def test_a_long_list_is_read_as_its_elements_are():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((2, 64, 64, 3)).astype(np.float32)
    tensors, request_format = read_inputs({"instances": images.tolist()}, spec("float32"))
    assert request_format == "row"
    np.testing.assert_array_equal(tensors["x"], images)


@pytest.mark.parametrize(
    ("outputs", "request_format", "text"),
    [
        ({"y": np.float32([[1, 2], [3, 4]])}, "row", "[[1.0, 2.0], [3.0, 4.0]\n    ]"),
        ({"y": np.zeros([2, 0], np.float32)}, "row", "[[], []\n    ]"),
        ({"y": np.zeros([0, 2], np.float32)}, "row", "[]"),
        ({"y": np.int64([[5]])}, "columnar", "[\n        [\n            5\n        ]\n    ]"),
        ({"y": np.array(b'"\xc3\xa9', object)}, "columnar", '"\\"é"'),
        ({"y_bytes": np.array([b"\x00"], object)}, "row", '[{"b64": "AA=="}\n    ]'),
    ],
)
def test_tensors_become_json(outputs, request_format, text):
    key = {"row": "predictions", "columnar": "outputs"}[request_format]
    assert write_outputs(outputs, request_format) == f'{{\n    "{key}": {text}\n}}'


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"a": np.zeros(2), "b": np.zeros(3)}, "Tensor name: b has inconsistent batch size: 3 expecting: 2"),
        ({"a": np.zeros(1, np.complex64)}, "Failed to write JSON value for tensor type: complex64"),
    ],
)
def test_tensors_that_do_not_fit_json(outputs, message):
    with pytest.raises(ServingError, match=message):
        write_outputs(outputs, "row")
