"""A reader of the documentation: works in a folder like the repository's, and types the commands of a page."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.end_to_end.docs.blocks import Block
from tests.support.embedded_server import until
from tests.support.ports import free_ports
from tests.support.repository import ROOT

# What keeps running until it is told to end.
SERVERS = re.compile(
    r"^(?:\w+=\S+ )*(car-classifier (serve|up)|make up|python -m dashboard)\b(?!.*--(help|prepare-only))", re.MULTILINE
)


class Reader:
    """Runs the blocks of one page, one after the other; its servers listen on ports of their own.

    Args:
        folder: The reader's working folder.
        log: File for the servers' messages.
        weights: Initial weights of the training, because no test downloads ImageNet's.
    """

    def __init__(self, folder: Path, log: Path, weights: Path) -> None:
        self.rest, self.grpc, self.page = free_ports(3)
        self.folder, self.log = folder, log
        self.server: subprocess.Popen[bytes] | None = None
        python = Path(sys.executable).parent
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join((str(Path(__file__).parent / "bin"), str(python), os.environ["PATH"])),
            "PYTHONPATH": str(ROOT),
            "WEIGHTS": str(weights),
            "REST_PORT": str(self.rest),
            "GRPC_PORT": str(self.grpc),
            "PAGE_PORT": str(self.page),
            "DASHBOARD_PORT": str(self.page),
            "DASHBOARD_MODEL_SERVER_URL": f"http://localhost:{self.rest}",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }

    def types(self, block: Block) -> str:
        """Run a block and return its output; a server keeps running until the next one starts, or until `leaves`."""
        text = block.text
        for port, own in ((8501, self.rest), (8500, self.grpc), (8050, self.page)):
            text = text.replace(f"localhost:{port}", f"localhost:{own}")
        if starts := SERVERS.search(text):
            before, server = text[: starts.start()], text[starts.start() :].replace("make up", "car-classifier up")
            assert "\n" not in server.strip().replace("\\\n", ""), "what comes after a server is never typed"
            if before:
                self._runs(block.language, before)
            self._starts(server)
            return ""
        if self.server is None and f"localhost:{self.rest}" in text:
            self._starts("car-classifier serve")
        # A server writes its line about a request after it has answered.
        return self._runs(block.language, text, attempts=30 if text.startswith("grep ") else 1)

    def _runs(self, language: str, text: str, attempts: int = 1) -> str:
        program = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
        for attempt in range(attempts):
            if attempt:
                time.sleep(1)
            done = subprocess.run(
                [*program[language], text],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=600,
            )
            if done.returncode == 0:
                return done.stdout
        raise AssertionError(f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")

    def leaves(self) -> None:
        """Press Ctrl-C if a server runs; it must end cleanly."""
        if self.server is None:
            return
        server, self.server = self.server, None
        os.killpg(server.pid, signal.SIGINT)
        assert server.wait(timeout=300) == 0, self.log.read_text()[-3000:]

    def _starts(self, text: str) -> None:
        self.leaves()
        with self.log.open("ab") as log:
            command = ["bash", "-euo", "pipefail", "-c", text]
            self.server = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stderr=log, start_new_session=True
            )
        ready = [self._all_versions_answer] if "car-classifier" in text else []
        ready += [self._page_answers] if "serve" not in text else []
        for is_ready in ready:
            until(lambda is_ready=is_ready: is_ready() or self.server.poll() is not None, 300)
            if self.server.poll() is not None:
                self.server = None
                raise AssertionError(f"{text}\n{self.log.read_text()[-3000:]}")

    def _all_versions_answer(self) -> bool:
        try:
            answer = requests.get(f"http://127.0.0.1:{self.rest}/v1/models/car_classifier", timeout=2).json()
        except requests.RequestException:
            return False
        states = {version["state"] for version in answer.get("model_version_status", [])}
        return "AVAILABLE" in states and not states & {"START", "LOADING"}

    def _page_answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.page}/healthz", timeout=2).ok
        except requests.RequestException:
            return False


def furnish(folder: Path, demo_data: Path, demo_model_dir: Path) -> Path:
    """Lay a folder out like the repository with drawn photos and a published model."""
    shutil.copytree(demo_model_dir, folder / "model")
    for name in (".", "demo"):
        shutil.copytree(demo_data, folder / "data" / name, dirs_exist_ok=True)
    shutil.copy(demo_model_dir / "1" / "assets.extra" / "golden" / "1.jpg", folder / "car.jpg")
    (folder / "deploy").symlink_to(ROOT / "deploy")
    # The reader's environment is active already.
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "activate").touch()
    return folder
