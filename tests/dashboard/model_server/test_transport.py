"""The client repeats a request where that is safe, at most twice, and within the time limit."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from dashboard.model_server import errors as model_errors
from dashboard.model_server import transport
from dashboard.model_server.client import ModelClient, Timeout
from tests.support.local_model_server import LocalModelServer, local_model_server

AT_ONCE = 5.0  # seconds: far more than it takes, far less than the time limits


@pytest.fixture
def server() -> Iterator[LocalModelServer]:
    with local_model_server() as server:
        yield server


@pytest.fixture
def client(server) -> Iterator[ModelClient]:
    with ModelClient(server.url, "good") as client:
        yield client


@pytest.fixture
def impatient_client(server) -> Iterator[ModelClient]:
    with ModelClient(server.url, "good", Timeout(connect=2, read=0.3)) as client:
        yield client


@pytest.mark.parametrize(
    "troubles",
    [
        ["reset"],
        ["hang up"],
        ["status-429"],
        ["status-503"],
        ["status-503-html"],
        ["reset", "hang up"],
        ["status-503", "reset"],
    ],
)
def test_what_the_server_did_not_take_is_sent_again(server, client, photo, troubles):
    server.troubles = list(troubles)
    assert client.explain(photo).classes[0].label == "Aurelio_Vela"
    assert server.asked == ["POST /v1/models/good:predict"] * (len(troubles) + 1)
    assert len(set(server.request_ids)) == 1, "it is one request in both logs"
    assert all(body == server.bodies[0] for body in server.bodies)


@pytest.mark.parametrize(
    ("trouble", "kind", "requests"),
    [
        ("reset", model_errors.NotReachable, 3),
        ("hang up", model_errors.NotReachable, 3),
        ("status-429", model_errors.Busy, 3),
        ("status-503", model_errors.Busy, 3),
        ("status-503-html", model_errors.NotReachable, 3),
        ("half", model_errors.NotReachable, 1),
        ("wait", model_errors.TooSlow, 1),
        ("stall", model_errors.TooSlow, 1),
        ("status-400", model_errors.Refused, 1),
        ("status-404", model_errors.UnknownModel, 1),
        ("status-500", model_errors.Failed, 1),
        ("status-502-html", model_errors.NotReachable, 1),
        ("status-504", model_errors.TooSlow, 1),
        ("not-json", model_errors.BadAnswer, 1),
    ],
)
@pytest.mark.parametrize("ask", ["classify", "status"])
def test_it_is_sent_three_times_at_most_and_once_where_it_may_have_been_taken(
    server, client, impatient_client, photo, trouble, kind, requests, ask
):
    server.troubles = [trouble] * 9
    if trouble in ("wait", "stall"):
        client = impatient_client
    with pytest.raises(kind):
        client.classify(photo) if ask == "classify" else client.status()
    assert len(server.asked) == requests


def test_an_answer_that_stops_halfway_took_too_long(server, impatient_client, photo):
    server.troubles = ["stall"]
    with pytest.raises(model_errors.TooSlow, match="longer than 0.3 seconds"):
        impatient_client.classify(photo)


def test_a_server_that_just_starts_is_found(closed_url, photo, caplog):
    port = int(closed_url.rpartition(":")[2])
    with ExitStack() as stack, ModelClient(closed_url, "good") as client:

        class Start(logging.Handler):
            def emit(self, _: logging.LogRecord) -> None:
                transport.logger.removeHandler(self)
                stack.enter_context(local_model_server(port))

        caplog.set_level(logging.INFO, transport.logger.name)
        transport.logger.addHandler(Start())
        assert client.classify(photo).classes[0].label == "Aurelio_Vela"


def test_a_server_that_is_away_costs_little_time(closed_url, photo, caplog):
    caplog.set_level(logging.INFO, transport.logger.name)
    start = time.monotonic()
    with ModelClient(closed_url, "good") as client, pytest.raises(model_errors.NotReachable):
        client.classify(photo)
    assert time.monotonic() - start < AT_ONCE
    assert [record.message.partition(":")[0] for record in caplog.records] == ["POST http"] * 2


def test_a_certificate_that_is_wrong_stays_wrong(server, photo, caplog):
    caplog.set_level(logging.INFO, transport.logger.name)
    with ModelClient(server.url.replace("http:", "https:"), "good") as client:
        with pytest.raises(model_errors.NotReachable):
            client.classify(photo)
    assert caplog.records == []


def test_a_request_that_is_not_taken_in_is_too_slow_and_not_sent_again(closed_url):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with ModelClient(url, "good", Timeout(connect=0.2, read=10)) as client:
            with pytest.raises(model_errors.TooSlow, match="only a part of the request"):
                client.classify(bytes(20_000_000))
        deaf.setblocking(False)
        deaf.accept()[0].close()
        with pytest.raises(BlockingIOError):
            deaf.accept()


@pytest.mark.parametrize(("wanted", "waited"), [("1", 1.0), ("0", 0.0), ("soon", 0.0), (None, 0.0)])
def test_a_busy_server_is_left_alone_for_as_long_as_it_wants(server, photo, wanted, waited):
    server.troubles, server.retry_after = ["status-503"], wanted
    with ModelClient(server.url, "good") as client:
        client.classify(photo)
    assert len(server.asked) == 2
    assert waited < server.asked_at[1] - server.asked_at[0] < waited + AT_ONCE


def test_a_longer_retry_after_than_the_time_left_raises_the_error_at_once(server, photo):
    server.troubles, server.retry_after = ["status-503"] * 9, "20"
    start = time.monotonic()
    with ModelClient(server.url, "good") as client, pytest.raises(model_errors.Busy):
        client.classify(photo)
    assert len(server.asked) == 1
    assert time.monotonic() - start < AT_ONCE


@pytest.mark.parametrize(
    ("troubles", "kind", "requests"),
    [
        (["reset", "wait"], model_errors.TooSlow, 2),
        (["wait"], model_errors.TooSlow, 1),
        (["status-503"] * 9, model_errors.Busy, None),
    ],
)
def test_all_attempts_together_take_no_longer_than_the_caller_will_wait(server, photo, troubles, kind, requests):
    server.troubles = list(troubles)
    start = time.monotonic()
    with ModelClient(server.url, "good") as client, pytest.raises(kind):
        client.classify(photo, seconds=0.5)
    assert time.monotonic() - start < AT_ONCE
    assert requests in (None, len(server.asked))


def test_without_any_time_nothing_is_asked(server, client, photo):
    with pytest.raises(model_errors.TooSlow):
        client.classify(photo, seconds=0)
    assert server.asked == []


def test_an_error_that_was_being_handled_is_not_taken_for_its_cause(server, client, photo):
    server.troubles = ["reset"]
    try:
        raise TimeoutError("of something else")
    except TimeoutError:
        assert client.classify(photo).classes
