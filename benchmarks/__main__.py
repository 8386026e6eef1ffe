"""`python -m benchmarks [MODEL_DIR]`: run all benchmarks on the newest version in a model folder."""

import sys
from pathlib import Path

from benchmarks import explain_cost
from car_classifier.errors import UserError


def main() -> int:
    """Run them and return the exit code."""
    try:
        explain_cost.run(Path(sys.argv[1] if len(sys.argv) > 1 else "model"))
    except UserError as error:
        print(f"{error} Make one with: make up", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
