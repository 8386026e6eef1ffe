"""A data set described in a few lines."""

from collections import Counter
from statistics import median

from car_classifier.data.manifest import SPLITS, Manifest

EXTREMES = 3
"""Number of the largest and of the smallest classes that are named."""


def describe(manifest: Manifest) -> list[tuple[str, str]]:
    """A manifest described as names and values to print. Excluded photos are counted, and not described."""
    rows = manifest.kept
    per_class = manifest.label_counts()
    by_size = sorted(per_class, key=lambda label: (-per_class[label], label))
    counts = manifest.counts()
    per_split = ", ".join(f"{split} {counts[split]:,}" for split in SPLITS if counts[split])
    described = [
        ("photos", f"{len(rows):,}"),
        ("per split", per_split),
        ("classes", f"{len(per_class):,}"),
        ("makes", f"{len({row.make for row in rows}):,}"),
    ]
    if rows:
        sizes = list(per_class.values())
        described += [
            ("photos in a class", f"{min(sizes):,} to {max(sizes):,}, median {median(sizes):g}"),
            ("largest classes", _named(by_size[:EXTREMES], per_class)),
            ("smallest classes", _named(by_size[::-1][:EXTREMES], per_class)),
            ("years", _years([row.year for row in rows])),
            ("photo sizes", _photo_sizes(Counter((row.width, row.height) for row in rows))),
        ]
    groups = Counter(row.near_duplicate_group for row in rows if row.near_duplicate_group)
    together = [count for count in groups.values() if count > 1]  # the others of a group may be excluded
    described.append(("near-duplicates", f"{sum(together):,} photos (groups: {len(together):,})"))
    reasons = Counter(row.excluded.partition(": ")[0] for row in manifest.rows if row.excluded)
    named = ", ".join(f"{count:,} by {reason}" for reason, count in sorted(reasons.items()))
    described.append(("excluded", f"{reasons.total():,}" + (f" ({named})" if named else "")))
    return described


def _named(labels: list[str], counts: Counter[str]) -> str:
    return ", ".join(f"{label} {counts[label]:,}" for label in labels)


def _years(years: list[int | None]) -> str:
    known = [year for year in years if year is not None]
    unknown = len(years) - len(known)
    if not known:
        return "unknown"
    span = f"{min(known)} to {max(known)}, median {median(known):g}"
    return span + (f"; unknown for {unknown:,} photos" if unknown else "")


def _photo_sizes(sizes: Counter[tuple[int, int]]) -> str:
    (width, height), count = sizes.most_common(1)[0]
    widths, heights = zip(*sizes, strict=True)
    most = f"{width}×{height}" + ("" if len(sizes) == 1 else f" most often ({count:,} photos)")
    others = f", {min(widths)} to {max(widths)} wide and {min(heights)} to {max(heights)} high"
    return most + ("" if len(sizes) == 1 else others) + ", in pixels"
