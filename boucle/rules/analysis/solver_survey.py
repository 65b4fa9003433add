"""A question that is too large for partition and regions, answered by z3; each example is confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from boucle.rules.analysis.bonds import list_bonds
from boucle.rules.analysis.partition import Asked, Cell, GaveUp, compile_asked
from boucle.rules.analysis.questions import Outcome, Parts, Question, Survey, survey, tell_outcome
from boucle.rules.analysis.region_survey import survey_by_regions
from boucle.rules.analysis.solver import Pair, Solver, SolverGaveUpError, find_z3
from boucle.rules.bundle import UNDECIDED
from boucle.rules.encoding import encode
from boucle.rules.evaluation import Evaluator
from boucle.rules.expressions import list_atoms


def look(question: Question) -> Survey | GaveUp:
    """Every outcome of a question: cell by cell, else by regions of cells, else by z3.

    GaveUp, with the number of cells, where none of them can.
    """
    found = survey(question)
    if not isinstance(found, GaveUp):
        return found
    by_regions = survey_by_regions(question)
    if by_regions is not None or find_z3() is None:
        return by_regions or found
    try:
        return survey_by_solver(question)
    except SolverGaveUpError:
        return found


def survey_by_solver(question: Question) -> Survey:
    """Every outcome of a question, by z3; SolverGaveUpError where it reaches its limit of work."""
    return _Search(question).survey()


@dataclass(frozen=True)
class _Search:
    question: Question

    @cached_property
    def solver(self) -> Solver:
        return Solver(self.question.bundle.catalogue.facts)

    @cached_property
    def formulas(self) -> Parts[Pair]:
        return self.question.parts.map(lambda asked: self.solver.encode(asked.when, asked.definitions))

    @cached_property
    def evaluator(self) -> Evaluator:
        asked: list[Asked] = [*self.question.parts]
        atoms = [atom for one in asked for atom in list_atoms(one.when, one.definitions)]
        return Evaluator([compile_asked(self.question.bundle.catalogue, one) for one in asked], atoms)

    def survey(self) -> Survey:
        examples: dict[Outcome, Cell] = {}
        opaque: set[Outcome] = set()
        self.solver.assume(self._given())
        for outcome, formula in self._outcomes():
            facts = self.solver.find(formula)
            if facts is None:
                continue
            cell = encode(self.question.bundle.catalogue, facts)
            if self._occurs(outcome, cell):
                examples[outcome] = cell
            else:
                opaque.add(outcome)
        return Survey(examples, frozenset(opaque))

    def _occurs(self, outcome: Outcome, cell: Cell) -> bool:
        """Whether the production evaluator agrees that these facts have this outcome."""
        truths = self.question.parts.refill(self.evaluator.evaluate(cell))
        given = all(truth == "true" for truth in truths.given)
        return given and tell_outcome(self.question, truths) == outcome

    # -- formulas

    def _given(self) -> Iterator[Any]:
        every, some, no = self.solver.every, self.solver.some, self.solver.no
        yield from (pair.true for pair in self.formulas.given)
        others = some(pair.true for pair in self.formulas.others)
        yield no(every([self._decided, others]))
        names = (atom.fact for one in self.question.parts for atom in list_atoms(one.when, one.definitions))
        for bond in list_bonds(self.question.bundle.catalogue, names):
            yield self.solver.tie(bond)

    @property
    def _decided(self) -> Any:
        return self.solver.every(pair.true for pair in self.formulas.decides)

    def _outcomes(self) -> Iterator[tuple[Outcome, Any]]:
        takers = dict(self._takers())
        for taker, formula in takers.items():
            for gate, held in self._holding(taker):
                yield Outcome(taker, gate), self.solver.every([formula, held])
        yield Outcome(None), self.solver.no(self.solver.some(takers.values()))

    def _takers(self) -> Iterator[tuple[str, Any]]:
        every, no = self.solver.every, self.solver.no
        left = self._decided
        for rule, pair in zip(self.question.competing, self.formulas.rules, strict=True):
            yield rule.id, every([left, pair.true])
            left = every([left, no(pair.true)])
        if UNDECIDED in self.question.plays:
            open_ = self.solver.some(no(pair.false) for pair in self.formulas.rules)
            yield UNDECIDED, every([left, open_, *(pair.true for pair in self.formulas.fallback)])

    def _holding(self, taker: str) -> Iterator[tuple[str | None, Any]]:
        """Each gate that may be the first to hold back, and where; then where none does."""
        suppressing = dict(zip(self.question.suppressions, self.formulas.suppressions, strict=True))
        passed: list[Any] = []
        for one in self.question.obstacles[taker]:
            if one.where is None:
                yield one.gate, self.solver.every(passed)
                return
            pair = suppressing[one.gate]
            free = pair.false if "true" in one.where else self.solver.some([pair.false, pair.true])
            yield one.gate, self.solver.every([*passed, self.solver.no(free)])
            passed.append(free)
        yield None, self.solver.every(passed)
