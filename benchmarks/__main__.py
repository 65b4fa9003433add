"""`python -m benchmarks`: every benchmark, its figures as JSON, then as a table; 1 where a bar is missed."""

from __future__ import annotations

import json
import os
import sys

from benchmarks import evaluation, plays, spread


def main() -> int:
    """Run all and print them; those of one processor last, as there is no way back from it."""
    played = plays.run()
    _stay_on_one_processor()
    compared, sizes = evaluation.run(), spread.run()
    figures = {"plays": played, "evaluation": compared, "spread": sizes}
    sys.stdout.write(json.dumps(figures, indent=2) + "\n\n")
    tables = (plays.table(played), evaluation.table(compared), spread.table(sizes))
    sys.stdout.write("\n\n".join(tables) + "\n")
    met = played["met"] and sizes["met"] and all(other["met"] is not False for other in compared["others"])
    return 0 if met else 1


def _stay_on_one_processor() -> None:
    """Both sides of a comparison, which run in turn: a shared machine's processors differ in speed."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


if __name__ == "__main__":
    sys.exit(main())
