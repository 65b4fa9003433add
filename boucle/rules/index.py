"""The index that stands before the rule engine: from the values of facts it proves conditions *not true*.

`nps in 0..6 and …` is false wherever the score is known and lies outside, and cannot be true where the
score is unknown, whatever the rest says. So a condition is

- *false*, where the facts prove that F ("is false") holds;
- *undecided*, where they prove that T ("is true") fails, and the ways in which F could hold are all
  known, and none is given;
- *open* otherwise: the engine is asked. Only the engine ever says that a condition is true.

An unknown fact proves what T and F say of it (`is known`, `if_unknown: false`), and nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import JsonValue

from boucle.rules.index_proofs import Proof, Seen, Way, Ways, find_ways, is_given, list_constants

REMEMBERED = 4_096
"""For so many values of a fact the index keeps what they prove; this bounds its memory."""

MOST_SHARED = 2
"""So many ways of several facts are kept of an expression; each costs a little at every response."""

MOST_SHARING = 3
"""So many facts may share a way."""

_DOUBT, _UNTRUE, _FALSE, _PLANES = range(4)


class Sides(NamedTuple):
    """The two expressions of a condition, T and F."""

    true: JsonValue
    false: JsonValue


class Index:
    """What the values of facts prove of a row of conditions. Safe to share among threads.

    A set of conditions is an integer whose binary digits, read from the left, stand for the row. Such
    sets stand side by side in one larger integer, each in a plane of its own: F is in doubt, T fails,
    F holds, and further planes for ways that several facts share, one a fact. What the value of a fact
    proves is one such integer, so that the facts are put together by `or` alone.
    """

    def __init__(self, row: Sequence[Sides]) -> None:
        self._size = len(row)
        self._all = (1 << self._size) - 1
        self._start = 0
        self._by_fact: defaultdict[str, _Proved] = defaultdict(_Proved)
        self._sharing: dict[tuple[int, int], tuple[int, ...]] = {}
        seen: Seen = {}
        for number, sides in enumerate(row):
            bit = 1 << (self._size - 1 - number)
            complete = self._add(find_ways(sides.false, seen, holds=True), _FALSE, bit)
            self._start |= 0 if complete else bit
            self._add(find_ways(sides.true, seen, holds=False), _UNTRUE, bit)
        self._facts = tuple(self._by_fact.items())
        self._shared = tuple((plane, *shifts) for (plane, _), shifts in self._sharing.items())

    def _add(self, ways: Ways, plane: int, bit: int) -> bool:
        """Enter the ways in which one side of the condition is settled; whether they are all entered."""
        single = [way for way in ways.ways if len(way) == 1]
        shared = [way for way in ways.ways if 1 < len(way) <= MOST_SHARING][:MOST_SHARED]
        doubted = bit if plane == _FALSE else 0
        for way in single:
            self._enter(way, (plane * self._size,), bit, doubted)
        for number, way in enumerate(shared):
            self._enter(way, self._share(plane, number), bit, doubted)
        return ways.complete and len(single) + len(shared) == len(ways.ways)

    def _share(self, plane: int, number: int) -> tuple[int, ...]:
        """By how much the planes are shifted in which a condition's way of several facts is entered."""
        first = _PLANES + MOST_SHARING * len(self._sharing)
        shifts = tuple(one * self._size for one in range(first, first + MOST_SHARING))
        return self._sharing.setdefault((plane, number), shifts)

    def _enter(self, way: Way, shifts: tuple[int, ...], bit: int, doubted: int) -> None:
        for (fact, proof), shift in zip(way.items(), shifts, strict=False):
            self._by_fact[fact].add(proof, given=bit << shift, doubted=doubted)
        for shift in shifts[len(way) :]:
            self._start |= bit << shift

    def settle(self, known: Mapping[str, JsonValue]) -> tuple[int, int]:
        """The undecided and the open conditions over the known, encoded facts; all others are false."""
        proved = self._start
        find: Callable[[str], Any] = known.get
        for fact, proved_by in self._facts:
            value = find(fact)
            proved |= proved_by[tuple(value) if value.__class__ is list else value]
        settled = [proved, proved >> self._size, proved >> 2 * self._size]
        for plane, one, other, third in self._shared:
            settled[plane] |= (proved >> one) & (proved >> other) & (proved >> third)
        not_false = self._all & ~settled[_FALSE]
        undecided = not_false & settled[_UNTRUE] & ~proved
        return undecided, not_false ^ undecided

    def list_places(self, conditions: int) -> list[int]:
        """The places in the row, in order, of a set of conditions."""
        digits = bin(self._all + 1 | conditions)  # a digit before the first keeps the leading zeros
        places = []
        at = digits.find("1", 3)
        while at > 0:
            places.append(at - 3)
            at = digits.find("1", at + 1)
        return places


_OTHER_WORD = object()


class _Proved(dict[Hashable, int]):
    """For each value of a fact what it proves, worked out when it is first asked for.

    Numbers between the same two constants prove the same, and so do all words that no proof names. No
    such word is kept: it may be a person's.
    """

    def __init__(self) -> None:
        super().__init__()
        self._proofs: dict[Proof, tuple[int, int]] = {}
        self._cells: dict[Hashable, int] = {}

    def add(self, proof: Proof, *, given: int, doubted: int) -> None:
        """What is so where the proof is given, and where that cannot be said."""
        before = self._proofs.get(proof, (0, 0))
        self._proofs[proof] = (before[0] | given, before[1] | doubted)

    @cached_property
    def _constants(self) -> tuple[list[int], frozenset[str]]:
        constants = {constant for proof in self._proofs for constant in list_constants(proof)}
        words = frozenset(constant for constant in constants if isinstance(constant, str))
        return sorted(constant for constant in constants if isinstance(constant, int)), words

    def __missing__(self, value: Hashable) -> int:
        cell = self._find_cell(value)
        proved = self._cells.get(cell)
        if proved is None:
            proved = self._work_out(value)
            _remember(self._cells, cell, proved)
        if cell is not _OTHER_WORD:
            _remember(self, value, proved)
        return proved

    def _find_cell(self, value: Hashable) -> Hashable:
        numbers, words = self._constants
        match value:
            case int():
                return bisect_left(numbers, value) + bisect_right(numbers, value)
            case str():
                return value if value in words else _OTHER_WORD
            case tuple():
                return words.intersection(value)
            case _:
                return value

    def _work_out(self, value: Hashable) -> int:
        proved = 0
        for proof, (given, doubted) in self._proofs.items():
            answer = is_given(proof, value)
            proved |= given if answer else doubted if answer is None else 0
        return proved


def _remember(answers: dict[Hashable, int], key: Hashable, proved: int) -> None:
    if len(answers) < REMEMBERED:
        answers[key] = proved
