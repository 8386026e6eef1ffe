"""Keeping the programs of `car-classifier up` running: the dashboard, and the model server once there is a model."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.files import write_json
from car_classifier.publishing.interruption import defer_signals
from car_classifier.registry.server_status import ask_directly, version_states
from car_classifier.words import counted

DASHBOARD, MODEL_SERVER, PREPARATION = "dashboard", "model server", "making of the demo model"


@dataclass(frozen=True)
class Bounds:
    """Everything that is waited for, and how long."""

    page_seconds: float = 180
    """Until the page answers."""

    model_seconds: float = 180
    """Until the model server has a model; then the terminal says that it takes long, and the wait goes on."""

    restart_waits: tuple[float, ...] = (1, 2, 4, 8, 16)
    """Before each new start of a model server that ended; when they are used up, all ends."""

    calm_seconds: float = 600
    """After which a model server that ends has all new starts again."""

    stop_seconds: float = 10
    """Until a program that was asked to end is killed."""

    poll_seconds: float = 0.25
    """Between two looks at the programs."""


@dataclass
class ModelServer:
    """The model server, which is started again when it ends by itself.

    Attributes:
        command: Its command line.
        url: The address of its REST interface.
        note_path: The file that tells the dashboard why it is not there now.
        console: Where starts are reported.
        bounds: How often and after which time it is started again.
    """

    command: Sequence[str]
    url: str
    note_path: Path
    console: Console
    bounds: Bounds = Bounds()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _starts: int = field(default=0, init=False)
    _started: float = field(default=0.0, init=False)
    _start_at: float = field(default=0.0, init=False)
    _said: set[str] = field(default_factory=set, init=False)

    def look_after(self) -> None:
        """Start it, start it again if it has ended, and say when it has a model.

        Raises:
            UserError: It ended too often, or because of a mistake that another start would repeat.
        """
        now = time.monotonic()
        if self.process is None:
            if now >= self._start_at:
                if not self._starts:
                    self._note("")
                with defer_signals():  # in between, nobody would know the process that is to be stopped
                    self.process, self._started = start(self.command, {}), now
                self._said.clear()
            return
        code = self.process.poll()
        if code is not None:
            self._ended(code, now)
        elif "ready" not in self._said:
            self._look_for_a_model(now)

    def _look_for_a_model(self, now: float) -> None:
        states = version_states(self.url) or {}
        available = [version for version, state in states.items() if state == "AVAILABLE"]
        if available:
            self._said.add("ready")
            self.note_path.unlink(missing_ok=True)
            self.console.print(f"  The model answers: version {max(available, key=int)}.", highlight=False)
        elif now - self._started > self.bounds.model_seconds and "slow" not in self._said:
            self._said.add("slow")
            self.console.print(
                f"The model server has had no model ready for {self.bounds.model_seconds:.0f} seconds; the lines above "
                "may say why.",
                style="yellow",
            )

    def _ended(self, code: int, now: float) -> None:
        if now - self._started > self.bounds.calm_seconds:
            self._starts = 0
        waits = self.bounds.restart_waits
        if code == 2 or self._starts >= len(waits):
            raise UserError(f"The {MODEL_SERVER} ended with exit code {code}; the lines above say why.")
        wait = waits[self._starts]
        self._starts += 1
        reason = reason_of(code)
        self.process, self._start_at = None, now + wait
        self._note(reason)
        self.console.print(
            f"The {MODEL_SERVER} {reason}. It is started again in {counted(int(wait), 'second')} "
            f"({self._starts} of {len(waits)}).",
            style="yellow",
            highlight=False,
        )

    def _note(self, reason: str) -> None:
        """Tell the dashboard why the server is not there now; no reason for a first start."""
        with contextlib.suppress(OSError):  # a full disk is no reason to end
            write_json(self.note_path, {"reason": reason})


def reason_of(code: int) -> str:
    """Why a process probably ended, from its exit code; completes a sentence that begins with its name."""
    if code == -signal.SIGKILL:
        return "was killed, most likely because the memory ran out"
    if code in (-signal.SIGTERM, -signal.SIGINT):
        return "was ended by another program"
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    return f"ended with exit code {code}"


def addresses_here(host: str, port: int) -> list[str]:
    """Addresses at which others in the network reach a port, where it is open on all interfaces; none if unknown."""
    if host != "0.0.0.0":  # noqa: S104 (only compared)
        return []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way, contextlib.suppress(OSError):
        way.connect(("192.0.2.1", 9))  # an address for documentation; nothing is sent
        own = way.getsockname()[0]
        return [] if own.startswith("127.") else [f"http://{own}:{port}"]
    return []


def start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C reaches this process alone and all end in order."""
    return subprocess.Popen(command, env=os.environ | dict(environment), start_new_session=True)  # noqa: S603


def python_module(name: str, *arguments: object) -> list[str]:
    """The command line of a module of this Python."""
    return [sys.executable, "-m", name, *map(str, arguments)]


def wait_for_page(url: str, process: subprocess.Popen[bytes], bounds: Bounds) -> None:
    """Return once the dashboard answers.

    Raises:
        UserError: It ended, or does not answer in time.
    """
    deadline = time.monotonic() + bounds.page_seconds
    while not page_answers(url):
        check_alive(DASHBOARD, process)
        if time.monotonic() > deadline:
            raise UserError(
                f"The {DASHBOARD} did not answer within {bounds.page_seconds:.0f} seconds; see the lines above."
            )
        time.sleep(bounds.poll_seconds)


def check_alive(name: str, process: subprocess.Popen[bytes]) -> None:
    """Make sure that a program runs.

    Raises:
        UserError: It has ended.
    """
    if process.poll() is not None:
        raise UserError(f"The {name} ended with exit code {process.returncode}; the lines above say why.")


def stop(process: subprocess.Popen[bytes] | None, bounds: Bounds) -> None:
    """End a program; by force if it takes too long."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=bounds.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Make SIGTERM end a `with` block as Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def page_answers(page_url: str) -> bool:
    """Whether the dashboard answers at an address, past every proxy."""
    try:
        with ask_directly(f"{page_url}/healthz", seconds=2):
            return True
    except OSError:
        return False
