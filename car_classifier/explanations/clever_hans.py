"""Whether a model looks at the car, or at what happens to be around it.

Clever Hans was the horse that could not count, but read the answer from its owner's face. A classifier is one if what
it goes by lies in the sky, the road or a watermark: then the evidence is in the outer frame of the photo.
Lapuschkin et al. 2019, https://arxiv.org/abs/1902.10178.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.evaluation.predictions import ask_about
from car_classifier.explanations.localisation import frame_area, frame_share
from car_classifier.network.map_extent import upsample_map
from car_classifier.progress import Report, silent
from car_classifier.registry.published_version import PublishedVersion

BATCH_SIZE = 16


@dataclass(frozen=True)
class FrameEvidence:
    """Where a model's evidence for its answer lies on one photo.

    Attributes:
        row: The photo.
        answer: The model's answer, which is what is explained.
        probability: Of the answer.
        share: Of the positive evidence, how much lies in the outer frame, from 0 to 1; None if there is none anywhere.
        cells: The exact map of the answer.
        extent: Where its cells lie.
    """

    row: ManifestRow
    answer: str
    probability: float
    share: float | None
    cells: Any
    extent: Any


def frame_evidence(
    version: PublishedVersion, manifest: Manifest, rows: Sequence[ManifestRow], frame: float, report: Report = silent
) -> list[FrameEvidence]:
    """Ask a published version for the exact maps of its answers, and measure how much of each lies in the frame.

    Args:
        version: The version.
        manifest: Tells where the photos are.
        rows: Which photos.
        frame: Width of the frame as a share of the photo's height and width.
        report: Called with photos done and photos in all.

    Raises:
        UserError: There is no such model, or a photo is missing or cannot be read.
    """
    signature = version.signature("explain")
    found = []
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        answer = ask_about(signature, manifest, batch, class_index=-1)
        for i, row in enumerate(batch):
            cells, extent = answer["asked_contributions"].numpy()[i], tuple(answer["map_extent"].numpy()[i])
            drawn = upsample_map(cells, extent, (row.height, row.width))
            label, probability = answer["asked_label"].numpy()[i].decode(), answer["asked_probability"].numpy()[i]
            found.append(FrameEvidence(row, label, float(probability), frame_share(drawn, frame), cells, extent))
        report(start + len(batch), len(rows))
    return found


def summary_of(found: Sequence[FrameEvidence], frame: float) -> dict[str, Any]:
    """The shares by class.

    Returns:
        `photos`, `frame`, `area` (the frame's share of the area: what evidence spread evenly would put there), `mean`,
        and `per_class`, the highest share first: `label` (the true one), `photos`,
        `without_evidence` (so many of them, which are left out of the rest), `mean` and `worst` (file name).
    """
    groups: dict[str, list[FrameEvidence]] = defaultdict(list)
    for one in found:
        groups[one.row.label].append(one)
    rows = []
    for label, group in groups.items():
        known = by_share(group)
        rows.append(
            {
                "label": label,
                "photos": len(group),
                "without_evidence": len(group) - len(known),
                "mean": _mean(known),
                "worst": known[0].row.file_name if known else None,
            }
        )
    return {
        "photos": len(found),
        "frame": frame,
        "area": frame_area(frame),
        "mean": _mean(by_share(found)),
        "per_class": sorted(rows, key=lambda row: (-(row["mean"] or 0), row["label"])),
    }


def by_share(found: Sequence[FrameEvidence]) -> list[FrameEvidence]:
    """The photos with any evidence, that with the largest share in the frame first."""
    return sorted((one for one in found if one.share is not None), key=lambda one: -(one.share or 0))


def _mean(known: Sequence[FrameEvidence]) -> float | None:
    return float(np.mean([one.share for one in known])) if known else None
