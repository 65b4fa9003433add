"""Runs in an engine's own environment: answers JSON lines, and says first which distribution answers.

Each line asks `{"expressions": [...], "data": [...]}`; its answer holds, for each data, the value of
each expression. Nothing of boucle is imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import packages_distributions, version
from typing import Any

ENTRANCES = {
    "datalogic-py": ("datalogic_py", "apply"),
    "json-logic-qubit": ("json_logic", "jsonLogic"),
    "panzi-json-logic": ("json_logic", "jsonLogic"),
    "maykin-json-logic-py": ("json_logic", "jsonLogic"),
    "json-logic-modernized": ("json_logic", "jsonLogic"),
    "jsonlogic-rs": ("jsonlogic_rs", "apply"),
}
"""The package and the function by which each distribution evaluates an expression over data."""


def introduce(engine: str) -> str:
    """Which distributions own the package, and in which version."""
    package, _ = ENTRANCES[engine]
    owners = sorted(set(packages_distributions()[package]))
    return json.dumps({"distributions": owners, "versions": [version(owner) for owner in owners]})


def find_evaluate(engine: str) -> Callable[[Any, Any], Any]:
    """The engine's function from an expression and data to a value."""
    package, function = ENTRANCES[engine]
    evaluate: Callable[[Any, Any], Any] = getattr(import_module(package), function)
    return evaluate


def main(engine: str) -> None:
    """Answer every line of the standard input."""
    evaluate = find_evaluate(engine)
    sys.stdout.write(introduce(engine) + "\n")
    for line in sys.stdin:
        asked = json.loads(line)
        answers = [[evaluate(one, data) for one in asked["expressions"]] for data in asked["data"]]
        sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
