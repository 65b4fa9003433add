"""House rules, each with its reason and the right alternative."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.source_tree import ROOT, Module, calls, modules, python_files

EDGES = frozenset({"cli", "commands", "demo", "local", "web", "worker"})
CLOCKS = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|monotonic|perf_counter|sleep))$"
)


def _in_rooms(*rooms: str) -> Iterator[Module]:
    return (module for module in modules() if module.room in rooms)


def test_no_clock_below_the_edges() -> None:
    """A decision or a deadline must come out the same when it is replayed years later."""
    wrong = [
        f"{module.path}:{line} calls {name}(); take the instant as the argument `at`"
        for module in _in_rooms("rules", "engine", "activities", "workflows", "intake")
        for name, line in calls(module)
        if CLOCKS.search(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_activity_is_interrupted() -> None:
    """A thread that is stopped in a transaction could keep what others wait for; it ends soon by itself."""
    wrong = [
        f"{module.path}:{node.lineno} {node.name}: write @activity.defn(no_thread_cancel_exception=True)"
        for module in _in_rooms("activities")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(one).startswith("activity.defn") for one in node.decorator_list)
        and "activity.defn(no_thread_cancel_exception=True)" not in map(ast.unparse, node.decorator_list)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_commit_below_the_edges() -> None:
    """A session is committed once, by whoever opened it: the command, the request, the activity."""
    wrong = [
        f"{module.path}:{line} calls {name}(); let the caller commit"
        for module in _in_rooms("rules", "engine", "intake", "workflows")
        for name, line in calls(module)
        if name.endswith(".commit")
    ]
    assert not wrong, "\n".join(wrong)


def _broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return bool(
        {"Exception", "BaseException"} & {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)}
    )


def test_broad_except_stands_at_the_edges_only() -> None:
    """What is caught blindly is an error that nobody sees; name what can be mended."""
    wrong = [
        f"{module.path}:{node.lineno} catches everything; name the errors that can be handled here"
        for module in modules()
        if module.room not in EDGES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _broad(node)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("table", "owner"), [("LedgerEvent", "boucle/engine/ledger.py"), ("CaseRow", "boucle/engine/cases.py")]
)
def test_one_module_writes_a_table(table: str, owner: str) -> None:
    """One place for each kind of row: whoever else needs it calls that place."""
    wrong = [
        f"{module.path}:{line} makes a {table}; call {owner}"
        for module in modules()
        if module.path != owner
        for name, line in calls(module)
        if name.split(".")[-1] == table
    ]
    assert not wrong, "\n".join(wrong)


def test_every_silenced_check_says_why() -> None:
    """An exception without a reason is a debt that nobody can pay back."""
    silenced = re.compile(r"#\s*(noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[^\]]+\])(?P<why>.*)$")
    wrong = []
    for path in python_files("boucle", "tests", "benchmarks"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"#\s*(noqa|type:\s*ignore)", line):
                found = silenced.search(line)
                if found is None or not re.search(r"[a-z]{3}", found["why"]):
                    wrong.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")
    assert not wrong, "name the check and say why:\n" + "\n".join(wrong)


def test_no_vague_file_names() -> None:
    """A file is named by its one subject."""
    vague = {"utils", "util", "helpers", "helper", "service", "services", "manager", "common", "misc"}
    wrong = [str(p.relative_to(ROOT)) for p in python_files("boucle", "tests") if p.stem in vague]
    assert not wrong, wrong


def test_packages_are_empty_or_the_list_of_something() -> None:
    """A reader finds a name where it is defined, not where it is handed on."""
    rooms = ("activities", "engine/acts", "intake", "workflows")
    lists = {f"boucle/{room}/__init__.py" for room in rooms}
    wrong = [
        module.path
        for module in modules()
        if module.path.endswith("__init__.py") and module.path not in lists and module.tree.body
    ]
    assert not wrong, wrong
