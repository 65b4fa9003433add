"""Whether two rule sets can claim one response (B303)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from boucle.errors import Mistake, Place
from boucle.rules.analysis.space import Space
from boucle.rules.analysis.wording import word_facts
from boucle.rules.bundle import Bundle, CompiledRuleSet
from boucle.rules.condition import Atom
from boucle.rules.expressions import list_atoms
from boucle.rules.finding_mistakes import SetsOverlap
from boucle.rules.ruleset import RuleSet, Workspace


def check_territory(workspace: Workspace, bundle: Bundle) -> Iterator[Mistake]:
    """Each pair of rule sets whose `only_when` can be true together, with a response as a witness.

    TooLargeError where that cannot be told.
    """
    placed = {rule_set.name: rule_set for rule_set in workspace.rule_sets}
    for one, other in combinations(bundle.rule_sets, 2):
        found = _find_overlap(bundle, one, other)
        if found is not None:
            upper, lower = sorted((placed[one.name], placed[other.name]), key=lambda found: found.place)
            yield SetsOverlap(_where(lower), upper.name, lower.name, found)


def _where(rule_set: RuleSet) -> Place:
    return rule_set.only_when.place if rule_set.only_when is not None else rule_set.place


def _find_overlap(bundle: Bundle, one: CompiledRuleSet, other: CompiledRuleSet) -> str | None:
    """A response that both sets decide, in words."""
    space = Space(bundle, [*_atoms(one), *_atoms(other)])
    regions = []
    for rule_set in (one, other):
        if rule_set.only_when is None:
            return None
        regions.append(space.where(bundle.conditions.conditions[rule_set.only_when.slot].true))
    box = space.find_outside(space.grid.meet(*regions), ())
    return None if box is None else word_facts(bundle.catalogue, space.represent(box))


def _atoms(rule_set: CompiledRuleSet) -> Iterator[Atom]:
    if rule_set.only_when is not None:
        yield from list_atoms(rule_set.only_when.when, rule_set.definitions)
