"""A small model server on a real port; the model's name sets its behaviour."""

import base64
import io
import json
import math
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

LABELS = ["Aurelio_Vela", "Brandt-Kessler_Nord Kap", "Maki_Hoshi"]
ALL_LABELS = ["Brandt-Kessler_Nord Kap", "Orsini_Lince", "Maki_Hoshi", "Orsini_Gatto", "Aurelio_Vela"]
ANSWER = {
    "labels": LABELS,
    "probabilities": [0.75, 0.2, 0.05],
    "class_indices": [4, 0, 2],
    "make_labels": ["Aurelio", "Maki"],
    "make_probabilities": [0.8, 0.2],
    # The probabilities are the softmax of the logits divided by 2; bias and contributions of a class sum to its logit.
    "logits": [3.0, 3.0 - 2 * math.log(0.75 / 0.2), 3.0 - 2 * math.log(0.75 / 0.05)],
    "biases": [0.0, 2.0 - 2 * math.log(0.75 / 0.2), 4.0 - 2 * math.log(0.75 / 0.05)],
    "contributions": [[[1.0, 2.0], [-0.5, 0.5]], [[0.5, 0.25], [0.25, 0.0]], [[-0.5, -0.5], [0.0, 0.0]]],
    "map_extent": [-0.25, 0.0, 0.75, 1.0],
    "asked_probability": 0.05,
    "asked_logit": 3.0 - 2 * math.log(0.75 / 0.05),
    "asked_bias": 4.0 - 2 * math.log(0.75 / 0.05),
    "asked_contributions": [[-0.5, -0.5], [0.0, 0.0]],
}
AVAILABLE = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}


def without(key: str) -> dict:
    return {"predictions": [{name: value for name, value in ANSWER.items() if name != key}]}


def with_changed(**changes) -> dict:
    return {"predictions": [ANSWER | changes]}


def versions(*pairs: tuple[str, str]) -> dict:
    return {"model_version_status": [AVAILABLE | {"version": v, "state": s} for v, s in pairs]}


# What is answered: (HTTP status, JSON or text). One table for predictions, one for the status.
PREDICT: dict[str, tuple[int, object]] = {
    "too-few-names": (200, with_changed(labels=["Aurelio_Vela"])),
    "weaker": (
        200,
        with_changed(
            probabilities=[0.5, 0.3, 0.2],
            logits=[1.0, 1.0 + 2 * math.log(0.3 / 0.5), 1.0 + 2 * math.log(0.2 / 0.5)],
        ),
    ),
    "no-makes": (200, with_changed(make_labels=LABELS[:2], make_probabilities=[0.75, 0.2])),
    "no-names": (200, with_changed(make_labels=[], make_probabilities=[])),
    "no-explanation": (200, without("contributions")),
    "plain": (200, {"predictions": [[0.1, 0.9]]}),
    "no-predictions": (200, {"predictions": []}),
    "flat-map": (200, with_changed(contributions=[1.0, 2.0, 3.0])),
    "too-few-maps": (200, with_changed(contributions=[[[1.0]]])),
    "no-area": (200, with_changed(map_extent=[0.5, 0.0, 0.5, 1.0])),
    "half-an-area": (200, with_changed(map_extent=[0.0, 1.0])),
    "no-logits": (200, without("logits")),
    "too-few-biases": (200, with_changed(biases=[0.0])),
    "nan": (200, with_changed(contributions=[[[float("nan")]]] * 3)),
    "improbable": (200, with_changed(probabilities=[7.0, 0.2, 0.1])),
    "not-json": (200, "<html>Welcome</html>"),
    "list": (200, []),
    "deep": (200, "[" * 100_000),
    "long-number": (200, '{"predictions": ' + "9" * 5_000 + "}"),
    "status-400": (400, {"error": 'Serving signature name: "explain" not found in signature def'}),
    "status-404": (404, {"error": "Servable not found for request: Latest(x)"}),
    "status-404-html": (404, "<html>nginx</html>"),
    "status-429": (429, {"error": "queue is full"}),
    "status-500": (500, {"error": "Could not find variable"}),
    "status-502-html": (502, "<html>bad gateway</html>"),
    "status-503": (503, {"error": "warming up"}),
    "status-503-html": (503, "<html>bad gateway</html>"),
    "status-504": (504, {"error": "deadline exceeded"}),
}
STATUS: dict[str, tuple[int, object]] = {
    "loading": (200, versions(("1", "LOADING"))),
    "swapping": (200, versions(("9", "UNLOADING"), ("10", "AVAILABLE"), ("11", "LOADING"))),
    "none-yet": (200, versions()),
    "odd-status": (200, {"model_version_status": [{"version": "latest"}]}),
    **{name: answer for name, answer in PREDICT.items() if name.startswith(("status", "not-json", "list"))},
}


def metadata(version: str) -> dict:
    def tensor(dtype: str, *sizes: int) -> dict:
        dimensions = [{"size": str(size), "name": ""} for size in sizes]
        return {"dtype": dtype, "tensor_shape": {"dim": dimensions, "unknown_rank": False}, "name": "x:0"}

    classify = {
        "inputs": {"image_bytes": tensor("DT_STRING", -1)},
        "outputs": {"probabilities": tensor("DT_FLOAT", -1, 3)},
    }
    return {
        "model_spec": {"name": "m", "signature_name": "", "version": version},
        "metadata": {"signature_def": {"signature_def": {"classify": classify}}},
    }


@dataclass
class LocalModelServer:
    """A running server: its address, the requests that it got, and its behaviour.

    Slow predictions wait for `release`; `behaves_like` is a name of the tables above, whatever model is asked for;
    `version` is the one that it serves, beside those that have `labels`. What `troubles` names befalls the next
    requests, one each: a name of the tables, `reset` or `hang up` instead of an answer, `half` of one, `stall` in the
    middle of one, or `wait` before it.
    """

    url: str
    asked: list[str] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    retry_after: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    bodies: list[dict] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    request_ids: list[str | None] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    slow: bool = False
    behaves_like: str | None = None
    version: str = "3"
    status_requests: int = 0


@contextmanager
def local_model_server(port: int = 0) -> Iterator[LocalModelServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            local.status_requests += 1
            local.request_ids.append(self.headers["X-Request-ID"])
            if self._in_trouble():
                return
            version = self._version()
            if not self.path.endswith("/metadata"):
                # A real server, too, reports all versions, whatever the label.
                self._answer(*STATUS.get(self._model(), (200, versions((local.version, "AVAILABLE")))))
            elif version is None:
                self._answer(400, {"error": "Unrecognized servable version label: x"})
            elif self._model() in ("loading", "none-yet"):
                self._answer(404, {"error": "Servable not found for request"})
            else:
                self._answer(*STATUS.get(self._model(), (200, metadata(version))))

        def do_POST(self):
            local.paths.append(self.path)
            local.request_ids.append(self.headers["X-Request-ID"])
            local.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if self._in_trouble():
                return
            if local.slow:
                local.release.wait(timeout=30)
            version = self._version()
            if version is None:
                self._answer(400, {"error": "Unrecognized servable version label: x"})
            elif version not in (local.version, *local.labels.values()):
                self._answer(404, {"error": "Servable not found for request"})
            else:
                asked = ALL_LABELS[local.bodies[-1]["instances"][0].get("class_index", -1)]
                self._answer(*PREDICT.get(self._model(), (200, with_changed(asked_label=asked))))

        def _in_trouble(self) -> bool:
            local.asked.append(f"{self.command} {self.path}")
            local.asked_at.append(time.monotonic())
            trouble = local.troubles.pop(0) if local.troubles else ""
            if trouble in PREDICT:
                self._answer(*PREDICT[trouble])
            elif trouble == "wait":
                local.release.wait(timeout=30)
            elif trouble == "reset":
                cut = socket.socket(fileno=self.connection.detach())
                cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                cut.close()
            elif trouble in ("half", "stall"):
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"predictions": [')
                if trouble == "stall":
                    local.release.wait(timeout=30)
            return trouble not in ("", "wait")

        def _version(self) -> str | None:
            """The one that is asked for; None if it is asked for by a label that is not known."""
            kind, _, wanted = self.path.removesuffix("/metadata").removesuffix(":predict").rpartition("/")
            if kind.endswith("/labels"):
                return local.labels.get(wanted)
            return wanted if kind.endswith("/versions") else local.version

        def _model(self) -> str:
            asked = self.path.removeprefix("/v1/models/").removesuffix(":predict").partition("/")[0]
            return local.behaves_like or asked

        def _answer(self, status: int, content: object) -> None:
            if self._model() == "slow":
                local.release.wait(timeout=30)
            body = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if local.retry_after is not None:
                self.send_header("Retry-After", local.retry_after)
            with suppress(ConnectionError):  # who asked has gone
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        local = LocalModelServer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield local
        finally:
            local.release.set()
            server.shutdown()
            thread.join()


def sent_photo(local_server: LocalModelServer) -> Image.Image:
    """The photo in the last request that the model server got."""
    encoded = local_server.bodies[-1]["instances"][0]["image_bytes"]["b64"]
    return Image.open(io.BytesIO(base64.b64decode(encoded)))
