"""Merging of requests: which are merged, when they run, the answer of each, and the file of the settings."""

import gc
import re
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from car_classifier.errors import UserError
from car_classifier.serving.errors import Code, ServingError
from car_classifier.serving.models.batching import BatchingScheduler
from car_classifier.serving.models.batching_parameters import BatchingParameters, read_batching_parameters
from car_classifier.serving.models.saved_model import SavedModel
from tests.support import saved_models as models
from tests.support.embedded_server import running, until

pytestmark = pytest.mark.slow


class Watched:
    """A model that can be held before it runs, and that counts the rows of each run."""

    def __init__(self, model: SavedModel):
        self.model = model
        self.rows: list[int] = []
        self.inputs = {}
        self.go_on = threading.Event()
        self.go_on.set()
        self.held = threading.Event()

    def run(self, signature_name, inputs):
        self.held.set()
        assert self.go_on.wait(60)
        self.rows.append(len(next(iter(inputs.values()))))
        self.inputs = inputs
        return self.model.run(signature_name, inputs)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = SavedModel(models.save_batchable(tmp_path_factory.mktemp("batchable") / "1"))
    yield model
    model.close()


@pytest.fixture
def model(saved):
    return Watched(saved)


@contextmanager
def batching(**parameters):
    scheduler = BatchingScheduler(BatchingParameters(**{"num_batch_threads": 1, **parameters}))
    try:
        yield scheduler
    finally:
        scheduler.close()


@contextmanager
def held(scheduler, model):
    """Keeps a scheduler's only thread busy with a request of one row, while others queue up."""
    model.go_on.clear()
    model.held.clear()
    first = scheduler.submit(model, "", x(0))
    try:
        assert model.held.wait(60)
        yield
    finally:
        model.go_on.set()
    assert first.result(60)["y"].tolist() == [[0.0]]


def x(*rows) -> dict[str, np.ndarray]:
    """The input of `double` and similar signatures: one value per row."""
    return {"x": np.array(rows, np.float32).reshape(-1, 1)}


def y(future) -> list[float]:
    return future.result(60)["y"].reshape(-1).tolist()


def error(future) -> tuple[Code, str]:
    raised = future.exception(60)
    assert isinstance(raised, ServingError)
    return raised.code, raised.message


def test_requests_that_wait_run_together_and_each_gets_its_own_rows(model):
    with batching() as scheduler:
        with held(scheduler, model):
            futures = [scheduler.submit(model, "", x(*range(n, 2 * n))) for n in (1, 2, 3)]
        assert [y(future) for future in futures] == [[2.0], [4.0, 6.0], [6.0, 8.0, 10.0]]
    assert model.rows == [1, 6]


def test_strings_and_several_outputs(model):
    with batching() as scheduler:
        with held(scheduler, model):
            texts = ([b"a", b"\x00b\x00"], [b""])
            futures = [scheduler.submit(model, "text", {"text": np.array(text, object)}) for text in texts]
        for text, future in zip(texts, futures, strict=True):
            answer = future.result(60)
            assert (answer["echo"].tolist(), answer["length"].tolist()) == (text, [len(item) for item in text])
    assert model.rows == [1, 3]


@pytest.mark.parametrize(
    ("parameters", "requests", "rows"),
    [
        ({"max_batch_size": 2}, [1, 1, 1, 1, 1], [2, 2, 1]),
        ({"max_batch_size": 4}, [3, 2, 2, 4], [3, 4, 4]),
        ({"max_batch_size": 8, "allowed_batch_sizes": (2, 8)}, [1, 1, 1], [8]),
        ({"max_batch_size": 8, "allowed_batch_sizes": (2, 8)}, [2], [2]),
    ],
)
def test_sizes_of_batches(model, parameters, requests, rows):
    with batching(**parameters) as scheduler:
        with held(scheduler, model):
            futures = [scheduler.submit(model, "", x(*[i + 1] * n)) for i, n in enumerate(requests)]
        assert [y(future) for future in futures] == [[2.0 * (i + 1)] * n for i, n in enumerate(requests)]
    assert model.rows[1:] == rows


def test_a_batch_is_filled_up_with_its_last_row(model):
    with batching(max_batch_size=4, allowed_batch_sizes=(4,)) as scheduler:
        with held(scheduler, model):
            futures = [scheduler.submit(model, "positive", x(value)) for value in (5, 7)]
        assert [y(future) for future in futures] == [[5.0], [7.0]]
    assert model.inputs["x"].tolist() == [[5.0], [7.0], [7.0], [7.0]]


def test_only_what_fits_together_is_merged(model, saved):
    other = Watched(saved)
    with batching() as scheduler:
        with held(scheduler, model):
            wide = {"x": np.ones([2, 3], np.float32)}
            futures = [
                scheduler.submit(model, "", x(1)),
                scheduler.submit(model, "", wide),
                scheduler.submit(model, "positive", x(2)),
                scheduler.submit(other, "", x(3)),
                scheduler.submit(model, "serving_default", x(4)),
                scheduler.submit(model, "", wide),
            ]
        assert [y(future) for future in futures] == [[2.0], [2.0] * 6, [2.0], [6.0], [8.0], [2.0] * 6]
    assert (model.rows, other.rows) == ([1, 2, 4, 1], [1])


def test_one_bad_request_fails_alone(model):
    with batching() as scheduler:
        with held(scheduler, model):
            futures = [scheduler.submit(model, "positive", x(value)) for value in (1, -2, 3)]
        code, message = error(futures[1])
        assert (code, "Only positive numbers." in message) == (Code.INVALID_ARGUMENT, True)
        assert [y(futures[0]), y(futures[2])] == [[1.0], [3.0]]
    assert model.rows == [1, 3, 1, 1, 1]


@pytest.mark.parametrize(
    ("signature", "inputs", "code", "message"),
    [
        ("", {"x": np.float32(1)}, Code.INVALID_ARGUMENT, "input tensors must have at least one dimension"),
        ("", x(1, 2, 3, 4, 5), Code.INVALID_ARGUMENT, "Task size 5 is larger than maximum input batch size 4"),
        (
            "sum",
            {"x": np.ones([2, 1], np.float32), "k": np.ones(3, np.int32)},
            Code.INVALID_ARGUMENT,
            "input tensors must have equal 0th-dimension size",
        ),
        ("total", x(1), Code.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions"),
        ("head", x(1, 2), Code.FAILED_PRECONDITION, "0th dimension does not equal the sum"),
        ("none", x(1), Code.INVALID_ARGUMENT, 'Serving signature name: "none" not found'),
        ("", {"z": np.ones([1, 1], np.float32)}, Code.INVALID_ARGUMENT, "input size does not match signature"),
        ("", {}, Code.INVALID_ARGUMENT, "input size does not match signature"),
    ],
)
def test_what_cannot_be_batched_is_refused_as_the_original_does(saved, signature, inputs, code, message):
    with batching(max_batch_size=4) as scheduler:
        got, text = error(scheduler.submit(saved, signature, inputs))
    assert (got, message in text) == (code, True), text


def test_a_full_queue_is_reported_at_once(model):
    with batching(max_batch_size=1, max_enqueued_batches=2) as scheduler:
        with held(scheduler, model):
            waiting = [scheduler.submit(model, "", x(n)) for n in (1, 2)]
            refused = scheduler.submit(model, "", x(3))
            assert refused.done()
            assert error(refused)[0] is Code.UNAVAILABLE
            # Each signature has a queue of its own.
            other = scheduler.submit(model, "positive", x(4))
        assert [y(future) for future in (*waiting, other)] == [[2.0], [4.0], [4.0]]


def test_a_cancelled_request_is_not_run_and_leaves_its_place_to_others(model):
    with batching(max_batch_size=1, max_enqueued_batches=1) as scheduler:
        with held(scheduler, model):
            gone = scheduler.submit(model, "", x(1))
            assert gone.cancel()
            follower = scheduler.submit(model, "", x(2))
        assert y(follower) == [4.0]
    assert model.rows == [1, 1]


def test_the_others_of_a_batch_run_without_a_cancelled_one(model):
    with batching() as scheduler:
        with held(scheduler, model):
            futures = [scheduler.submit(model, "", x(n)) for n in (1, 2, 3)]
            assert futures[1].cancel()
        assert [y(futures[0]), y(futures[2])] == [[2.0], [6.0]]
    assert model.rows == [1, 2]


def test_what_runs_cannot_be_cancelled(model):
    with batching() as scheduler:
        model.go_on.clear()
        future = scheduler.submit(model, "", x(1))
        assert model.held.wait(60)
        assert not future.cancel()
        model.go_on.set()
        assert y(future) == [2.0]


def test_a_batch_waits_until_it_is_full(model):
    with batching(max_batch_size=2, batch_timeout_micros=600_000_000) as scheduler:
        first = scheduler.submit(model, "", x(1))
        second = scheduler.submit(model, "", x(2))
        assert [y(first), y(second)] == [[2.0], [4.0]]
    assert model.rows == [2]


def test_a_batch_that_the_next_request_does_not_fit_into_waits_no_longer(model):
    with batching(max_batch_size=3, batch_timeout_micros=600_000_000) as scheduler:
        first = scheduler.submit(model, "", x(1, 2))
        second = scheduler.submit(model, "", x(3, 4))
        assert y(first) == [2.0, 4.0]
        assert not second.done()
    assert y(second) == [6.0, 8.0]


def test_a_batch_that_does_not_fill_waits_no_longer_than_it_may(model):
    with batching(batch_timeout_micros=20_000) as scheduler:
        assert y(scheduler.submit(model, "", x(1))) == [2.0]


def test_a_free_thread_minds_the_time_of_a_batch_that_another_left(model, saved):
    with batching(num_batch_threads=2, batch_timeout_micros=20_000) as scheduler:
        model.go_on.clear()
        first = scheduler.submit(model, "", x(1))
        second = scheduler.submit(saved, "", x(2))
        assert y(second) == [4.0]
        model.go_on.set()
        assert y(first) == [2.0]


def test_closing_runs_what_waits_and_takes_no_more(model):
    with batching(batch_timeout_micros=600_000_000) as scheduler:
        waiting = scheduler.submit(model, "", x(1))
    assert y(waiting) == [2.0]
    assert error(scheduler.submit(model, "", x(1)))[0] is Code.UNAVAILABLE


def test_an_idle_scheduler_keeps_no_model_in_memory(saved):
    with batching() as scheduler:
        model = Watched(saved)
        kept = weakref.ref(model)
        assert y(scheduler.submit(model, "", x(1))) == [2.0]
        del model
        until(lambda: gc.collect() >= 0 and kept() is None)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that merges requests, of the model whose graph can fail."""
    folder = tmp_path_factory.mktemp("batching")
    models.save_guarded(folder / "m" / "1")
    (folder / "batching.config").write_text("batch_timeout_micros { value: 5000 }\nmax_batch_size { value: 8 }\n")
    with running(
        model_base_path=folder / "m",
        model_name="m",
        enable_batching=True,
        batching_parameters_file=folder / "batching.config",
    ) as server:
        server.wait("1", "AVAILABLE")
        yield server


def test_many_clients_of_a_server_that_merges_each_get_their_own_answer(server):
    def ask(number):
        return server.predict({"signature_name": "positive", "instances": [number, number + 0.5]})

    numbers = [*range(1, 33), -7.0]
    with ThreadPoolExecutor(16) as pool:
        *good, bad = pool.map(ask, numbers)
    assert [answer.json()["predictions"] for answer in good] == [[n, n + 0.5] for n in range(1, 33)]
    assert (bad.status_code, "Only positive numbers." in bad.json()["error"]) == (400, True)


def test_a_request_larger_than_a_batch_is_a_400(server):
    response = server.predict({"signature_name": "positive", "instances": [1.0] * 9})
    assert (response.status_code, response.json()) == (
        400,
        {"error": "Task size 9 is larger than maximum input batch size 8"},
    )


def test_the_parameters_file(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text(
        "# of a comment nothing is read\n"
        "max_batch_size { value: 32 } batch_timeout_micros{value:500}\n"
        'thread_pool_name { value: "batches" }\n'
        "allowed_batch_sizes: 8\nallowed_batch_sizes: 32\n"
    )
    assert read_batching_parameters(path) == BatchingParameters(
        max_batch_size=32, batch_timeout_micros=500, thread_pool_name="batches", allowed_batch_sizes=(8, 32)
    )


def test_what_the_parameters_file_leaves_out_has_the_originals_default(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text("num_batch_threads { value: 3 }")
    read = read_batching_parameters(path)
    assert (read.max_batch_size, read.batch_timeout_micros, read.max_enqueued_batches) == (1000, 0, 10)
    assert (read.num_batch_threads, read.allowed_batch_sizes) == (3, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_size { value: 3 }", 'in line 1: .* has no field named "max_size"\\.'),
        ("\npad_variable_length_inputs: true", 'in line 2: .* has no field named "pad_variable_length_inputs"'),
        ("max_batch_size: 3", "in line 1: "),
        ("max_batch_size { value: many }", "Couldn't parse integer: many"),
        ("max_batch_size { value: 0 }", "max_batch_size must be 1 or more. Received: 0."),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros must be 0 or more. Received: -1."),
        ("num_batch_threads { value: 0 }", "num_batch_threads must be 1 or more. Received: 0."),
        ("allowed_batch_sizes: [8, 4]", "must ascend and end with max_batch_size .1000.. Received: 8, 4."),
        ("allowed_batch_sizes: [8, 16]", "must ascend and end with max_batch_size"),
    ],
)
def test_a_parameters_file_that_makes_no_sense(tmp_path, text, message):
    path = tmp_path / "batching.config"
    path.write_text(text)
    with pytest.raises(UserError, match=f"(?s)batching parameters file {re.escape(str(path))}.*{message}"):
        read_batching_parameters(path)


def test_a_parameters_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="none.config cannot be read: No such file or directory"):
        read_batching_parameters(tmp_path / "none.config")


def test_the_parameters_file_of_the_compose_stack(pytestconfig):
    parameters = read_batching_parameters(pytestconfig.rootpath / "deploy" / "serving" / "batching.config")
    assert (parameters.max_batch_size, parameters.batch_timeout_micros) == (16, 0)
