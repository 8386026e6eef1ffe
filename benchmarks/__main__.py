"""`python -m benchmarks [MODEL_DIR]`: run all benchmarks on the newest version in a model folder."""

import sys
from pathlib import Path

from benchmarks import explain_cost


def main() -> int:
    """Run them and return the exit code."""
    model_dir = Path(sys.argv[1] if len(sys.argv) > 1 else "model")
    if not explain_cost.newest_version(model_dir):
        print(f"There is no published model in {model_dir}. Make one with: make up", file=sys.stderr)
        return 2
    explain_cost.run(model_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main())
