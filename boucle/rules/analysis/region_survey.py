"""A question with more cells than can be looked at one by one, answered by regions of them.

As exact as the partition: a region is the set of cells in which a condition holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from boucle.rules.analysis.grid import Region, TooLargeError
from boucle.rules.analysis.partition import Asked, Cell
from boucle.rules.analysis.questions import Outcome, Parts, Question, Survey
from boucle.rules.analysis.samples import TooManyError
from boucle.rules.analysis.space import Space
from boucle.rules.bundle import UNDECIDED
from boucle.rules.expressions import list_atoms, read_expression, write_expression
from boucle.rules.logic import Vocabulary, is_false, is_true


def survey_by_regions(question: Question) -> Survey | None:
    """Every outcome of a question; None where the regions are too large too, or cannot be laid out."""
    try:
        return Survey(dict(_Regions(question).examples()))
    except (TooLargeError, TooManyError):
        return None


class _Regions:
    def __init__(self, question: Question) -> None:
        self.question = question
        self.facts = question.bundle.catalogue.facts
        self.parts: Parts[Asked] = question.parts.map(self._normal)
        atoms = [atom for one in self.parts for atom in list_atoms(one.when, one.definitions)]
        personal = {atom.text for atom in atoms if self.facts[atom.fact].pii}
        if not personal.issubset(question.bundle.personal):
            raise TooLargeError  # the bundle cannot evaluate them apart
        self.space = Space(question.bundle, atoms)

    def _normal(self, asked: Asked) -> Asked:
        """The condition with the texts of its atoms as a bundle holds them."""
        when = read_expression(write_expression(asked.when, self.facts), self.facts)
        return Asked(when, asked.definitions)

    # -- regions

    def _true(self, asked: Asked) -> Region:
        return self.space.where(is_true(asked.when, Vocabulary(self.facts, asked.definitions)))

    def _false(self, asked: Asked) -> Region:
        return self.space.where(is_false(asked.when, Vocabulary(self.facts, asked.definitions)))

    def _not_false(self, asked: Asked) -> Region:
        return self.space.where_not(is_false(asked.when, Vocabulary(self.facts, asked.definitions)))

    def _not_true(self, asked: Asked) -> Region:
        return self.space.where_not(is_true(asked.when, Vocabulary(self.facts, asked.definitions)))

    def _meet(self, regions: Sequence[Region]) -> Region:
        found: Region = [self.space.grid.everything]
        for region in regions:
            found = self.space.grid.meet(found, region)
        return found

    # -- outcomes

    def examples(self) -> Iterator[tuple[Outcome, Cell]]:
        """Each outcome that can occur, with a cell."""
        given = self._meet([self._true(one) for one in self.parts.given])
        decided = self._meet([self._true(one) for one in self.parts.decides])
        yield from self._find(Outcome(None), given, decided)
        inside = self.space.grid.meet(given, decided)
        above = [box for one in self.parts.others for box in self._true(one)]
        for rule, asked in zip(self.question.competing, self.parts.rules, strict=True):
            holds = self._true(asked)
            yield from self._split(rule.id, self.space.grid.meet(inside, holds), above)
            above = [*above, *holds]
        yield from self._untaken(inside, above)

    def _untaken(self, inside: Region, above: Sequence[int]) -> Iterator[tuple[Outcome, Cell]]:
        """Where no rule is true: the fallback, or nothing."""
        if UNDECIDED not in self.question.plays:
            yield from self._find(Outcome(None), inside, above)
            return
        unsettled = [box for one in self.parts.rules for box in self._not_false(one)]
        asked = self._meet([self._true(one) for one in self.parts.fallback])
        yield from self._split(UNDECIDED, self._meet([inside, asked, unsettled]), above)
        settled = self._meet([self._false(one) for one in self.parts.rules])
        unasked = [box for one in self.parts.fallback for box in self._not_true(one)]
        yield from self._find(Outcome(None), self._meet([inside, [*settled, *unasked]]), above)

    def _split(self, taker: str, region: Region, above: Sequence[int]) -> Iterator[tuple[Outcome, Cell]]:
        """A taker's outcomes by the first gate that may hold it back."""
        suppressing = dict(zip(self.question.suppressions, self.parts.suppressions, strict=True))
        for one in self.question.obstacles[taker]:
            if one.where is None:
                yield from self._find(Outcome(taker, one.gate), region, above)
                return
            asked = suppressing[one.gate]
            blocked = [self._not_false(asked), *([] if "true" in one.where else [self._not_true(asked)])]
            free = [*self._false(asked), *([] if "true" in one.where else self._true(asked))]
            yield from self._find(Outcome(taker, one.gate), self._meet([region, *blocked]), above)
            region = self.space.grid.meet(region, free)
        yield from self._find(Outcome(taker), region, above)

    def _find(
        self, outcome: Outcome, region: Region, covers: Sequence[int]
    ) -> Iterator[tuple[Outcome, Cell]]:
        box = self.space.find_outside(region, covers)
        if box is not None:
            yield outcome, self.space.first_cell(box)
