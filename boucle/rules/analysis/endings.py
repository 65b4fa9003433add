"""Guarantees that hold today, and no longer will once a rule has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

from boucle.errors import Mistake
from boucle.rules.analysis.guarantees import prove_guarantee
from boucle.rules.bundle import Bundle
from boucle.rules.guarantee_mistakes import GuaranteeEnds
from boucle.rules.ruleset import Guarantee, Rule, RuleSet, Workspace

SOON = timedelta(days=60)
"""How long before a rule ends it is told that a guarantee rests on it."""


def check_endings(workspace: Workspace, bundle: Bundle, today: date) -> Iterator[Mistake]:
    """Each guarantee that is proved for today, and is not for the day after some rule has ended."""
    for rule_set in workspace.rule_sets:
        ending = _ending(rule_set, today)
        for guarantee in rule_set.guarantees if ending else ():
            found = _find_loss(bundle, rule_set, guarantee, ending, today)
            if found is not None:
                yield found


def _ending(rule_set: RuleSet, today: date) -> list[tuple[date, tuple[Rule, ...]]]:
    """The days within the span after which rules end, in order, with those rules."""

    def last_day(rule: Rule) -> date:
        return rule.effective_until or date.max

    soon = [rule for rule in rule_set.rules if rule.mode == "act" and today <= last_day(rule) <= today + SOON]
    return [(day, tuple(rules)) for day, rules in groupby(sorted(soon, key=last_day), key=last_day)]


def _find_loss(
    bundle: Bundle,
    rule_set: RuleSet,
    guarantee: Guarantee,
    ending: list[tuple[date, tuple[Rule, ...]]],
    today: date,
) -> Mistake | None:
    """The first ending that takes the guarantee away; None where none does, or it does not hold today."""

    def holds(day: date) -> bool:
        return prove_guarantee(bundle, rule_set, guarantee, day).verdict == "PROVED"

    if not holds(today):
        return None
    for day, rules in ending:
        if not holds(day + timedelta(days=1)):
            ids = ", ".join(rule.id for rule in rules)
            return GuaranteeEnds(guarantee.place, guarantee.id, ids, day)
    return None
