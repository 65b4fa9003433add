"""How large conditions are with their definitions expanded, and whether definitions go in circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from boucle.errors import Mistake, Place
from boucle.rules.condition import And, Contains, Defined, Expr, Has, Not, OneOf, Or
from boucle.rules.language.condition_mistakes import Cycle, TooComplex
from boucle.rules.ruleset import Definition
from boucle.rules.value import Value
from boucle.rules.worded import shortened

MAX_NODES = 2_000
MAX_DEPTH = 100
_COUNTED = 1_000_000


class Size(Value):
    """The nodes of a condition, and how deep they nest."""

    nodes: int
    depth: int


def order_definitions(definitions: Mapping[str, Definition]) -> tuple[list[str], list[Mistake]]:
    """The names, each after those it rests on; what rests on itself is left out and reported."""
    left = dict(definitions)
    mistakes: list[Mistake] = []
    while True:
        graph = {name: sorted(_rests_on(left[name].when) & left.keys()) for name in left}
        try:
            return list(TopologicalSorter(graph).static_order()), mistakes
        except CycleError as error:
            path = list(reversed(error.args[1]))
            first = min(path, key=lambda name: left[name].place)
            shown = shortened(" → ".join(path))
            mistakes.append(Cycle(left[first].place, first, shown))
            del left[first]


def measure(expr: Expr, sizes: Mapping[str, Size]) -> Size:
    """The size of a condition; `sizes` are those of the definitions. A built-in one is an atom.

    A name counts as a level above what it names: whoever walks down the condition walks through it.
    """
    match expr:
        case And() | Or():
            parts = [measure(part, sizes) for part in expr.parts]
            nodes = min(1 + sum(part.nodes for part in parts), _COUNTED)
            return Size(nodes, 1 + max(part.depth for part in parts))
        case Not():
            part = measure(expr.part, sizes)
            return Size(1 + part.nodes, 1 + part.depth)
        case Defined() if expr.name in sizes:
            named = sizes[expr.name]
            return Size(named.nodes, 1 + named.depth)
        case OneOf() | Has() | Contains():
            constants = expr.values if isinstance(expr, OneOf) else ()
            constants = expr.members if isinstance(expr, Has) else constants
            constants = expr.needles if isinstance(expr, Contains) else constants
            return Size(1 + len(constants), 1)
        case _:
            return Size(1, 1)


def check_size(size: Size, place: Place) -> Mistake | None:
    """The mistake of a condition beyond the limits."""
    if size.nodes > MAX_NODES:
        return TooComplex(place, f"has {size.nodes} parts with its definitions", MAX_NODES)
    if size.depth > MAX_DEPTH:
        return TooComplex(place, f"nests {size.depth} deep with its definitions", MAX_DEPTH)
    return None


def _rests_on(expr: Expr) -> set[str]:
    return set(_defined(expr))


def _defined(expr: Expr) -> Iterator[str]:
    match expr:
        case And() | Or():
            for part in expr.parts:
                yield from _defined(part)
        case Not():
            yield from _defined(expr.part)
        case Defined():
            yield expr.name
        case _:
            return
