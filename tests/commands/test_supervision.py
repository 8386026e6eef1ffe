"""The programs of `car-classifier up`: what is started again, how often, and what ends all."""

import json
import signal
import sys
import time

import pytest
from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.supervision import Bounds, ModelServer, reason_of, start, stop
from tests.support.ports import free_ports

QUICK = Bounds(restart_waits=(0.01, 0.02), stop_seconds=20)
GENEROUS = 60  # seconds


def server_that(code: str, tmp_path, bounds: Bounds = QUICK) -> ModelServer:
    (port,) = free_ports(1)
    command = [sys.executable, "-c", code]
    return ModelServer(command, f"http://127.0.0.1:{port}", tmp_path / "note.json", Console(quiet=True), bounds)


def looked_after(server: ModelServer) -> None:
    """Until it gives up."""
    end = time.monotonic() + GENEROUS
    while time.monotonic() < end:
        server.look_after()
        time.sleep(0.01)
    raise AssertionError("it never gives up")


def test_a_server_that_ends_again_and_again_is_given_up(tmp_path):
    starts = tmp_path / "starts"
    server = server_that(f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(7)", tmp_path)
    with pytest.raises(UserError, match="The model server ended with exit code 7"):
        looked_after(server)
    assert starts.read_text() == "xxx"  # once, and as often again as the bounds allow
    assert json.loads((tmp_path / "note.json").read_text()) == {"reason": "ended with exit code 7"}


def test_a_mistake_that_another_start_would_repeat_ends_all_at_once(tmp_path):
    starts = tmp_path / "starts"
    server = server_that(f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(2)", tmp_path)
    with pytest.raises(UserError, match="exit code 2"):
        looked_after(server)
    assert starts.read_text() == "x"


def test_a_server_that_ran_for_long_has_all_its_starts_again(tmp_path):
    starts = tmp_path / "starts"
    bounds = Bounds(restart_waits=(0.01,), calm_seconds=0)
    server = server_that(f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(7)", tmp_path, bounds)
    end = time.monotonic() + GENEROUS
    while time.monotonic() < end and not (starts.is_file() and len(starts.read_text()) > 3):
        server.look_after()
        time.sleep(0.01)
    stop(server.process, bounds)
    assert len(starts.read_text()) > 3


def test_a_first_start_is_noted_without_a_reason(tmp_path):
    server = server_that("import time; time.sleep(60)", tmp_path)
    server.look_after()
    assert json.loads((tmp_path / "note.json").read_text()) == {"reason": ""}
    stop(server.process, QUICK)
    assert server.process.returncode == -signal.SIGTERM


def test_a_program_that_does_not_end_is_killed():
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    process = start([sys.executable, "-c", code], {})
    time.sleep(0.5)
    stop(process, Bounds(stop_seconds=0.2))
    assert process.returncode in (-signal.SIGKILL, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-9, "was killed, most likely because the memory ran out"),
        (-15, "was ended by another program"),
        (-11, "crashed (SIGSEGV)"),
        (1, "ended with exit code 1"),
    ],
)
def test_the_likely_reason_is_named(code, reason):
    assert reason_of(code) == reason
