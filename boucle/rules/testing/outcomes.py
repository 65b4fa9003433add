"""Where each outcome of a rule set comes about: which rule wins, the fallback, or which reason is given.

An outcome is named `rule/<id>`, `undecided`, `reason/<code>`, or `outside`, where the set does not decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from boucle.decision import Decision
from boucle.rules.analysis.grid import Region
from boucle.rules.analysis.space import Space
from boucle.rules.bundle import UNDECIDED, Bundle, CompiledCondition, CompiledRule, CompiledRuleSet

OUTSIDE = "outside"


def name_outcome(decision: Decision, rule_set: str) -> str:
    """The name of what a decision says."""
    if decision.rule_set != rule_set:
        return OUTSIDE
    if decision.winner == UNDECIDED:
        return UNDECIDED
    return f"rule/{decision.winner}" if decision.winner else f"reason/{decision.reason}"


class Outcomes:
    """The outcomes of one rule set as regions of a space that holds all its atoms.

    `competing` are the rules that can take the hit; of them only those that compete on `every_day` keep
    a lower one from it.
    """

    def __init__(
        self,
        space: Space,
        bundle: Bundle,
        rule_set: CompiledRuleSet,
        competing: Sequence[CompiledRule],
        every_day: Sequence[CompiledRule],
    ) -> None:
        self.space = space
        self.bundle = bundle
        self.rule_set = rule_set
        self.competing = competing
        self.every_day = every_day

    def names(self) -> Iterator[str]:
        """Every outcome, whether it can come about or not."""
        yield OUTSIDE
        yield from (f"rule/{rule.id}" for rule in self.competing)
        yield UNDECIDED
        yield from (f"reason/{reason.code}" for reason in self.rule_set.otherwise)
        yield from ("reason/no_score", "reason/undecided", "reason/no_rule")

    def where(self, name: str) -> tuple[Region, Region]:
        """A region, and the boxes to be left out of it."""
        kind, _, id_ = name.partition("/")
        if name == OUTSIDE:
            return self._outside()
        if name == UNDECIDED:
            return self._falls_back, self._all_true
        own = {reason.code for reason in self.rule_set.otherwise}
        if kind == "rule":
            return self._wins(id_)
        return self._gives(id_) if id_ in own else self._says_itself(id_)

    def exactly(self, name: str) -> Region:
        """The region alone; TooLargeError where it has too many boxes."""
        region, covers = self.where(name)
        return self.space.grid.subtract(region, covers)

    # -- conditions

    def _true(self, condition: CompiledCondition | None) -> Region:
        if condition is None:
            return [self.space.grid.everything]
        return self.space.where(self.bundle.conditions.conditions[condition.slot].true)

    def _open(self, condition: CompiledCondition) -> Region:
        """Where a condition is true or undecided."""
        return self.space.where_not(self.bundle.conditions.conditions[condition.slot].false)

    @cached_property
    def domain(self) -> Region:
        """The responses that the set decides."""
        return self._true(self.rule_set.only_when)

    def _outside(self) -> tuple[Region, Region]:
        only_when = self.rule_set.only_when
        if only_when is None:
            return [], ()
        return self.space.where_not(self.bundle.conditions.conditions[only_when.slot].true), ()

    # -- rules

    def _wins(self, id_: str) -> tuple[Region, Region]:
        above: list[int] = []
        for rule in self.competing:
            if rule.id == id_:
                return self.space.grid.meet(self.domain, self._true(rule.condition)), above
            if rule in self.every_day:
                above.extend(self._true(rule.condition))
        return [], ()

    @cached_property
    def _all_true(self) -> Region:
        return [box for rule in self.every_day for box in self._true(rule.condition)]

    @cached_property
    def _some_open(self) -> Region:
        grid = self.space.grid
        return grid.tidy([box for rule in self.competing for box in self._open(rule.condition)])

    @cached_property
    def _falls_back(self) -> Region:
        """Where the fallback starts something, unless a rule is true."""
        fallback, grid = self.rule_set.undecided, self.space.grid
        if fallback.play is None:
            return []
        return grid.meet(grid.meet(self.domain, self._some_open), self._true(fallback.condition))

    # -- reasons

    @cached_property
    def _taken(self) -> Region:
        """Where a rule or, every day, the fallback takes the hit."""
        if len(self.every_day) < len(self.competing):
            return self._all_true
        return [*self._all_true, *self._falls_back]

    def _gives(self, code: str) -> tuple[Region, Region]:
        above = [*self._taken]
        for reason in self.rule_set.otherwise:
            region = self._true(reason.condition)
            if reason.code == code:
                return self.space.grid.meet(self.domain, region), above
            above.extend(region)
        return [], ()

    def _says_itself(self, code: str) -> tuple[Region, Region]:
        """Where a built-in reason is given: after all of the author's."""
        grid = self.space.grid
        above = [*self._taken, *(box for one in self.rule_set.otherwise for box in self._true(one.condition))]
        unscored = [self._unscored] if self.bundle.scores else []
        if code == "no_score":
            return grid.meet(self.domain, unscored), above
        if self.bundle.scores <= self.space.numbers.keys():
            above = [*above, *unscored]
        if code == "undecided":
            return grid.meet(self.domain, self._some_open), above
        return self.domain, [*above, *self._some_open]

    @cached_property
    def _unscored(self) -> int:
        """Where none of the scores that the conditions read is known."""
        box, space = self.space.grid.everything, self.space
        for name in self.bundle.scores & space.numbers.keys():
            number = space.numbers[name]
            box &= space.grid.box(number, ~space.known(name) & (1 << space.grid.sizes[number]) - 1)
        return box
