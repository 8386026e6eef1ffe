"""The cost of an explanation: `explain` against `classify`, as requests to the embedded server.

Requests alternate, one of each at a time, so that a machine that slows down slows both; the ratio is taken pair
by pair.
"""

import base64
import statistics
import threading
import time
from pathlib import Path

import requests

from car_classifier.registry.published_version import find_version
from car_classifier.serving import ModelServer, ServerSettings

PAIRS = 200
WARM_UP = 10
NAME = "benchmarked"


def run(model_dir: Path) -> None:
    """Measure the stable version in a model folder, and print the results.

    Raises:
        UserError: There is no version in the folder.
    """
    version = find_version(model_dir)
    golden = sorted(version.golden_folder.glob("*.[jp]*g"))
    photo = base64.b64encode(golden[0].read_bytes()).decode()
    instances = {
        "classify": {"image_bytes": {"b64": photo}},
        "explain": {"image_bytes": {"b64": photo}, "class_index": -1},
    }
    server = ModelServer(ServerSettings(model_base_path=model_dir, model_name=NAME, rest_api_port=0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with requests.Session() as session:
            _wait_until_available(session, server.url)
            times = _measure(session, f"{server.url}/v1/models/{NAME}:predict", instances)
    finally:
        server.stop()
        thread.join()
    print(f"{PAIRS} pairs of requests, one photo each, to {version}")
    print(f"{'':10}{'median ms':>12}{'fastest ms':>12}")
    for name, seconds in times.items():
        print(f"{name:10}{1000 * statistics.median(seconds):12.2f}{1000 * min(seconds):12.2f}")
    ratios = [e / c for e, c in zip(times["explain"], times["classify"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"explain / classify, pair by pair: median {middle:.3f} (middle half {low:.3f} to {high:.3f})")


def _wait_until_available(session: requests.Session, url: str) -> None:
    while True:
        status = session.get(f"{url}/v1/models/{NAME}", timeout=60).json().get("model_version_status", [])
        if any(version["state"] == "AVAILABLE" for version in status):
            return
        time.sleep(0.1)


def _measure(session: requests.Session, url: str, instances: dict[str, dict[str, object]]) -> dict[str, list[float]]:
    """Seconds of each request, by signature."""
    times: dict[str, list[float]] = {name: [] for name in instances}
    for i in range(WARM_UP + PAIRS):
        order = list(instances) if i % 2 else list(reversed(instances))
        for name in order:
            start = time.perf_counter()
            response = session.post(url, json={"signature_name": name, "instances": [instances[name]]}, timeout=60)
            elapsed = time.perf_counter() - start
            response.raise_for_status()
            if i >= WARM_UP:
                times[name].append(elapsed)
    return times
