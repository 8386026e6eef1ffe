"""Folders of training runs as `car-classifier train` writes them."""

import json
import os
import time
from pathlib import Path

from PIL import Image

from tests.support.pictures import encoded


def write_progress(folder: Path, **facts: object) -> None:
    """Writes the `progress.json` of this very process."""
    folder.mkdir(parents=True, exist_ok=True)
    own = {"state": "ended", "host": os.uname().nodename, "pid": os.getpid(), "heartbeat": time.time()}
    (folder / "progress.json").write_text(json.dumps(own | facts))


def write_run(folder: Path, **facts: object) -> Path:
    """Writes a run of two epochs with one watched photo, and returns its folder."""
    watch = folder / "watch"
    watch.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    write_progress(folder, **facts)
    rows = ["stage,epoch,loss,accuracy,val_loss,val_accuracy", "all,1,2,0.4,2.1,0.5", "all,2,1,0.6,1.2,0.75"]
    (folder / "history.csv").write_text("\n".join(rows) + "\n")
    (watch / "01.jpg").write_bytes(encoded(Image.new("RGB", (60, 40), "red")))
    (watch / "photos.json").write_text(
        json.dumps([{"photo": "01.jpg", "label": "Maki_Hoshi", "width": 60, "height": 40}])
    )
    for epoch, label in enumerate(("Maki_Hoshi", "Aurelio_Vela"), start=1):
        answer = {"label": label, "probability": 0.6, "truth_probability": 0.3, "map": [[0, 100], [-50, 20]]}
        content = {"stage": "all", "epoch": epoch, "extent": [0, 0, 1, 1], "answers": [answer]}
        (watch / f"1-{epoch:03d}.json").write_text(json.dumps(content))
    return folder
