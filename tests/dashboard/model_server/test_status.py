"""The cached status of the model server: one request for many visitors, and no long wait."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.model_server import errors as model_errors
from dashboard.model_server import status as model_watch
from dashboard.model_server.client import ModelClient, Status, Timeout
from dashboard.model_server.status import ModelWatch
from tests.support.local_model_server import LocalModelServer, local_model_server

READY = Status("3", "AVAILABLE")


@pytest.fixture
def server() -> Iterator[LocalModelServer]:
    """A server whose model `slow` reports its state only after `release`."""
    with local_model_server() as server:
        yield server


@pytest.fixture
def nothing_stays_fresh(monkeypatch) -> None:
    monkeypatch.setattr(model_watch, "FRESH_SECONDS", 0)


def watch_of(server: LocalModelServer, read: float = 10) -> ModelWatch:
    return ModelWatch(ModelClient(server.url, "slow", Timeout(connect=2, read=read)))


def test_many_who_want_to_know_are_one_request(server):
    watch = watch_of(server)
    threading.Timer(0.2, server.release.set).start()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: watch.status(), range(8))) == [READY] * 8
    assert watch.version() == "3"
    assert server.status_requests == 1


def test_while_one_caller_waits_the_others_get_the_last_status(server, nothing_stays_fresh):
    watch = watch_of(server)
    server.release.set()
    watch.status()
    server.release.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.status)
        while server.status_requests < 2:
            time.sleep(0.01)
        assert [watch.status(patience=0) for _ in range(20)] == [READY] * 20
        assert not waiting.done()
        server.release.set()
        assert waiting.result() == READY
    assert server.status_requests == 2


def test_an_impatient_caller_hears_that_it_is_slow_and_the_next_one_gets_the_status(server):
    watch = watch_of(server)
    with pytest.raises(model_errors.TooSlow, match=r"longer than 0\.1 seconds"):
        watch.status(patience=0.1)
    server.release.set()
    assert watch.status() == READY
    assert server.status_requests == 1


def test_a_slow_server_has_the_version_that_it_had_and_answers_do_not_wait_for_it(server, nothing_stays_fresh):
    watch = watch_of(server, read=0.2)
    server.release.set()
    assert watch.version() == "3"
    server.release.clear()
    with pytest.raises(model_errors.TooSlow):
        watch.status()
    assert [watch.version() for _ in range(5)] == ["3"] * 5
    assert server.status_requests == 2


def test_a_version_that_is_gone_is_asked_for_again(server):
    watch = watch_of(server)
    server.release.set()
    assert watch.version() == "3"
    server.version = "4"
    assert watch.version() == "3", "kept for a moment"
    assert [watch.version_after("3") for _ in range(3)] == ["4"] * 3
    assert server.status_requests == 2, "of several who find out the first asks"


def test_what_went_wrong_is_not_kept_for_long(nothing_stays_fresh, closed_url):
    watch = ModelWatch(ModelClient(closed_url, "good"))
    for ask in (watch.status, watch.version):
        with pytest.raises(model_errors.NotReachable):
            ask()
    with local_model_server(int(closed_url.rpartition(":")[2])):
        assert watch.version() == "3"
