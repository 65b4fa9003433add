"""Two versions with more cases than can be looked at one by one, compared by regions of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from boucle.rules.analysis.grid import Region, TooLargeError
from boucle.rules.analysis.partition import Cell
from boucle.rules.analysis.samples import TooManyError
from boucle.rules.analysis.space import Space
from boucle.rules.analysis.versions import NO_RULE, NO_SCORE, NOT_DECIDED, Version, name_reason
from boucle.rules.bundle import UNDECIDED, Bundle, CompiledCondition
from boucle.rules.condition import Atom, Known
from boucle.rules.expressions import NOWHERE, list_atoms
from boucle.rules.logic import Vocabulary, is_false, is_true
from boucle.rules.phrases import word_atom

Moves = Mapping[str, tuple[Cell | None, Cell | None]]
"""By outcome, a case that loses it and one that gains it."""


def find_moves(old: Version, new: Version, names: Sequence[str]) -> Moves | None:
    """What moves between two versions that read the same facts; None where the regions are too large."""
    try:
        return dict(_Comparison(old, new, names).moves())
    except (TooLargeError, TooManyError):
        return None


class _Comparison:
    def __init__(self, old: Version, new: Version, names: Sequence[str]) -> None:
        asked = [one for version in (old, new) for one in version.asked]
        scores = [_known(name) for name in names if name in new.bundle.scores]
        atoms = [*scores, *(atom for one in asked for atom in list_atoms(one.when, one.definitions))]
        self.scores = scores
        self.space = Space(_who_knows(atoms, (old.bundle, new.bundle)), atoms)
        self.facts = new.bundle.catalogue.facts
        self.old, self.new = ([*self._chain(version)] for version in (old, new))

    # -- one version: its outcomes in order, each where none above it is

    def _chain(self, version: Version) -> Iterator[tuple[str, Region]]:
        rule_set = version.rule_set
        if rule_set is None:
            yield NOT_DECIDED, self._everything
            return
        if rule_set.only_when is not None:
            yield NOT_DECIDED, self._outside(self._true(version, rule_set.only_when))
        for rule in version.competing:
            yield rule.id, self._true(version, rule.condition)
        unsettled = [box for rule in version.competing for box in self._not_false(version, rule.condition)]
        fallback = rule_set.undecided
        if fallback.play is not None:
            asked = self._true(version, fallback.condition) if fallback.condition else self._everything
            yield UNDECIDED, self.space.grid.meet(asked, unsettled)
        for reason in rule_set.otherwise:
            yield name_reason(reason.code), self._true(version, reason.condition)
        yield name_reason(NO_SCORE), self._unscored()
        yield name_reason(UNDECIDED), unsettled
        yield name_reason(NO_RULE), self._everything

    @property
    def _everything(self) -> Region:
        return [self.space.grid.everything]

    def _outside(self, region: Region) -> Region:
        return self.space.grid.subtract(self._everything, region)

    def _true(self, version: Version, condition: CompiledCondition) -> Region:
        return self.space.where(is_true(condition.when, self._words(version)))

    def _not_false(self, version: Version, condition: CompiledCondition) -> Region:
        return self.space.where_not(is_false(condition.when, self._words(version)))

    def _words(self, version: Version) -> Vocabulary:
        return Vocabulary(self.facts, version.rule_set.definitions if version.rule_set else {})

    def _unscored(self) -> Region:
        """Where no score is known."""
        words, region = Vocabulary(self.facts, {}), self._everything
        for atom in self.scores:
            region = self.space.grid.meet(region, self.space.where_not(is_true(atom, words)))
        return region

    # -- both

    def moves(self) -> Iterator[tuple[str, tuple[Cell | None, Cell | None]]]:
        """Every outcome that some case loses or gains."""
        for name in dict.fromkeys(name for name, _ in (*self.old, *self.new)):
            lost = self._find(self.old, self.new, name)
            gained = self._find(self.new, self.old, name)
            if lost is not None or gained is not None:
                yield name, (lost, gained)

    def _find(
        self, chain: Sequence[tuple[str, Region]], other: Sequence[tuple[str, Region]], name: str
    ) -> Cell | None:
        """A case that has the outcome by one chain and not by the other."""
        holds, above = _look_up(chain, name)
        if holds is None:
            return None
        elsewhere, before = _look_up(other, name)
        rest = self._everything if elsewhere is None else [*self._outside(elsewhere), *before]
        box = self.space.find_outside(self.space.grid.meet(holds, rest), above)
        return None if box is None else self.space.first_cell(box)


def _known(name: str) -> Atom:
    atom = Known(name, NOWHERE, "")
    return Known(name, NOWHERE, word_atom(atom))


def _who_knows(atoms: Sequence[Atom], bundles: Sequence[Bundle]) -> Bundle:
    """A bundle that can evaluate all these atoms on personal facts; TooLargeError where none can."""
    for bundle in bundles:
        facts = bundle.catalogue.facts
        personal = {atom.text for atom in atoms if facts[atom.fact].pii}
        if personal.issubset(bundle.personal):
            return bundle
    raise TooLargeError


def _look_up(chain: Sequence[tuple[str, Region]], name: str) -> tuple[Region | None, list[int]]:
    """Where an outcome's own condition holds, and the boxes of all outcomes above it."""
    above: list[int] = []
    for one, region in chain:
        if one == name:
            return region, above
        above.extend(region)
    return None, above
