"""One environment for each engine that is asked beside ours: several install the same package `json_logic`.

`python -m tests.oracles.environments [ENGINE ...]` creates the missing ones under `.venv-oracles/`,
from the locks in `requirements/oracles/`; those that stand and fit their lock are left alone.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-oracles"
LOCKS = ROOT / "requirements" / "oracles"

JSONLOGIC = (
    "json-logic-qubit",
    "panzi-json-logic",
    "maykin-json-logic-py",
    "json-logic-modernized",
    "jsonlogic-rs",
)
"""Distributions that evaluate JSONLogic, and are held against ours."""

ZEN = "zen-engine"
"""The engine that benchmarks are held against; it has an expression language of its own."""


def find_python(engine: str) -> Path | None:
    """The interpreter of an engine's environment; None where it is missing or its lock has changed."""
    return (
        _python(engine)
        if _stamp(engine).is_file() and _stamp(engine).read_text() == _lock_digest(engine)
        else None
    )


def get_python(engine: str) -> Path:
    """The interpreter of an engine's environment; RuntimeError says how to create a missing one."""
    python = find_python(engine)
    if python is None:
        raise RuntimeError(f"no environment for {engine}; run: python -m tests.oracles.environments {engine}")
    return python


def create(engine: str) -> Path:
    """The interpreter of an engine's environment, made from its lock where it does not stand yet."""
    if find_python(engine) is None:
        venv.create(FOLDER / engine, with_pip=True, clear=True)
        _install(engine)
        _stamp(engine).write_text(_lock_digest(engine))
    return get_python(engine)


def _install(engine: str) -> None:
    pip = [str(_python(engine)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(_lock(engine))], check=True)


def _python(engine: str) -> Path:
    return FOLDER / engine / "bin" / "python"


def _stamp(engine: str) -> Path:
    return FOLDER / engine / ".lock-digest"


def _lock(engine: str) -> Path:
    return LOCKS / f"{engine}.txt"


def _lock_digest(engine: str) -> str:
    return hashlib.sha256(_lock(engine).read_bytes()).hexdigest()


if __name__ == "__main__":
    for name in sys.argv[1:] or (*JSONLOGIC, ZEN):
        create(name)
