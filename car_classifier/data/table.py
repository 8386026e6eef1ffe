"""The fields of all photos' names as one table."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

from car_classifier.data.file_names import CarName, parse_file_name
from car_classifier.data.manifest import Manifest, ManifestRow, check_table_out
from car_classifier.files import write_csv

_CAR_COLUMNS = tuple(field.name for field in fields(CarName))
TABLE_COLUMNS = ("file_name", "split", "excluded", "label", *_CAR_COLUMNS)


def write_table(manifest: Manifest, out: Path) -> None:
    """Write a CSV with a row for each photo: its path, split and label, and the fields of its name.

    Units are those of `CarName`; fields that a name lacks are empty. Make, model and year are the manifest's. Without
    any make the photos show no cars: then fields that all names lack have no column.

    Raises:
        UserError: `out` cannot be written, or is a manifest.
    """
    check_table_out(out)
    rows = list(_table_rows(manifest))
    has_makes = any(row["make"] for row in rows)
    used = [name for name in TABLE_COLUMNS if has_makes or name not in _CAR_COLUMNS or any(row[name] for row in rows)]
    write_csv(out, used, ({name: row[name] for name in used} for row in rows))


def _table_rows(manifest: Manifest) -> Iterator[dict[str, object]]:
    for row in manifest.rows:
        from_manifest = {"make": row.make, "model": row.model, "year": row.year}
        place = {"file_name": row.file_name, "split": row.split, "excluded": row.excluded, "label": row.label}
        yield place | asdict(named_car(row)) | from_manifest


def named_car(row: ManifestRow) -> CarName:
    """The fields of a photo's name; only make and model if the name has none or is another car's."""
    try:
        car = parse_file_name(row.original or row.file_name)
    except ValueError:
        return CarName(row.make, row.model)
    return car if car.label == row.label else CarName(row.make, row.model)
