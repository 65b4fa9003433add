"""The exact partition: a question's facts cut into cells in which no condition can change its mind.

Inside one cell every atom of the question has one truth value, so that one representative of each
cell, run through the evaluator that decides live, is a proof by exhaustion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from math import prod

from pydantic import JsonValue

from boucle.model import Truth
from boucle.rules.analysis.axes import Axis, list_axes
from boucle.rules.analysis.bonds import Bond, list_bonds
from boucle.rules.analysis.samples import MOST, TooManyError
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import Catalogue
from boucle.rules.condition import Expr
from boucle.rules.evaluation import Condition, Evaluator
from boucle.rules.expressions import list_atoms
from boucle.rules.logic import Vocabulary, is_false, is_true
from boucle.rules.ruleset import Definition
from boucle.rules.value import Value

Cell = Mapping[str, JsonValue]
"""The representative of a cell: encoded facts, personal ones too. A fact left out is unknown.

Only the facts of the question are in it; `complete` adds what a whole response must bring.
"""


class Asked(Value):
    """One condition of a question, and the definitions that it may name."""

    when: Expr
    definitions: Mapping[str, Definition]


class GaveUp(Value):
    """The answer to a question that has more cells than can be looked at: how many, at least."""

    cells: int


class Partition(Value):
    """The cells of a question.

    `axes` are its facts, each with the classes of values that no atom of the question tells apart;
    a cell is one class of each. `bonds` say which facts are known only together: no other cell occurs.
    """

    catalogue: Catalogue
    asked: tuple[Asked, ...]
    axes: tuple[Axis, ...]
    bonds: tuple[Bond, ...]

    @property
    def size(self) -> int:
        """How many cells there are, those that the bonds forbid counted too."""
        return prod(len(axis.classes) for axis in self.axes)

    def cells(self) -> Iterator[Cell]:
        """Every cell that can occur, by its representative."""
        names = [axis.fact.name for axis in self.axes]
        for values in product(*(axis.values for axis in self.axes)):
            cell = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            if all(bond.holds(cell) for bond in self.bonds):
                yield cell

    def truths(self, cell: Cell) -> tuple[Truth, ...]:
        """The truth value of each asked condition in a cell, by the production evaluator."""
        return self._evaluator.evaluate(cell)

    def all_truths(self) -> Iterator[tuple[Cell, tuple[Truth, ...]]]:
        """Every cell with the truth values of the asked conditions."""
        for cell in self.cells():
            yield cell, self.truths(cell)

    @cached_property
    def _evaluator(self) -> Evaluator:
        conditions = [compile_asked(self.catalogue, one) for one in self.asked]
        atoms = [atom for one in self.asked for atom in list_atoms(one.when, one.definitions)]
        return Evaluator(conditions, atoms)


def compile_asked(catalogue: Catalogue, asked: Asked) -> Condition:
    """A condition with its T and F, atoms on personal facts compiled in place."""
    words = Vocabulary(catalogue.facts, asked.definitions, inline=True)
    return Condition(asked.when, is_true(asked.when, words), is_false(asked.when, words))


def partition(catalogue: Catalogue, asked: Sequence[Asked]) -> Partition | GaveUp:
    """The cells over all facts that the asked conditions read; GaveUp beyond 200,000."""
    atoms = [atom for one in asked for atom in list_atoms(one.when, one.definitions)]
    try:
        axes = list_axes(catalogue, atoms)
    except TooManyError as error:
        return GaveUp(error.count)
    bonds = list_bonds(catalogue, [axis.fact.name for axis in axes])
    found = Partition(catalogue, tuple(asked), axes, bonds)
    return GaveUp(found.size) if found.size > MOST else found


def connect(asked: Sequence[Asked]) -> list[tuple[Asked, ...]]:
    """The conditions in groups that share no fact: what is asked of one says nothing of another."""
    groups: list[tuple[set[str], list[Asked]]] = []
    for one in asked:
        facts = {atom.fact for atom in list_atoms(one.when, one.definitions)}
        met = [group for group in groups if group[0] & facts]
        groups = [group for group in groups if not group[0] & facts]
        facts.update(*(group[0] for group in met))
        groups.append((facts, [*(member for group in met for member in group[1]), one]))
    return [tuple(members) for _, members in groups]


# -- a cell as a whole response -----------------------------------------------------------------


def complete(catalogue: Catalogue, cell: Cell) -> dict[str, JsonValue]:
    """The cell with a value for each fact that is always known, so that it can be decided on."""
    missing = [name for name, fact in catalogue.facts.items() if not fact.optional and name not in cell]
    added = {axis.fact.name: axis.values[0] for axis in list_axes(catalogue, (), missing)}
    for bond in list_bonds(catalogue, [*cell, *missing]):
        if bond.told_by in added:
            added[bond.told_by] = any(name in cell for name in bond.facts)
    return {**cell, **added}


def read_truths(bundle: Bundle, cells: Iterable[Cell]) -> Iterator[tuple[Truth, ...]]:
    """The truth values of every condition of a bundle, by slot, exactly as a decision reads them."""
    facts = bundle.catalogue.facts
    for cell in cells:
        personal = dict(zip(bundle.personal, bundle.personal_atoms.evaluate(cell), strict=True))
        known = {name: value for name, value in cell.items() if not facts[name].pii}
        yield bundle.conditions.evaluate(known, personal)
