"""What an edit of the rules changes: every outcome of the old and the new version, case by case.

Exact, by one partition over the facts and constants of both. Each version reads a response as its own
catalogue allows; what does not fit one of them goes to quarantine there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from boucle.model import FactValue
from boucle.rules.analysis.axes import list_axes
from boucle.rules.analysis.bonds import list_bonds
from boucle.rules.analysis.merging import View, is_one_kind, merge, tell_apart
from boucle.rules.analysis.obstacles import day_in
from boucle.rules.analysis.partition import Cell, GaveUp, Partition, complete
from boucle.rules.analysis.region_differences import Moves, find_moves
from boucle.rules.analysis.samples import MOST, TooManyError
from boucle.rules.analysis.tables import Reader, Tables
from boucle.rules.analysis.versions import NO_SCORE, Version
from boucle.rules.bundle import Bundle
from boucle.rules.condition import Atom
from boucle.rules.decide import judge
from boucle.rules.encoding import decode
from boucle.rules.expressions import list_atoms
from boucle.rules.failures import CannotDecideError
from boucle.rules.reading import Facts

Kind = Literal["equivalent", "wider", "narrower", "moved", "new", "gone"]

QUARANTINE = "quarantine"


@dataclass(frozen=True)
class Shown:
    """One response, None unknown, and what each version answers.

    Of the scores that no condition reads only those stand here without which an answer would be another.
    """

    facts: Mapping[str, FactValue | None]
    old: str
    new: str


@dataclass(frozen=True)
class Difference:
    """One outcome of a rule set: a rule's id, `undecided`, or a reason's code.

    `lost` is a response that had it and has it no more, `gained` one that has it now; at most one of
    each is shown.
    """

    rule_set: str
    outcome: str
    kind: Kind
    lost: Shown | None = None
    gained: Shown | None = None


@dataclass(frozen=True)
class Compared:
    """The outcomes of both versions; `unfinished` names the rule sets with too many cases to look at."""

    differences: tuple[Difference, ...]
    unfinished: tuple[str, ...]


def compare(old: Bundle, new: Bundle, day: date) -> Compared:
    """Compare two versions of the rules as they are on a day."""
    differences: list[Difference] = []
    unfinished: list[str] = []
    for name in dict.fromkeys(rule_set.name for bundle in (old, new) for rule_set in bundle.rule_sets):
        found = _Comparison(old, new, name, day).differences()
        if isinstance(found, GaveUp):
            unfinished.append(name)
        else:
            differences.extend(found)
    return Compared(tuple(differences), tuple(unfinished))


# -- both ----------------------------------------------------------------------------------------


def _other_scores(old: frozenset[str], new: frozenset[str]) -> set[str]:
    """Of the scores that no condition reads, one for all that the same versions know.

    They matter only to `no_score`, for which any of them is as good as another.
    """
    return {min(group) for group in (old & new, old - new, new - old) if group}


_Pairs = dict[tuple[str, str], Cell]
"""For each answer of the old version with each of the new one, the first case in which they meet."""


class _Comparison:
    def __init__(self, old: Bundle, new: Bundle, name: str, day: date) -> None:
        self.name = name
        self.versions = (Version(old, name, day), Version(new, name, day))
        self.merged = merge(old.catalogue, new.catalogue)
        self.views = tuple(View(one.bundle.catalogue, self.merged.facts) for one in self.versions)
        zone = next(one.rule_set.timezone for one in self.versions if one.rule_set)
        self.at = day_in(zone, day).begins
        asked = (one for version in self.versions for one in version.asked)
        read = {atom.fact for one in asked for atom in list_atoms(one.when, one.definitions)}
        self.unread = _other_scores(old.scores - read, new.scores - read)
        self.names = sorted(read | self.unread)

    def differences(self) -> list[Difference] | GaveUp:
        moves = self._moves()
        if isinstance(moves, GaveUp):
            return moves
        names = dict.fromkeys(name for one in self.versions for name in one.declared)
        return [self._difference(name, *moves.get(name, (None, None))) for name in names]

    def _moves(self) -> Moves | GaveUp:
        """By outcome, a case that loses it and one that gains it."""
        old, new = self.versions
        if old.meaning == new.meaning:
            return {}
        pairs = self._pairs()
        if isinstance(pairs, GaveUp):
            by_regions = None if self._may_misfit else find_moves(old, new, self.names)
            return pairs if by_regions is None else by_regions
        moves: dict[str, tuple[Cell | None, Cell | None]] = {}
        for (was, now), cell in pairs.items():
            if was != now:
                moves[was] = (moves.get(was, (cell, None))[0] or cell, moves.get(was, (None, None))[1])
                moves[now] = (moves.get(now, (None, None))[0], moves.get(now, (None, cell))[1] or cell)
        return moves

    # -- case by case

    def _pairs(self) -> _Pairs | GaveUp:
        try:
            axes = list_axes(self.merged, self._atoms(), self.names)
        except TooManyError as error:
            return GaveUp(error.count)
        found = Partition(self.merged, (), axes, list_bonds(self.merged, self.names))
        if found.size > MOST:
            return GaveUp(found.size)
        tables = tuple(
            Tables(found, Reader(version.bundle.catalogue, version.asked, view.read))
            for version, view in zip(self.versions, self.views, strict=True)
        )
        return self._meet(tables)

    def _atoms(self) -> Iterator[Atom]:
        """What tells cases apart: what either version asks, and what only one of them allows."""
        for version in self.versions:
            facts = version.bundle.catalogue.facts
            for one in version.asked:
                for atom in list_atoms(one.when, one.definitions):
                    if is_one_kind(facts[atom.fact], self.merged.facts[atom.fact]):
                        yield atom
        old, new = (version.bundle.catalogue for version in self.versions)
        yield from tell_apart(old, new, self.names)

    def _meet(self, tables: tuple[Tables, ...]) -> _Pairs:
        seen: set[object] = set()
        pairs: _Pairs = {}
        for choice in tables[0].choices_where(0):
            cell = tables[0].cell(choice)
            truths = tuple(one.truths(choice) for one in tables)
            states = tuple(map(self._state, self.versions, self.views, (cell, cell)))
            if (truths, states) not in seen:
                seen.add((truths, states))
                old, new = (
                    QUARANTINE if state is None else version.tell(said, scored=state)
                    for version, said, state in zip(self.versions, truths, states, strict=True)
                )
                pairs.setdefault((old, new), cell)
        return pairs

    def _state(self, version: Version, view: View, cell: Cell) -> bool | None:
        """Whether a version knows any score of a response; None where it does not fit."""
        if self._may_misfit and view.misfits(cell, self.names):
            return None
        return not version.bundle.scores.isdisjoint(cell)

    @cached_property
    def _may_misfit(self) -> bool:
        old, new = (version.bundle.catalogue.facts for version in self.versions)
        return any(old.get(name) != new.get(name) for name in self.names)

    # -- in the end

    def _difference(self, name: str, lost: Cell | None, gained: Cell | None) -> Difference:
        in_old, in_new = (name in version.declared for version in self.versions)
        kind: Kind = "equivalent"
        if not in_old or not in_new:
            kind = "new" if in_new else "gone"
        elif lost is not None and gained is not None:
            kind = "moved"
        elif lost is not None or gained is not None:
            kind = "narrower" if gained is None else "wider"
        return Difference(self.name, name, kind, self._show(lost), self._show(gained))

    def _show(self, cell: Cell | None) -> Shown | None:
        if cell is None:
            return None
        answers = self._answers(cell)
        idle, known = self._idle_scores(cell, answers), decode(self.merged, cell)
        return Shown({name: known.get(name) for name in self.names if name not in idle}, *answers)

    def _idle_scores(self, cell: Cell, answers: tuple[str, str]) -> set[str]:
        """The scores that no condition reads, and without all of which the answers are the same."""
        idle: set[str] = set()
        if f"nothing: {NO_SCORE}" in answers:
            return idle
        for name in sorted(self.unread):
            without = {other: value for other, value in cell.items() if other not in {*idle, name}}
            if self._answers(without) == answers:
                idle.add(name)
        return idle

    def _answers(self, cell: Cell) -> tuple[str, str]:
        """What the old and the new version answer."""
        old, new = (self._answer(version, view, cell) for version, view in self._pairs_of_views())
        return old, new

    def _pairs_of_views(self) -> Iterator[tuple[Version, View]]:
        return zip(self.versions, self.views, strict=True)

    def _answer(self, version: Version, view: View, cell: Cell) -> str:
        """What a version answers, by the production evaluator, in words."""
        misfits = view.misfits(cell, self.names)
        if misfits:
            return f"{QUARANTINE}: {', '.join(misfits)}"
        catalogue = version.bundle.catalogue
        facts = decode(catalogue, complete(catalogue, view.read(cell)))
        try:
            verdict = judge(version.bundle, Facts(facts, self.at), self.at)
        except CannotDecideError as error:
            return f"{QUARANTINE}: {error}"
        if verdict.winner is not None:
            return f"{verdict.winner} starts {verdict.play}"
        return f"nothing: {verdict.decision.reason}"
