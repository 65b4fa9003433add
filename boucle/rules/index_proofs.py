"""What the values of single facts prove of a compiled expression, before any engine is asked.

An expression is settled in one of several ways, each by one fact or by a few together; every fact is
asked alone, for what its value proves. The expressions are T and F as the compiler emits them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from typing import Any, NamedTuple

from pydantic import JsonValue

from boucle.rules.value import Value

MOST_WAYS = 8
"""An expression that is settled in more ways is left to the engine."""


class Test(NamedTuple):
    """One operator over a fact, which stands at `place` among the constants; `holds`, or fails."""

    operator: str
    arguments: tuple[Any, ...]
    place: int
    holds: bool


class Every(Value):
    """Given where each of the parts is."""

    every: tuple[Proof, ...]


class Some(Value):
    """Given where at least one of the parts is."""

    some: tuple[Proof, ...]


Proof = Test | Every | Some
"""What must be so of one fact's value."""

Way = Mapping[str, Proof]
"""One way of settling an expression: by fact, what must be so of each."""


class Ways(NamedTuple):
    """Each way is enough; `complete`: there is no other. At most one of them is a fact's own."""

    ways: Sequence[Way]
    complete: bool


_NO_WAY = Ways((), complete=False)


Seen = dict[tuple[str, bool], Ways]
"""What was found before: conditions share most of their parts."""


def find_ways(expression: JsonValue, seen: Seen, *, holds: bool) -> Ways:
    """In which ways facts make the expression hold (or fail), whatever all others are."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return _NO_WAY
    ((symbol, arguments),) = expression.items()
    if not isinstance(arguments, list):
        return _NO_WAY
    if symbol == "!":
        return find_ways(arguments[0], seen, holds=not holds)
    if symbol in {"and", "or"}:
        found = [_recall(argument, seen, holds=holds) for argument in arguments]
        return _need_all(found) if (symbol == "and") is holds else _need_one(found)
    return _read_test(symbol, arguments, holds=holds)


def _recall(expression: JsonValue, seen: Seen, *, holds: bool) -> Ways:
    key = (repr(expression), holds)
    ways = seen.get(key)
    if ways is None:
        ways = seen[key] = find_ways(expression, seen, holds=holds)
    return ways


def _need_one(found: Sequence[Ways]) -> Ways:
    """What a single fact proves in several ways is one way."""
    alone: dict[str, tuple[Proof, ...]] = {}
    shared: list[Way] = []
    for way in (way for ways in found for way in ways.ways):
        if len(way) > 1:
            shared.append(way)
            continue
        ((fact, proof),) = way.items()
        alone[fact] = (*alone.get(fact, ()), proof)
    own = [{fact: _join(Some, proofs)} for fact, proofs in alone.items()]
    return Ways([*own, *shared], all(ways.complete for ways in found))


def _need_all(found: Sequence[Ways]) -> Ways:
    """One way of each part, in every combination; none where one part has none."""
    if _count(found) > MOST_WAYS:
        return _NO_WAY
    combined = [_combine(ways) for ways in product(*(part.ways for part in found))]
    one = _need_one([Ways(combined, complete=True)])
    return Ways(one.ways, all(ways.complete for ways in found))


def _count(found: Sequence[Ways]) -> int:
    return prod(len(part.ways) for part in found)


def _combine(ways: Sequence[Way]) -> Way:
    together: dict[str, tuple[Proof, ...]] = {}
    for fact, proof in (item for way in ways for item in way.items()):
        together[fact] = (*together.get(fact, ()), proof)
    return {fact: _join(Every, proofs) for fact, proofs in together.items()}


def _join(kind: type[Every | Some], proofs: tuple[Proof, ...]) -> Proof:
    return proofs[0] if len(proofs) == 1 else kind(proofs)


def _read_test(symbol: str, arguments: list[JsonValue], *, holds: bool) -> Ways:
    """A test of one fact; nothing where it is none, or reads what is no fact (`@` is in its name)."""
    names = [(place, one.get("var")) for place, one in enumerate(arguments) if isinstance(one, dict)]
    if symbol not in _OPERATORS or len(names) != 1:
        return _NO_WAY
    ((place, name),) = names
    if not isinstance(name, str) or "@" in name:
        return _NO_WAY
    constants = [tuple(one) if isinstance(one, list) else one for one in arguments]
    constants[place] = None
    return Ways(({name: Test(symbol, tuple(constants), place, holds)},), complete=True)


# -- whether it is so ---------------------------------------------------------------------------

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "===": operator.eq,
    "!==": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda one, many: one in many,
}
_TELLS_NULL = frozenset({"===", "!=="})


def is_given(proof: Proof, value: Any) -> bool | None:
    """Whether a fact's encoded value, None where it is unknown, is such as the proof asks for.

    None where that cannot be said: an unknown value is compared, which no guarded expression does and
    engines differ on, or values of two types, which no checked rule does and engines refuse.
    """
    match proof:
        case Every():
            answers = {is_given(part, value) for part in proof.every}
            return False if False in answers else None if None in answers else True
        case Some():
            answers = {is_given(part, value) for part in proof.some}
            return True if True in answers else None if None in answers else False
        case Test():
            return _compare(proof, value)


def _compare(test: Test, value: Any) -> bool | None:
    if value is None and test.operator not in _TELLS_NULL:
        return None
    arguments = (*test.arguments[: test.place], value, *test.arguments[test.place + 1 :])
    compare = _OPERATORS[test.operator]
    try:
        return all(compare(one, other) for one, other in pairwise(arguments)) is test.holds
    except TypeError:
        return None


def list_constants(proof: Proof) -> Iterator[Hashable]:
    """What the fact's value is compared with, in any order, the null of the guards included."""
    match proof:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from list_constants(part)
        case Test():
            for argument in proof.arguments:
                yield from argument if isinstance(argument, tuple) else (argument,)
