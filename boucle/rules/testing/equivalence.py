"""Whether a changed rule set says the same of every response: by the exact partition, both in one space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from pydantic import JsonValue

from boucle.model import FactValue
from boucle.rules.analysis.grid import TooLargeError
from boucle.rules.analysis.samples import TooManyError
from boucle.rules.analysis.space import Space
from boucle.rules.bundle import Bundle, CompiledRule, CompiledRuleSet
from boucle.rules.compiler import compile_workspace
from boucle.rules.condition import Atom
from boucle.rules.expressions import list_atoms
from boucle.rules.ruleset import RuleSet, Workspace
from boucle.rules.testing.nearby import Nearby
from boucle.rules.testing.outcomes import Outcomes

_CHANGED = "~"
"""What the name of the changed rule set ends with where both lie in one bundle; no file can say it."""


@dataclass(frozen=True)
class Difference:
    """A response of which the two sets say different things.

    `facts` are those that differ from the usual ones; `day` is one on which it is so, None for any.
    """

    facts: Mapping[str, FactValue | None]
    outcome: str
    day: date | None


@dataclass(frozen=True)
class GaveUp:
    """It could not be told."""


def find_difference(
    workspace: Workspace, rule_set: RuleSet, changed: RuleSet, usual: Mapping[str, JsonValue]
) -> Difference | GaveUp | None:
    """A response that the changed set treats otherwise; None: there is none.

    Both sets decide alike where the same rule, or the fallback, takes the hit, or the same reason is
    given. `usual` are the encoded facts from which the response found differs as little as it must.
    """
    twin = replace(changed, name=changed.name + _CHANGED)
    bundle = compile_workspace(replace(workspace, rule_sets=(rule_set, twin)))
    sides = (_get(bundle, rule_set.name), _get(bundle, twin.name))
    try:
        space = Space(bundle, [atom for side in sides for atom in _atoms(side)])
        nearby = Nearby(space, usual)
        for day in _list_days(sides[0]):
            found = _differ(space, bundle, sides, day, nearby)
            if found is not None:
                return found
    except (TooManyError, TooLargeError):
        return GaveUp()
    return None


def _get(bundle: Bundle, name: str) -> CompiledRuleSet:
    return next(rule_set for rule_set in bundle.rule_sets if rule_set.name == name)


def _atoms(rule_set: CompiledRuleSet) -> Iterator[Atom]:
    conditions = [rule_set.only_when, rule_set.undecided.condition]
    conditions += [rule.condition for rule in rule_set.rules]
    conditions += [reason.condition for reason in rule_set.otherwise]
    for condition in conditions:
        if condition is not None:
            yield from list_atoms(condition.when, rule_set.definitions)


def _list_days(rule_set: CompiledRuleSet) -> Iterator[date | None]:
    """Days among which every choice of rules in effect is found; None: any day will do."""
    begun = {rule.effective_from for rule in rule_set.rules if rule.effective_from}
    ended = {rule.effective_until + timedelta(days=1) for rule in rule_set.rules if rule.effective_until}
    days = sorted(begun | ended)
    yield from [days[0] - timedelta(days=1), *days] if days else [None]


def _differ(
    space: Space,
    bundle: Bundle,
    sides: tuple[CompiledRuleSet, CompiledRuleSet],
    day: date | None,
    nearby: Nearby,
) -> Difference | None:
    """Each outcome of the one is looked for where the other says something else."""
    first, second = (Outcomes(space, bundle, side, *[_in_effect(side, "act", day)] * 2) for side in sides)
    for name in first.names():
        region, covers = first.where(name)
        facts = nearby.find(region, [*covers, *second.exactly(name)])
        if facts is not None:
            return Difference(facts, name, day)
    return _observe_differently(space, bundle, sides, day, nearby)


def _observe_differently(
    space: Space,
    bundle: Bundle,
    sides: tuple[CompiledRuleSet, CompiledRuleSet],
    day: date | None,
    nearby: Nearby,
) -> Difference | None:
    """A response of which only one of the sets says that a rule in `mode: observe` holds."""
    seen = [{rule.id: rule for rule in _in_effect(side, "observe", day)} for side in sides]
    for id_ in {**seen[0], **seen[1]}:
        held = [
            space.where(bundle.conditions.conditions[rules[id_].condition.slot].true) if id_ in rules else []
            for rules in seen
        ]
        for region, covers in (held, held[::-1]):
            facts = nearby.find(region, covers)
            if facts is not None:
                return Difference(facts, f"observed/{id_}", day)
    return None


def _in_effect(
    rule_set: CompiledRuleSet, mode: Literal["act", "observe"], day: date | None
) -> list[CompiledRule]:
    return [rule for rule in rule_set.rules if rule.mode == mode and (day is None or rule.in_effect(day))]
