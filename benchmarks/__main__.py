"""`python -m benchmarks`: every benchmark, its figures as JSON, then as a table; 1 where a bar is missed."""

from __future__ import annotations

import json
import os
import sys

from benchmarks import evaluation, spread


def main() -> int:
    """Run all and print them."""
    _stay_on_one_processor()
    compared, sizes = evaluation.run(), spread.run()
    sys.stdout.write(json.dumps({"evaluation": compared, "spread": sizes}, indent=2) + "\n\n")
    sys.stdout.write(f"{evaluation.table(compared)}\n\n{spread.table(sizes)}\n")
    return 0 if sizes["met"] and all(other["met"] is not False for other in compared["others"]) else 1


def _stay_on_one_processor() -> None:
    """Both sides of a comparison, which run in turn: a shared machine's processors differ in speed."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


if __name__ == "__main__":
    sys.exit(main())
