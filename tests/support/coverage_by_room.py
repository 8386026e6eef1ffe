"""Coverage of lines and branches, one row per room: `python -m tests.support.coverage_by_room [coverage.json]`.

`coverage json` writes its input.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath

COUNTS = ("covered_lines", "num_statements", "covered_branches", "num_branches")


def room_of(file: str) -> str:
    """The folder below the package, or the package for a module at its top."""
    return "/".join(PurePosixPath(file).parts[:-1][:2])


def rows(report: dict) -> list[tuple[str, float, float]]:
    """The shares of lines and branches that tests reach, from 0 to 1, for each room and for all."""
    rooms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for file, measured in report["files"].items():
        for room in (room_of(file), "all"):
            rooms[room].update({count: measured["summary"][count] for count in COUNTS})
    return [
        (
            room,
            sums["covered_lines"] / max(sums["num_statements"], 1),
            sums["covered_branches"] / sums["num_branches"] if sums["num_branches"] else 1.0,
        )
        for room, sums in sorted(rooms.items(), key=lambda pair: (pair[0] == "all", pair[0]))
    ]


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "coverage.json")
    print("| room | lines | branches |\n|---|---:|---:|")
    for room, lines, branches in rows(json.loads(path.read_text(encoding="utf-8"))):
        print(f"| {room} | {lines:.1%} | {branches:.1%} |")
