"""Guarantees that only one version of the files has, or of which they say otherwise, in plain words.

Guarantees change no decision, and are no part of a bundle: two folders are compared, never two bundles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boucle.rules.analysis.guarantee_text import state_claim
from boucle.rules.condition import Defined, Expr
from boucle.rules.expressions import children
from boucle.rules.ruleset import Definition, Workspace
from boucle.rules.writing.condition_text import write_condition

_Words = Mapping[str, str]
"""What a guarantee says, under its own name, and what each definition that it names means."""

CLAIM = ""


def list_guarantee_changes(old: Workspace, new: Workspace) -> list[str]:
    """Every guarantee that is gone, new, or says something else, also by a definition; one sentence each."""
    before, after = _describe(old), _describe(new)
    names = {**before, **after}
    return [line for name in names for line in _compare(name, before.get(name), after.get(name))]


def _compare(name: str, before: _Words | None, after: _Words | None) -> Iterator[str]:
    if before is None or after is None:
        known = before or after or {}
        yield f"{name} is {'new' if before is None else 'gone'}: {known[CLAIM]}"
        return
    if before[CLAIM] != after[CLAIM]:
        yield f"{name} was: {before[CLAIM]} It is: {after[CLAIM]}"
    for word in before:
        if word != CLAIM and after.get(word, before[word]) != before[word]:
            yield f"{name}: {word} was {before[word]}, is {after[word]}"


def _describe(workspace: Workspace) -> dict[str, _Words]:
    return {
        f"guarantee {rule_set.name}/{one.id}": {
            CLAIM: state_claim(one),
            **dict(_meanings(one.whenever, rule_set.definitions)),
        }
        for rule_set in workspace.rule_sets
        for one in rule_set.guarantees
    }


def _meanings(expr: Expr, definitions: Mapping[str, Definition]) -> Iterator[tuple[str, str]]:
    """Each of the rule set's own definitions that a condition names, directly or through another."""
    if isinstance(expr, Defined) and (found := definitions.get(expr.name)) is not None:
        unknown = " (what is not known counts as false)" if found.if_unknown is False else ""
        yield expr.name, f"{write_condition(found.when)}{unknown}"
        yield from _meanings(found.when, definitions)
    for part in children(expr):
        yield from _meanings(part, definitions)
