"""The truth values of many conditions over many cells, each condition evaluated once for its own facts.

A cell is named here by its choice: the number of the class taken on each axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from boucle.model import Truth
from boucle.rules.analysis.axes import Axis
from boucle.rules.analysis.bonds import Bond, list_bonds
from boucle.rules.analysis.partition import Asked, Cell, Partition, compile_asked
from boucle.rules.catalogue import Catalogue
from boucle.rules.evaluation import Evaluator
from boucle.rules.expressions import list_atoms

Choice = Sequence[int]


@dataclass(frozen=True)
class Reader:
    """Who evaluates the cells: conditions of a catalogue, and how it reads what a cell holds."""

    catalogue: Catalogue
    asked: Sequence[Asked]
    read: Callable[[Cell], Cell]


@dataclass
class _Table:
    """What one condition says, by the classes of the facts that it reads; filled when asked."""

    evaluator: Evaluator
    read: Callable[[Cell], Cell]
    axes: tuple[Axis, ...]
    places: tuple[int, ...]
    known: dict[tuple[int, ...], Truth] = field(default_factory=dict)

    def tell(self, choice: Choice) -> Truth:
        key = tuple([choice[place] for place in self.places])
        truth = self.known.get(key)
        if truth is None:
            truth = self.known[key] = self.evaluator.evaluate(self.read(_cell(self.axes, key)))[0]
        return truth


class Tables:
    """The conditions of a partition, in their order; with a `reader`, its conditions instead."""

    def __init__(self, found: Partition, reader: Reader | None = None) -> None:
        reader = reader or Reader(found.catalogue, found.asked, lambda cell: cell)
        self.axes = found.axes
        self.bonds = found.bonds
        self.catalogue = found.catalogue
        self.rows = tuple(_make_table(reader, one, found.axes) for one in reader.asked)

    def cell(self, choice: Choice) -> Cell:
        """The cell's representative."""
        return _cell(self.axes, choice)

    def choose(self, cell: Cell) -> list[int]:
        """The choice whose representative a cell is."""
        return [axis.values.index(cell.get(axis.fact.name)) for axis in self.axes]

    def choices_where(self, count: int) -> Iterator[Choice]:
        """Every cell that can occur and in which the first `count` conditions are true.

        Their own facts are looked at first, which mostly leaves little else to look at.
        """
        own = sorted({place for row in self.rows[:count] for place in row.places})
        rest = [place for place in range(len(self.axes)) if place not in own]
        order = [*own, *rest]
        back = [order.index(place) for place in range(len(self.axes))]
        inner = self._ranges(rest)
        bonds = list_bonds(self.catalogue, (self.axes[place].fact.name for place in own))
        blank = [0] * len(rest)
        for outer in product(*self._ranges(own)):
            first = [(*outer, *blank)[place] for place in back]
            if self._are_true(first, count) and self._can_occur([self.axes[at] for at in own], outer, bonds):
                for more in product(*inner):
                    whole = (*outer, *more)
                    choice = [whole[place] for place in back]
                    if self._can_occur(self.axes, choice, self.bonds):
                        yield choice

    def truths(self, choice: Choice) -> tuple[Truth, ...]:
        """The truth value of each condition in a cell."""
        return tuple([row.tell(choice) for row in self.rows])

    def _ranges(self, places: Sequence[int]) -> list[range]:
        return [range(len(self.axes[place].classes)) for place in places]

    def _are_true(self, choice: Choice, count: int) -> bool:
        return all(row.tell(choice) == "true" for row in self.rows[:count])

    def _can_occur(self, axes: Sequence[Axis], choice: Choice, bonds: Sequence[Bond]) -> bool:
        return not bonds or all(bond.holds(_cell(axes, choice)) for bond in bonds)


def _make_table(reader: Reader, asked: Asked, axes: tuple[Axis, ...]) -> _Table:
    atoms = list(list_atoms(asked.when, asked.definitions))
    facts = {atom.fact for atom in atoms}
    places = tuple(place for place, axis in enumerate(axes) if axis.fact.name in facts)
    evaluator = Evaluator([compile_asked(reader.catalogue, asked)], atoms)
    return _Table(evaluator, reader.read, tuple(axes[place] for place in places), places)


def _cell(axes: Sequence[Axis], choice: Choice) -> Cell:
    values = ((axis.fact.name, axis.values[number]) for axis, number in zip(axes, choice, strict=True))
    return {name: value for name, value in values if value is not None}
