"""Where conditions hold: every condition of a rule set as a region over the cells of all its facts.

The expressions T and F are those of the compiler, and what they say of one fact's classes is asked of
the production evaluator; only `and`, `or` and `!` are put together here. A region is exact: it is the
set of cells, and a search in it is an enumeration of them that leaves out what cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from pydantic import JsonValue

from boucle.rules.analysis.axes import list_axes
from boucle.rules.analysis.bonds import Bond, list_bonds
from boucle.rules.analysis.grid import Grid, Region
from boucle.rules.bundle import Bundle
from boucle.rules.condition import Atom
from boucle.rules.encoding import FOLDED
from boucle.rules.evaluation import Condition, Evaluator
from boucle.rules.logic import PERSONAL, Vocabulary, is_true, personal_key

_MOST_CLASSES = 8_192
"""Of one fact: thirteen members of a set, each asked for alone."""


class Space:
    """The facts of some atoms, and the regions of the conditions that are made of them."""

    def __init__(self, bundle: Bundle, atoms: Iterable[Atom]) -> None:
        """`atoms` as the bundle holds them. TooManyError where one fact has too many classes."""
        self.bundle = bundle
        self.atoms = {atom.text: atom for atom in atoms}
        self.axes = list_axes(bundle.catalogue, self.atoms.values(), most=_MOST_CLASSES)
        self.numbers = {axis.fact.name: number for number, axis in enumerate(self.axes)}
        self.grid = Grid([len(axis.classes) for axis in self.axes])
        self._owners = {f"{PERSONAL}.{personal_key(atom.text)}": atom.fact for atom in self.atoms.values()}
        self._leaves: dict[str, tuple[int, int]] = {}
        self._regions: dict[tuple[str, bool], Region] = {}

    # -- conditions

    def learn(self, logic: Iterable[JsonValue]) -> None:
        """Ask the evaluator about every part of these expressions that reads one fact."""
        by_fact: dict[str, dict[str, JsonValue]] = {}
        for leaf in (leaf for one in logic for leaf in _leaves(one)):
            name = repr(leaf)
            if name not in self._leaves:
                by_fact.setdefault(self._fact_of(leaf), {})[name] = leaf
        for fact, leaves in by_fact.items():
            masks = self._masks(fact, [*leaves.values()])
            number = self.numbers[fact]
            self._leaves.update((name, (number, mask)) for name, mask in zip(leaves, masks, strict=True))

    def where(self, logic: JsonValue) -> Region:
        """The cells in which an expression is true."""
        return self._remembered(logic, positive=True)

    def where_not(self, logic: JsonValue) -> Region:
        """The cells in which an expression is not true."""
        return self._remembered(logic, positive=False)

    def _remembered(self, logic: JsonValue, *, positive: bool) -> Region:
        key = repr(logic), positive
        if key not in self._regions:
            self.learn([logic])
            self._regions[key] = self._region(logic, positive=positive)
        return self._regions[key]

    def _region(self, logic: JsonValue, *, positive: bool) -> Region:
        match logic:
            case {"and": list(parts)} | {"or": list(parts)}:
                every = (isinstance(logic, dict) and "and" in logic) == positive
                regions = [self._region(part, positive=positive) for part in parts]
                return self._every(regions) if every else self._some(regions)
            case {"!": [part]}:
                return self._region(part, positive=not positive)
            case _:
                return self._leaf(logic, positive=positive)

    def _leaf(self, leaf: JsonValue, *, positive: bool) -> Region:
        axis, mask = self._leaves[repr(leaf)]
        box = self.grid.box(axis, mask if positive else ~mask & (1 << self.grid.sizes[axis]) - 1)
        return [] if self.grid.is_empty(box) else [box]

    def _every(self, regions: list[Region]) -> Region:
        found: Region = [self.grid.everything]
        for region in sorted(regions, key=len):
            found = self.grid.meet(found, region)
        return found

    def _some(self, regions: list[Region]) -> Region:
        return self.grid.tidy([box for region in regions for box in region])

    # -- one fact

    def _fact_of(self, leaf: JsonValue) -> str:
        name = next(_vars(leaf))
        return self._owners.get(name) or name.removesuffix(FOLDED)

    def _masks(self, fact: str, leaves: Sequence[JsonValue]) -> Iterator[int]:
        """For each leaf the classes of the fact in which it is true."""
        atoms = self._atoms_of(fact)
        rows_of = [Condition(atoms[0], leaf, {"!": [leaf]}) for leaf in leaves]
        evaluator = Evaluator(rows_of, atoms, indexed=False)
        personal = self.bundle.catalogue.facts[fact].pii
        rows = []
        for value in self.axes[self.numbers[fact]].values:
            known = {} if value is None else {fact: value}
            truths = self.bundle.personal_atoms.evaluate(known) if personal else ()
            said = dict(zip(self.bundle.personal, truths, strict=True)) if personal else {}
            rows.append(evaluator.evaluate({} if personal else known, said))
        for number in range(len(leaves)):
            yield sum(1 << at for at, row in enumerate(rows) if row[number] == "true")

    def _atoms_of(self, fact: str) -> list[Atom]:
        return [atom for atom in self.atoms.values() if atom.fact == fact]

    def atom_masks(self, fact: str) -> dict[str, int]:
        """For each atom on a fact, by its text, the classes in which it is true."""
        words = Vocabulary(self.bundle.catalogue.facts, {})
        regions = {atom.text: self.where(is_true(atom, words)) for atom in self._atoms_of(fact)}
        axis = self.numbers[fact]
        return {text: sum(self.grid.mask(box, axis) for box in boxes) for text, boxes in regions.items()}

    # -- what can occur

    @cached_property
    def impossible(self) -> Region:
        """The cells that no response lies in, because facts are known only together."""
        bonds = list_bonds(self.bundle.catalogue, self.numbers)
        return [box for bond in bonds for box in self._broken(bond)]

    def _broken(self, bond: Bond) -> Iterator[int]:
        first, *others = sorted(bond.facts)
        if bond.told_by:
            others, told = [first, *others], self._mask(bond.told_by, lambda value: value is True)
        else:
            told = self.known(first)
        teller = self.numbers[bond.told_by or first]
        for other in others:
            known = self.known(other)
            yield self._pair(teller, told, self.numbers[other], ~known)
            yield self._pair(teller, ~told, self.numbers[other], known)

    def _pair(self, one: int, mask: int, other: int, other_mask: int) -> int:
        full, other_full = (1 << self.grid.sizes[one]) - 1, (1 << self.grid.sizes[other]) - 1
        return self.grid.box(one, mask & full) & self.grid.box(other, other_mask & other_full)

    def known(self, fact: str) -> int:
        """The classes in which a fact is known."""
        return self._mask(fact, lambda value: value is not None)

    def _mask(self, fact: str, chosen: Callable[[JsonValue], bool]) -> int:
        values = self.axes[self.numbers[fact]].values
        return sum(1 << at for at, value in enumerate(values) if chosen(value))

    def find_outside(self, region: Region, covers: Iterable[int]) -> int | None:
        """Cells of a region that can occur and lie in none of the covers, as a box; None: there are none.

        TooLargeError where the search takes too long.
        """
        return self.grid.find_outside(region, [*self.impossible, *covers])

    def first_cell(self, box: int) -> dict[str, JsonValue]:
        """The first cell of a box with every fact; one left out is unknown."""
        cell = self.grid.first_cell(box)
        classes = ((axis, self.grid.mask(cell, number)) for number, axis in enumerate(self.axes))
        values = {axis.fact.name: axis.values[mask.bit_length() - 1] for axis, mask in classes}
        return {name: value for name, value in values.items() if value is not None}

    def represent(self, box: int) -> dict[str, JsonValue]:
        """One cell of a box by its facts, None where one is unknown.

        A fact that may have any value, or be unknown, is left out.
        """
        first = self.grid.first_cell(box)
        found: dict[str, JsonValue] = {}
        for number, axis in enumerate(self.axes):
            free = box & self.grid.fields[number] == self.grid.fields[number]
            value = axis.values[self.grid.mask(first, number).bit_length() - 1]
            if not free:
                found[axis.fact.name] = value
        return found


def _leaves(logic: JsonValue) -> Iterator[JsonValue]:
    match logic:
        case {"and": list(parts)} | {"or": list(parts)} | {"!": list(parts)}:
            for part in parts:
                yield from _leaves(part)
        case _:
            yield logic


def _vars(logic: JsonValue) -> Iterator[str]:
    match logic:
        case {"var": str(name)}:
            yield name
        case dict():
            for part in logic.values():
                yield from _vars(part)
        case list():
            for part in logic:
                yield from _vars(part)
        case _:
            return
