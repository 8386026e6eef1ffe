"""The model card: a page beside a model on its purpose, its making and its quality."""

import re
from typing import Any

from car_classifier.registry.score_kinds import SCORES, arrow
from car_classifier.subject import default_subject, subject_from_json
from car_classifier.words import counted


def model_card(config: dict[str, Any], metrics: dict[str, Any]) -> str:
    """The card, in Markdown, from a version's `config.json` and `metrics.json`."""
    training, photos, calibration = config["training"], config["photos"], metrics["calibration"]
    height, width = training["image_size"]
    has_makes = "make_top1" in metrics
    subject = subject_from_json(config.get("subject")) or default_subject(has_makes)
    right_make = (
        f"| Right make | {metrics['make_top1']:.1%} | {_interval(metrics['make_top1_interval'])} |\n"
        if has_makes
        else ""
    )
    weights = {"none": "random weights", "imagenet": "ImageNet weights"}.get(training["weights"], "a weights file")
    left_out = metrics.get("cross_validation")
    calibrated_on = "validation" if left_out is None else "training"
    stages = ", then ".join(training["unfreeze"])
    trained = f"fine-tuned: {stages}" if left_out is None else "classifier in closed form, from one look at each photo"
    return f"""# {subject.title}

Tells which of {subject.counted(config["classes"], has_makes)} a photo shows, and which pixels say so.

| | |
|---|---|
| Published | {config.get("published", "not yet")} |
| Net | {training["base"]} from {weights}, {trained}; {height}×{width} pixels |
| Photos | {", ".join(f"{count} {split}" for split, count in photos.items())} |

## How good it is

On {metrics["count"]} {metrics["split"]} photos, asked through the SavedModel. `metrics.json` has all figures.

| | | 95 % interval |
|---|---|---|
| Top-1 accuracy | {metrics["top1"]:.1%} | {_interval(metrics["top1_interval"])} |
| Top-5 accuracy | {metrics["top5"]:.1%} | {_interval(metrics["top5_interval"])} |
{right_make}| Macro-F1 | {metrics["macro_f1"]:.1%} | {_interval(metrics["macro_f1_interval"])} |
| Calibration error | {calibration["ece"]:.1%} | {_interval(calibration["ece_interval"])} |
| … before temperature scaling | {calibration["ece_before"]:.1%} | {_interval(calibration["ece_interval_before"])} |
{_guessing(metrics.get("guessing"))}
Mean confidence is {metrics["mean_confidence"]:.1%}; the temperature is {config["temperature"]:.2f}.
{_sure(config.get("sure"), metrics.get("sure"))}{_left_out(left_out)}
Weakest classes: {_weakest(metrics["per_class"])}.

Most often taken for one another: {_pairs(metrics["confused_pairs"])}.
{_explanations(metrics.get("explanations", {}))}
## Use

`classify` takes the bytes of JPEG or PNG photos and gives the most likely labels with their probabilities;
`explain` adds a map of what each part of the photo contributes to each label's logit; `all_classes` gives the logit
and the probability of every label. `labels.json` lists the labels, `predictions.csv` the answer for every
{metrics["split"]} photo, `config.json` how to repeat the run.

## Limits

The model knows its {config["classes"]} labels only: it answers with one of them whatever the photo shows.
Probabilities are calibrated on {calibrated_on} photos and hold for photos like those.
"""


def _left_out(figures: dict[str, float] | None) -> str:
    """The figures of a closed-form head on training photos, each answered by a head that had not seen it."""
    if figures is None:
        return ""
    return (
        f"\nCross-validated on {figures['count']:.0f} training photos, each left out in turn: "
        f"top-1 {figures['top1']:.1%}, top-5 {figures['top5']:.1%}. "
        "Layers, shrinkage and temperature were chosen by these answers.\n"
    )


def _guessing(guessing: dict[str, Any] | None) -> str:
    """Rows of the table; older versions do not know them."""
    if guessing is None:
        return ""
    return (
        f"| Guessing: always {_text(guessing['label'])} | {guessing['most_frequent']:.1%} | |\n"
        f"| … by chance | {guessing['by_chance']:.1%} | |\n"
    )


def _sure(chosen: dict[str, Any] | None, measured: dict[str, Any] | None) -> str:
    """From which probability on an answer is called sure, and what that gives; older versions do not know it."""
    if chosen is None:
        return ""
    wish = f"at most {chosen['wrong_at_most']:.1%} of the answers called sure are wrong"
    if chosen["above"] is None:
        return f"\nNo threshold met the wish that {wish} on {chosen['count']} validation photos.\n"
    text = (
        f"\nAnswers from {chosen['above']:.1%} on are called sure, so that {wish}: "
        f"{chosen['wrong']} of {chosen['answered']} on the validation photos, by which the threshold was chosen"
    )
    given = measured["given"] if measured else None
    if given and given["answered"]:
        text += f"; {1 - given['accuracy']:.1%} of {given['answered']} on the photos measured here"
    return f"{text}.\n"


def _explanations(reports: dict[str, Any]) -> str:
    """The scores of the explanations, as `car-classifier explain-eval` measured them."""
    if not reports:
        return ""
    parts = ["", "## How good its explanations are", ""]
    for report in reports.values():
        shown = {score for row in report["methods"].values() for score in row["scores"]}
        kinds = {name: kind for name, kind in SCORES.items() if name in shown}
        arrows = (f"{kind.title} {arrow(kind)}" for kind in kinds.values())
        parts += [
            f"{counted(report['photos'], 'photo')} of {report['data']} ({report['split']}), seed {report['seed']}. "
            "↑: more is better, ↓: less is better. *: not surely better than a map that knows nothing (one of the last "
            "rows).",
            "",
            f"| | {' | '.join(arrows)} |",
            "|---" * (len(kinds) + 1) + "|",
        ]
        for row in report["methods"].values():
            cells = [_score(row, name) for name in kinds]
            parts.append(f"| {row['title']} | {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def _score(row: dict[str, Any], name: str) -> str:
    figure = row["scores"].get(name)
    return "" if figure is None else f"{figure['mean']:.3f}{'*' if name in row['no_better_than'] else ''}"


def _text(label: str) -> str:
    """A label in Markdown, where `<`, `*` and others are signs. An underscore inside a word is none."""
    return re.sub(r"([\\`*<>\[\]|])", r"\\\1", label)


def _interval(interval: list[float]) -> str:
    low, high = interval
    return f"{low:.1%} to {high:.1%}"


def _weakest(per_class: list[dict[str, Any]], most: int = 5) -> str:
    """The classes with the lowest F1, among those that have photos and are not perfect."""
    weak = sorted((row for row in per_class if row["support"] and row["f1"] < 1), key=lambda row: row["f1"])[:most]
    return (
        ", ".join(f"{_text(row['label'])} (F1 {row['f1']:.1%} of {counted(row['support'], 'photo')})" for row in weak)
        or "none"
    )


def _pairs(pairs: list[dict[str, Any]], most: int = 5) -> str:
    return (
        ", ".join(
            f"{' and '.join(map(_text, pair['labels']))} ({counted(pair['count'], 'photo')})" for pair in pairs[:most]
        )
        or "none"
    )
