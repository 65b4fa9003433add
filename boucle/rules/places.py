"""The source map: where each rule, definition and part of a condition stands in the files.

A flat mapping from a path (`nps/rules/key-account-case/when/0`) to `file:line:column`. It lies beside
the bundle: moving a line changes no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from boucle.errors import Place
from boucle.rules.condition import Expr
from boucle.rules.expressions import children
from boucle.rules.ruleset import Policy, RuleSet, Workspace


def map_places(workspace: Workspace) -> dict[str, JsonValue]:
    """The source map of a workspace, in path order."""
    found = [entry for rule_set in workspace.rule_sets for entry in _rule_set(rule_set)]
    found.extend(_policy(workspace.policy))
    return {path: str(place) for path, place in sorted(found) if place.line > 0}


def conditions_of(rule_set: RuleSet) -> Iterator[tuple[str, Expr]]:
    """Every condition of a rule set with its path, in the order in which they are evaluated."""
    if rule_set.only_when is not None:
        yield "only_when", rule_set.only_when
    yield from ((f"rules/{rule.id}/when", rule.when) for rule in rule_set.rules)
    if rule_set.undecided.when is not None:
        yield "undecided/when", rule_set.undecided.when
    yield from ((f"otherwise/{reason.code}/when", reason.when) for reason in rule_set.otherwise)


def _rule_set(rule_set: RuleSet) -> Iterator[tuple[str, Place]]:
    yield rule_set.name, rule_set.place
    yield f"{rule_set.name}/undecided", rule_set.undecided.place
    yield from ((f"{rule_set.name}/rules/{rule.id}", rule.place) for rule in rule_set.rules)
    yield from ((f"{rule_set.name}/otherwise/{reason.code}", reason.place) for reason in rule_set.otherwise)
    for name, definition in rule_set.definitions.items():
        yield f"{rule_set.name}/define/{name}", definition.place
        yield from _expression(f"{rule_set.name}/define/{name}/when", definition.when)
    for guarantee in rule_set.guarantees:
        yield f"{rule_set.name}/guarantees/{guarantee.id}", guarantee.place
        yield from _expression(f"{rule_set.name}/guarantees/{guarantee.id}/whenever", guarantee.whenever)
    for path, expr in conditions_of(rule_set):
        yield from _expression(f"{rule_set.name}/{path}", expr)


def _policy(policy: Policy) -> Iterator[tuple[str, Place]]:
    """The gates, by the ids that decisions name them by."""
    for suppression in policy.suppressions:
        yield f"policy/suppress/{suppression.id}", suppression.place
        if suppression.when is not None:
            yield from _expression(f"policy/suppress/{suppression.id}/when", suppression.when)
    yield from ((f"policy/caps/{cap.id}", cap.place) for cap in policy.caps)
    yield from ((f"policy/budgets/{budget.id}", budget.place) for budget in policy.budgets)
    yield from ((f"policy/holdouts/{holdout.id}", holdout.place) for holdout in policy.holdouts)


def _expression(path: str, expr: Expr) -> Iterator[tuple[str, Place]]:
    yield path, expr.place
    for number, child in enumerate(children(expr)):
        yield from _expression(f"{path}/{number}", child)
