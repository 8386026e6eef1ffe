"""`parts.csv` beside a manifest: where the part is that distinguishes a drawn car's model."""

from collections import defaultdict
from pathlib import Path

from car_classifier.errors import UserError
from car_classifier.files import read_csv

PARTS_COLUMNS = ("file_name", "part", "left", "top", "right", "bottom")
PartBoxes = dict[str, list[tuple[int, int, int, int]]]


def read_part_boxes(path: Path) -> PartBoxes:
    """The boxes of each photo's part, by file name: left, top, right, bottom in pixels; empty if there is no file.

    Raises:
        UserError: A row does not hold four whole numbers.
    """
    boxes: PartBoxes = defaultdict(list)
    if not path.is_file():
        return {}
    for line, row in read_csv(path, PARTS_COLUMNS):
        try:
            left, top, right, bottom = (int(row[side]) for side in PARTS_COLUMNS[2:])
        except ValueError as error:
            raise UserError(f"{path}, line {line}: left, top, right and bottom must be whole numbers.") from error
        boxes[row["file_name"]].append((left, top, right, bottom))
    return dict(boxes)
