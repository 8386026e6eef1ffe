"""The headline numbers of a version in words, alone or compared with another version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.reports.predictions import HITS, Answer, paired_difference
from dashboard.reports.results import Headline, Report


@dataclass(frozen=True)
class Kind:
    """One of the headline numbers.

    Attributes:
        title: Its name.
        meaning: Explanation for people who do not know the name.
        is_better_high: Whether higher is better.
    """

    title: str
    meaning: str
    is_better_high: bool = True


HEADLINES: Mapping[str, Kind] = {
    "top1": Kind("Top-1", "The first answer is right"),
    "top5": Kind("Top-5", "The right one is among the first five"),
    "make_top1": Kind("Make", "The make is right"),
    "macro_f1": Kind("Macro-F1", "Mean over classes, rare ones count alike"),
    "ece": Kind("Calibration error", "How far its confidence is off; less is better", is_better_high=False),
}


@dataclass(frozen=True)
class HeadlineText:
    """The texts about one number.

    Attributes:
        value: The number.
        interval: The 95 % interval.
        low: Start of the interval, as a share of the bar.
        high: End of the interval.
        other: The number of the other version.
        difference: The difference between the two versions.
        verdict: `better`, `worse`, `unclear` or, if there is nothing to compare or no interval, `none`.
    """

    value: str = "not known"
    interval: str = ""
    low: float = 0.0
    high: float = 0.0
    other: str = ""
    difference: str = ""
    verdict: str = "none"


@dataclass(frozen=True)
class Measured:
    """The measurements of a version on some photos.

    Attributes:
        name: Display name of the version.
        report: The metrics.
        answers: The answers for these photos, if they were kept.
    """

    name: str
    report: Report
    answers: Sequence[Answer] = ()


def headline_texts(version: Measured, other: Measured | None) -> list[HeadlineText]:
    """Returns the texts of `HEADLINES`, in their order."""
    return [_text(key, kind, version, other) for key, kind in HEADLINES.items()]


def comparison_note(version: Measured, other: Measured | None) -> str:
    """Returns a caveat for the comparison; empty if there is none."""
    if other is None:
        return ""
    if not other.report.headlines:
        return f"{other.name} was not measured on these photos, or its metrics.json cannot be read."
    if paired_difference(version.answers, other.answers, HITS["top1"]) is None:
        return (
            f"It is not known whether {other.name} was measured on the same photos, so that some of the difference may "
            "come from the photos and no interval can be given."
        )
    return "Both were measured on the same photos: the intervals of the differences compare them photo by photo."


def _text(key: str, kind: Kind, version: Measured, other: Measured | None) -> HeadlineText:
    ours = version.report.headlines.get(key)
    theirs = other.report.headlines.get(key) if other else None
    if ours is None:
        return HeadlineText()
    low, high = ours.interval or (ours.value, ours.value)
    interval = f"{low:.1%} to {high:.1%}" if ours.interval else "no interval known"
    if other is None:
        return HeadlineText(f"{ours.value:.1%}", interval, low, high)
    if theirs is None:
        return HeadlineText(f"{ours.value:.1%}", interval, low, high, other=f"{other.name}: not known")
    around = f" ({theirs.interval[0]:.1%} to {theirs.interval[1]:.1%})" if theirs.interval else ""
    difference, verdict = _difference(kind, ours, theirs, _interval_of_difference(key, version, other))
    return HeadlineText(
        f"{ours.value:.1%}", interval, low, high, f"{other.name}: {theirs.value:.1%}{around}", difference, verdict
    )


def _interval_of_difference(key: str, version: Measured, other: Measured) -> tuple[float, float] | None:
    hit = HITS.get(key)
    return paired_difference(version.answers, other.answers, hit) if hit else None


def _difference(kind: Kind, ours: Headline, theirs: Headline, interval: tuple[float, float] | None) -> tuple[str, str]:
    gap = ours.value - theirs.value
    words = f"{100 * gap:+.1f} points"
    if interval is None:
        return words, "none"
    low, high = interval
    words += f" ({100 * low:+.1f} to {100 * high:+.1f})"
    if low <= 0 <= high:
        return f"{words}, may be chance", "unclear"
    is_better = (low > 0) == kind.is_better_high
    return f"{words}, {'better' if is_better else 'worse'}", "better" if is_better else "worse"
