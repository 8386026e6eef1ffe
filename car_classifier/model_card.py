"""The page that travels with a model and says what it is, how it was made and how good it is."""

from typing import Any


def model_card(config: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Markdown from a version's `config.json` and `metrics.json`."""
    training, photos = config["training"], config["photos"]
    low, high = metrics["top1_interval"]
    height, width = training["image_size"]
    weights = {"none": "random weights", "imagenet": "ImageNet weights"}.get(training["weights"], "a weights file")
    return f"""# Car classifier

Tells which of {config["classes"]} car models a photo shows, and which pixels say so.

| | |
|---|---|
| Published | {config["published"]} |
| Net | {training["base"]} from {weights}, stage `{training["stage"]}`, {height}×{width} pixels |
| Photos | {", ".join(f"{count} {side}" for side, count in photos.items())} |
| Top-1 accuracy | {metrics["top1"]:.1%} ({low:.1%} to {high:.1%} with 95 % confidence), {metrics["split"]} split |
| Top-5 accuracy | {metrics["top5"]:.1%} |
| Right make | {metrics["make_top1"]:.1%} |
| Mean confidence | {metrics["mean_confidence"]:.1%}, temperature {config["temperature"]:.2f} |

## Use

`classify` takes the bytes of JPEG or PNG photos and gives the most likely labels with their probabilities;
`explain` adds a map of what each part of the photo contributes to each label's logit. `labels.json` lists the
labels, `predictions.csv` the answer for every {metrics["split"]} photo, `config.json` how to repeat the run.

## Limits

The model knows its {config["classes"]} labels only: it answers with one of them whatever the photo shows.
Probabilities are calibrated on validation photos and hold for photos like those.
"""
