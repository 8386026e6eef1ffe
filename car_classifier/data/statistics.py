"""A data set in figures, and described in a few lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from car_classifier.data.manifest import SPLITS, Manifest
from car_classifier.words import noun

EXTREMES = 3
"""Number of the largest and of the smallest classes that are named."""


def statistics_of(manifest: Manifest) -> dict[str, Any]:
    """Figures of a manifest. Excluded photos are counted, and otherwise left out.

    Returns:
        `photos`, `splits` (photos in each), `makes` (0 if no class has one), `classes` (photos of each, largest first),
        `years` (`min`, `median`, `max` and the number of photos whose year is `unknown`; `None` for the others if all
        are), `sizes` (photos of each `width` and `height` in pixels, most frequent first), `near_duplicates` (`photos`
        and `groups`) and `excluded` (photos for each reason).
    """
    rows = manifest.kept
    per_class, counts = manifest.label_counts(), manifest.counts()
    years = [row.year for row in rows if row.year is not None]
    sizes = Counter((row.width, row.height) for row in rows)
    groups = Counter(row.near_duplicate_group for row in rows if row.near_duplicate_group)
    together = [count for count in groups.values() if count > 1]  # the others of a group may be excluded
    reasons = Counter(row.excluded.partition(": ")[0] for row in manifest.rows if row.excluded)
    return {
        "photos": len(rows),
        "splits": {split: counts[split] for split in SPLITS if counts[split]},
        "makes": len({row.make for row in rows} - {""}),
        "classes": {label: per_class[label] for label in sorted(per_class, key=lambda name: (-per_class[name], name))},
        "years": {
            "min": min(years, default=None),
            "median": median(years) if years else None,
            "max": max(years, default=None),
            "unknown": len(rows) - len(years),
        },
        "sizes": [
            {"width": width, "height": height, "photos": count} for (width, height), count in sizes.most_common()
        ],
        "near_duplicates": {"photos": sum(together), "groups": len(together)},
        "excluded": dict(sorted(reasons.items())),
    }


def describe(manifest: Manifest) -> list[tuple[str, str]]:
    """A manifest described as names and values to print."""
    return described(statistics_of(manifest))


def described(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of `statistics_of` as names and values to print."""
    classes, excluded, near = figures["classes"], figures["excluded"], figures["near_duplicates"]
    lines = [
        ("photos", f"{figures['photos']:,}"),
        ("per split", ", ".join(f"{split} {count:,}" for split, count in figures["splits"].items())),
        ("classes", f"{len(classes):,}"),
    ]
    if figures["makes"]:
        lines.append(("makes", f"{figures['makes']:,}"))
    if classes:
        counts, names = list(classes.values()), list(classes)
        lines += [
            ("photos in a class", f"{min(counts):,} to {max(counts):,}, median {median(counts):g}"),
            ("largest classes", _named(names[:EXTREMES], classes)),
            ("smallest classes", _named(names[::-1][:EXTREMES], classes)),
            ("years", _years(figures["years"])),
            ("photo sizes", _photo_sizes(figures["sizes"])),
        ]
    lines.append(
        ("near-duplicates", f"{near['photos']:,} {noun(near['photos'], 'photo')} (groups: {near['groups']:,})")
    )
    reasons = ", ".join(f"{count:,} by {reason}" for reason, count in excluded.items())
    lines.append(("excluded", f"{sum(excluded.values()):,}" + (f" ({reasons})" if reasons else "")))
    return lines


def _named(labels: Sequence[str], counts: Mapping[str, int]) -> str:
    return ", ".join(f"{label} {counts[label]:,}" for label in labels)


def _years(years: Mapping[str, Any]) -> str:
    if years["median"] is None:
        return "unknown"
    span = f"{years['min']} to {years['max']}, median {years['median']:g}"
    return span + (f"; unknown for {years['unknown']:,} {noun(years['unknown'], 'photo')}" if years["unknown"] else "")


def _photo_sizes(sizes: Sequence[Mapping[str, int]]) -> str:
    most = f"{sizes[0]['width']}×{sizes[0]['height']}"
    if len(sizes) == 1:
        return f"{most}, in pixels"
    widths, heights = ([size[name] for size in sizes] for name in ("width", "height"))
    count = sizes[0]["photos"]
    return (
        f"{most} most often ({count:,} {noun(count, 'photo')}), {min(widths)} to {max(widths)} wide and "
        f"{min(heights)} to {max(heights)} high, in pixels"
    )
