"""Whether a model looks at the subject of a photo or at its surroundings.

Clever Hans was a horse that could not count but read the answer from its owner's face. A classifier does the same if it
relies on the sky, the road or a watermark: then the evidence lies in the outer frame of the photo.
Lapuschkin et al. 2019, https://arxiv.org/abs/1902.10178.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.evaluation.predictions import ask_in_batches
from car_classifier.explanations.localisation import frame_area, frame_share
from car_classifier.network.map_extent import upsample_map
from car_classifier.progress import Report, silent
from car_classifier.registry.published_version import PublishedVersion


@dataclass(frozen=True)
class FrameEvidence:
    """Where a model's evidence for its answer lies on one photo.

    Attributes:
        row: The photo.
        answer: The model's answer, which is explained.
        probability: Of the answer, from 0 to 1.
        share: Share of the positive evidence in the outer frame, from 0 to 1; None if there is no positive evidence.
        contributions: The exact map of the answer, float32 [h, w].
        extent: Where the map lies on the photo.
    """

    row: ManifestRow
    answer: str
    probability: float
    share: float | None
    contributions: Any
    extent: Any


def frame_evidence(
    version: PublishedVersion,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    frame: float,
    report: Report = silent,
    notify: Callable[[str], object] | None = None,
) -> list[FrameEvidence]:
    """Get the exact maps of a published version's answers, and measure how much of each lies in the frame.

    Args:
        version: The version.
        manifest: Gives the photos' paths.
        rows: The photos.
        frame: Width of the frame as a share of the photo's height and width.
        report: Called with the number of photos done and the total.
        notify: That of `ask_in_batches`.

    Raises:
        UserError: There is no such model, or a photo is missing or cannot be read.
    """
    signature = version.signature("explain")
    evidence = []
    for batch, answer in ask_in_batches(signature, manifest, rows, report, notify, class_index=-1):
        for i, row in enumerate(batch):
            contributions, extent = answer["asked_contributions"].numpy()[i], tuple(answer["map_extent"].numpy()[i])
            heatmap = upsample_map(contributions, extent, (row.height, row.width))
            label, probability = answer["asked_label"].numpy()[i].decode(), answer["asked_probability"].numpy()[i]
            share = frame_share(heatmap, frame)
            evidence.append(FrameEvidence(row, label, float(probability), share, contributions, extent))
    return evidence


def summary_of(evidence: Sequence[FrameEvidence], frame: float) -> dict[str, Any]:
    """The mean share in the frame, overall and per class.

    Returns:
        `photos`, `frame`, `area` (the frame's share of the area, which evenly spread evidence would have), `mean`, and
        `per_class`, highest mean first: the true `label`, `photos`, `without_evidence` (how many photos have none and
        are left out of the mean), `mean` and `worst` (file name).
    """
    groups: dict[str, list[FrameEvidence]] = defaultdict(list)
    for photo in evidence:
        groups[photo.row.label].append(photo)
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
        "photos": len(evidence),
        "frame": frame,
        "area": frame_area(frame),
        "mean": _mean(by_share(evidence)),
        "per_class": sorted(rows, key=lambda row: (-(row["mean"] or 0), row["label"])),
    }


def by_share(evidence: Sequence[FrameEvidence]) -> list[FrameEvidence]:
    """The photos with evidence, largest share in the frame first."""
    return sorted((photo for photo in evidence if photo.share is not None), key=lambda photo: -(photo.share or 0))


def _mean(known: Sequence[FrameEvidence]) -> float | None:
    return float(np.mean([photo.share for photo in known])) if known else None
