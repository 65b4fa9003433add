"""One environment for each engine that is asked beside ours: several install the same package `json_logic`.

`python -m tests.oracles.environments [ENGINE ...]` creates the missing ones under `.venv-oracles/`,
from the locks in `requirements/oracles/`; those that stand and fit their lock are left alone. Engines of Node
are asked where this machine has `node` and `npm`; elsewhere they are left out, and it says so.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-oracles"
LOCKS = ROOT / "requirements" / "oracles"
ANSWERS = Path(__file__).parent
NODE_FOLDER = "node"

JSONLOGIC = (
    "json-logic-qubit",
    "panzi-json-logic",
    "maykin-json-logic-py",
    "json-logic-modernized",
    "jsonlogic-rs",
)
"""Distributions that evaluate JSONLogic, and are held against ours."""

OURS = "datalogic-py"
"""The distribution that boucle itself evaluates with; it is in boucle's own environment."""

NODE = ("json-logic-js", "json-logic-engine")
"""Packages that evaluate JSONLogic in Node."""

ZEN = "zen-engine"
"""The engine that benchmarks are held against; it has an expression language of its own."""


def has_node() -> bool:
    """Whether this machine runs and installs packages of Node."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def list_engines() -> tuple[str, ...]:
    """Every engine that can be asked on this machine."""
    return (OURS, *JSONLOGIC, *(NODE if has_node() else ()))


def answering(engine: str) -> list[str]:
    """The command that answers JSON lines with an engine; RuntimeError where its environment is missing."""
    if engine in NODE:
        return ["node", str(ANSWERS / "answer.cjs"), engine, str(get_node())]
    python = sys.executable if engine == OURS else str(get_python(engine))
    return [python, str(ANSWERS / "answer.py"), engine]


def get_node() -> Path:
    """The folder of Node's packages; RuntimeError says how to create a missing one."""
    if not _stands(NODE_FOLDER):
        raise RuntimeError(f"no environment for {NODE_FOLDER}; run: python -m tests.oracles.environments")
    return FOLDER / NODE_FOLDER


def create_node() -> None:
    """Install Node's packages from their lock, where they do not stand yet."""
    folder = FOLDER / NODE_FOLDER
    if _stands(NODE_FOLDER):
        return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(LOCKS / NODE_FOLDER, folder)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    _stamp(NODE_FOLDER).write_text(_lock_digest(NODE_FOLDER))


def find_python(engine: str) -> Path | None:
    """The interpreter of an engine's environment; None where it is missing or its lock has changed."""
    return _python(engine) if _stands(engine) else None


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


def _stands(engine: str) -> bool:
    """Whether an environment is there, and as its lock says."""
    return _stamp(engine).is_file() and _stamp(engine).read_text() == _lock_digest(engine)


def _install(engine: str) -> None:
    pip = [str(_python(engine)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(_lock(engine))], check=True)


def _python(engine: str) -> Path:
    return FOLDER / engine / "bin" / "python"


def _stamp(engine: str) -> Path:
    return FOLDER / engine / ".lock-digest"


def _lock(engine: str) -> Path:
    return LOCKS / NODE_FOLDER / "package-lock.json" if engine == NODE_FOLDER else LOCKS / f"{engine}.txt"


def _lock_digest(engine: str) -> str:
    return hashlib.sha256(_lock(engine).read_bytes()).hexdigest()


def main(engines: list[str]) -> None:
    """Create the environments of the named engines, or of all."""
    for engine in engines or (*JSONLOGIC, ZEN):
        create(engine)
    if engines:
        return
    if has_node():
        create_node()
    else:
        sys.stdout.write(f"no Node on this machine: {', '.join(NODE)} are left out\n")


if __name__ == "__main__":
    main(sys.argv[1:])
