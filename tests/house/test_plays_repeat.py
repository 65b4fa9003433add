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
MAKERS = frozenset({"list", "set", "dict", "defaultdict", "deque", "Counter"})
KEPT = frozenset({"cache", "lru_cache"})
"""What lets a function remember from one run to the next."""


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
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in KEPT:
                yield f"{name}, which runs would share", node.lineno
            case ast.ImportFrom(module="asyncio"):
                yield "names of asyncio without asyncio", node.lineno
            case ast.Global():
                yield "a global that changes", node.lineno
            case ast.For(iter=order) | ast.comprehension(iter=order) if _is_set(order):
                yield "the order of a set", order.lineno


def _is_set(node: ast.expr) -> bool:
    made = isinstance(node, ast.Call) and ast.unparse(node.func) in {"set", "frozenset"}
    return made or isinstance(node, ast.Set | ast.SetComp)


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
        for statement in find_shared(module.tree)
        if _changes(statement)
    ]
    assert not wrong, "\n".join(wrong)


def find_shared(tree: ast.Module) -> Iterator[ast.Assign | ast.AnnAssign]:
    """What lies in a module, and in its classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from (one for one in node.body if isinstance(one, ast.Assign | ast.AnnAssign))


def _changes(statement: ast.Assign | ast.AnnAssign) -> bool:
    """A dict is said to be a Mapping, and then a type checker holds that nobody changes it."""
    value = statement.value
    if isinstance(value, ast.Dict):
        return not (isinstance(statement, ast.AnnAssign) and "Mapping" in ast.unparse(statement.annotation))
    made = isinstance(value, ast.Call) and ast.unparse(value.func) in MAKERS
    return made or isinstance(value, CHANGING)


@pytest.mark.parametrize(
    "text", ["A = []", "A: list[int] = []", "A = {}", "A = set()", "class B:\n    seen = {1}"]
)
def test_what_runs_would_share_is_found(text: str) -> None:
    assert [one for one in find_shared(ast.parse(text)) if _changes(one)]


@pytest.mark.parametrize(
    "text",
    [
        "datetime.now(UTC)",
        "asyncio.sleep(1)",
        "open('file')",
        "hash(name)",
        "[x for x in set(a)]",
        "from asyncio import sleep",
        "global a",
    ],
)
def test_what_differs_is_found(text: str) -> None:
    assert list(find_unrepeatable(ast.parse(text)))


def test_the_time_of_the_run_is_its_own() -> None:
    assert not list(find_unrepeatable(ast.parse("workflow.now() - asyncio.Lock().id")))
