"""Our own plays run outside Temporal's sandbox: what that would refuse, their syntax shows here.

A run is replayed from its history, after a restart or on another machine, and has to do the same again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.source_tree import Module, imports, modules

BROUGHT = frozenset(
    {
        "__future__",
        "asyncio",
        "collections.abc",
        "contextlib",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "functools",
        "pydantic",
        "pydantic_core",
        "temporalio",
        "temporalio.common",
        "temporalio.exceptions",
        "typing",
    }
)
"""What a play may import besides our own modules: nothing here reaches a clock, chance, or the outside."""
OF_ASYNCIO = frozenset({"CancelledError", "Lock", "Task", "create_task"})
"""What the workflow's own event loop does in the same order each time."""
CLOCKS = frozenset({"now", "utcnow", "today", "fromtimestamp", "astimezone"})
"""Methods that read a clock, or where the machine stands."""
OUTSIDE = frozenset({"hash", "id", "input", "open", "print", "__import__", "eval", "exec"})
"""Functions that say something else in another process, or reach out of it."""
CHANGING = ast.List | ast.Set | ast.ListComp | ast.SetComp | ast.DictComp


def _plays() -> list[Module]:
    return [module for module in modules() if module.room == "workflows"]


def test_plays_import_nothing_that_differs_from_run_to_run() -> None:
    wrong = [
        f"{module.path}:{line} imports {name}; let an activity do it, or say in BROUGHT why it repeats"
        for module in _plays()
        for name, line in imports(module)
        if not name.startswith("boucle.") and name not in BROUGHT
    ]
    assert not wrong, "\n".join(wrong)


def find_unrepeatable(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What a replay would not find again, with its line; `workflow.now()` is the run's own time."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="workflow")):
                pass
            case ast.Attribute(value=ast.Name(id="asyncio"), attr=name) if name not in OF_ASYNCIO:
                yield f"asyncio.{name}", node.lineno
            case ast.Attribute(attr=name) if name in CLOCKS:
                yield ast.unparse(node), node.lineno
            case ast.Call(func=ast.Name(id=name)) if name in OUTSIDE:
                yield name, node.lineno
            case ast.Global():
                yield "a global that changes", node.lineno
            case ast.For(iter=ast.Set()) | ast.comprehension(iter=ast.Set()):
                yield "the order of a set", node.iter.lineno


def test_plays_use_nothing_that_differs_from_run_to_run() -> None:
    wrong = [
        f"{module.path}:{line} uses {name}; take it from workflow, or from an activity"
        for module in _plays()
        for name, line in find_unrepeatable(module.tree)
    ]
    assert not wrong, "\n".join(wrong)


def test_runs_share_nothing_that_changes() -> None:
    """Without the sandbox all runs have one copy of a module: what lies in it belongs to all of them."""
    wrong = [
        f"{module.path}:{statement.lineno} keeps something that can change; a run keeps it in itself"
        for module in _plays()
        for statement in module.tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, CHANGING)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "datetime.now(UTC)",
        "asyncio.sleep(1)",
        "open('file')",
        "hash(name)",
        "[x for x in {1, 2}]",
        "global a",
    ],
)
def test_what_differs_is_found(text: str) -> None:
    assert list(find_unrepeatable(ast.parse(text)))


def test_the_time_of_the_run_is_its_own() -> None:
    assert not list(find_unrepeatable(ast.parse("workflow.now() - asyncio.Lock().id")))
