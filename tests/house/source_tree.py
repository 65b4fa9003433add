"""The product's source, parsed once, for the house tests: modules, imports, functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One file of the package: its dotted name, its path from the root, and its syntax tree."""

    name: str
    path: str
    tree: ast.Module
    lines: tuple[str, ...]

    @property
    def room(self) -> str:
        """The first level under `boucle`; an edge's own folder counts as the edge."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "boucle"


def python_files(*folders: str) -> list[Path]:
    """Every Python file under the folders, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, migrations left out: Alembic writes those."""
    found = []
    for path in python_files("boucle"):
        relative = path.relative_to(ROOT)
        if "versions" in relative.parts:
            continue
        text = path.read_text(encoding="utf-8")
        name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(name, str(relative), ast.parse(text), tuple(text.splitlines())))
    return tuple(found)


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Every module that this one imports, also inside functions, with the line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {known.name for known in modules()}
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield (full if full in names else node.module), node.lineno


def functions(tree: ast.Module) -> Iterator[tuple[str, int, int]]:
    """Every function: its name, its first line, and its length in lines, decorators left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def calls(module: Module) -> Iterator[tuple[str, int]]:
    """Every call by its dotted text (`datetime.now`), with the line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno
