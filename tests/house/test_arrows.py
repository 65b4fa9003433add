"""Arrows point down: what each room may import, and why."""

from __future__ import annotations

import sys

import pytest

from tests.house.source_tree import Module, imports, modules

LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"cli"}),
    frozenset({"registry"}),
    frozenset({"demo"}),
    frozenset({"commands"}),
    frozenset({"local"}),
    frozenset({"web", "worker"}),
    frozenset({"intake"}),
    frozenset({"workflows"}),
    frozenset({"activities"}),
    frozenset({"engine"}),
    frozenset({"rules"}),
    frozenset({"settings_file"}),
    frozenset({"settings"}),
    frozenset({"working_time"}),
    frozenset({"standing", "decision", "terms"}),
    frozenset({"model"}),
    frozenset({"errors"}),
)
SETTINGS = frozenset({"settings", "settings_file"})
EDGES = frozenset({"cli", "registry", "commands", "demo", "local", "web", "worker"})


def _level(room: str) -> int:
    for number, rooms in enumerate(LEVELS):
        if room in rooms:
            return number
    raise AssertionError(f"boucle/{room} has no place in the house; give it one in LEVELS")


def _room(dotted: str) -> str:
    return dotted.split(".")[1]


def _ours(module: Module) -> list[tuple[str, int]]:
    return [(name, line) for name, line in imports(module) if name.startswith("boucle.")]


def _inside() -> list[Module]:
    return [module for module in modules() if module.room != "boucle"]


def test_arrows_point_down() -> None:
    wrong = [
        f"{module.path}:{line} imports {name}; move what it needs down, or the caller up"
        for module in _inside()
        for name, line in _ours(module)
        if _room(name) != module.room and _level(_room(name)) <= _level(module.room)
    ]
    assert not wrong, "\n".join(wrong)


def test_settings_are_read_by_the_edges_only() -> None:
    wrong = [
        f"{module.path}:{line} reads the settings; take what it needs as an argument"
        for module in _inside()
        for name, line in _ours(module)
        if _room(name) in SETTINGS and module.room not in EDGES | SETTINGS
    ]
    assert not wrong, "\n".join(wrong)


INSIDE_RULES = ("strict_yaml", "language", "declarations", "writing", "analysis", "testing")
"""The rooms inside `rules/` that read, examine and write rules, each above those before it."""
OPENINGS = frozenset({"boucle.rules.workspace", "boucle.rules.mistakes", "boucle.rules.report"})
"""The modules of `rules/` through which texts are read and their mistakes told."""


def _inner_level(name: str) -> int:
    """0 for the modules that compile and decide."""
    parts = name.split(".")
    inner = parts[2] if len(parts) > 3 else ""
    return INSIDE_RULES.index(inner) + 1 if inner in INSIDE_RULES else 0


def test_what_decides_needs_nothing_of_what_reads_or_examines_rules() -> None:
    wrong = [
        f"{module.path}:{line} imports {name}; what decides lies below, and what reads below what examines"
        for module in modules()
        if module.room == "rules" and module.name not in OPENINGS
        for name, line in _ours(module)
        if name.startswith("boucle.rules.") and _inner_level(name) > _inner_level(module.name)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("room", "forbidden", "instead"),
    [
        ("rules", {"sqlmodel", "sqlalchemy", "temporalio", "httpx"}, "rules are pure"),
        ("engine", {"temporalio"}, "the engine must work when Temporal is down"),
        ("intake", {"temporalio", "sqlmodel", "sqlalchemy"}, "adapters make values, edges store them"),
        ("model", {"sqlmodel", "temporalio", "yaml"}, "every level speaks these types"),
    ],
)
def test_a_room_keeps_its_libraries(room: str, forbidden: set[str], instead: str) -> None:
    wrong = [
        f"{module.path}:{line} imports {name}: {instead}"
        for module in modules()
        if module.room == room
        for name, line in imports(module)
        if name.split(".")[0] in forbidden
    ]
    assert not wrong, "\n".join(wrong)


def test_plays_import_little() -> None:
    """A play is replayed: what it imports must not change its meaning from one run to the next."""
    allowed = {"temporalio", "pydantic", "pydantic_core", "boucle", *sys.stdlib_module_names}
    ours = {"model", "standing", "terms", "workflows", "activities"}
    wrong = [
        f"{module.path}:{line} imports {name}; a play knows its model, its steps and its activities"
        for module in modules()
        if module.room == "workflows"
        for name, line in imports(module)
        if name.split(".")[0] not in allowed or (name.startswith("boucle.") and _room(name) not in ours)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_import_cycles() -> None:
    graph = {module.name: {name for name, _ in _ours(module)} for module in modules()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, "import cycle: " + " → ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in sorted(graph.get(name, set()) - {name}):
                visit(target, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
