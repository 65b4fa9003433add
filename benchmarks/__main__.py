"""`python -m benchmarks`: every benchmark, its figures as JSON, then as a table; 1 where a bar is missed."""

from __future__ import annotations

import json
import sys

from benchmarks import evaluation


def main() -> int:
    """Run all and print them."""
    result = evaluation.run()
    sys.stdout.write(json.dumps({"evaluation": result}, indent=2) + "\n\n")
    sys.stdout.write(evaluation.table(result) + "\n")
    return 0 if all(other["met"] is not False for other in result["others"]) else 1


if __name__ == "__main__":
    sys.exit(main())
