"""Every line that the doctor can say stands in the operations guide."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.source_tree import ROOT, Module, modules

GUIDE = ROOT / "docs" / "operations.md"
SAYING = {"Finding", "_troubled"}


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _checks(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SAYING and node.args:
            yield from _texts(node.args[0])


def _codes(module: Module) -> Iterator[str]:
    """The first words of the rows that reconciliation looks for."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "looked_for":
            for row in ast.walk(node.value):
                if isinstance(row, ast.Tuple) and row.elts:
                    yield from _texts(row.elts[0])


def test_every_line_of_the_doctor_is_documented() -> None:
    named = {module.name: module for module in modules()}
    said = {check for module in modules() if module.room == "local" for check in _checks(module)}
    said |= set(_codes(named["boucle.engine.reconciliation"]))
    assert len(said) > 15, said
    guide = GUIDE.read_text(encoding="utf-8")
    missing = sorted(check for check in said if f"`{check}`" not in guide)
    assert not missing, f"docs/operations.md does not name {missing}"
