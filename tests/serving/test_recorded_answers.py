"""The server gives every answer that was recorded from TensorFlow Serving."""

import gzip
import json
import math
from pathlib import Path

import pytest
import requests

RECORDED = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text(encoding="utf-8"))


def same(a, b) -> bool:
    """Equal JSON, NaN equal to itself, True not equal to 1, 1 not equal to 1.0."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and a == b


def has_several_keys(value) -> bool:
    """Whether the text may differ by the order of keys, which the original does not promise."""
    if isinstance(value, list):
        return any(map(has_several_keys, value))
    return isinstance(value, dict) and (len(value) > 1 or any(map(has_several_keys, value.values())))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded["name"])
def test_recorded_answer(server_url, recorded):
    body = recorded.get("body", "").encode()
    if "body_gzip_of" in recorded:
        body = gzip.compress(recorded["body_gzip_of"].encode())
    # A prepared request, so that the path reaches the server as it is written.
    request = requests.Request(recorded["method"], server_url, headers=recorded.get("headers", {}), data=body)
    prepared = request.prepare()
    prepared.url = server_url + recorded["path"]
    with requests.Session() as session:
        answer = session.send(prepared, timeout=30)

    assert (answer.status_code, answer.headers["content-type"]) == (
        recorded["status"],
        recorded["content_type"],
    )
    if "json" not in recorded:
        assert answer.text == recorded["text"]
        return
    expected, got = recorded["json"], answer.json()
    if "SignatureDef" in expected.get("error", ""):
        # A message's text form names its build and is promised to vary.
        expected, got = expected["error"].split(":")[0], got["error"].split(":")[0]
    assert same(got, expected), answer.text
    if "text" in recorded and not has_several_keys(expected):
        assert answer.text == recorded["text"]


def test_all_84_are_there():
    assert len(RECORDED) == 84
