"""Conditions that are always true, or never (B302)."""

from __future__ import annotations

from collections.abc import Iterator

from boucle.errors import Mistake, Place
from boucle.rules.analysis.proof import confirm
from boucle.rules.analysis.scene import Scene
from boucle.rules.bundle import CompiledCondition
from boucle.rules.condition import Expr
from boucle.rules.finding_mistakes import SameEverywhere

_NEVER = "look for a test that contradicts another, or delete it"
_ALWAYS = "write what it is meant to tell apart, or leave it out"


def check_constancy(scene: Scene) -> Iterator[Mistake]:
    """Every condition of the set that is always true, and every one that never is.

    "Never" is asked of the responses that the set decides, "always" of all there can be.
    """
    rule_set, compiled = scene.rule_set, scene.compiled
    if rule_set.only_when is not None and compiled.only_when is not None:
        yield from _check(scene, "'only_when'", compiled.only_when.when, rule_set.only_when.place)
    for name, definition in rule_set.definitions.items():
        expr = scene.definition(name).when
        yield from _check(scene, f"the definition '{name}'", expr, definition.when.place)
    for rule, found in zip(rule_set.rules, compiled.rules, strict=True):
        yield from _check_inside(scene, f"'{rule.id}'", found.condition, rule.when.place)
    fallback = compiled.undecided.condition
    if rule_set.undecided.when is not None and fallback is not None:
        yield from _check_inside(scene, "'undecided'", fallback, rule_set.undecided.when.place)
    for reason, given in zip(rule_set.otherwise, compiled.otherwise, strict=True):
        yield from _check_inside(scene, f"the reason '{reason.code}'", given.condition, reason.when.place)


def _check_inside(scene: Scene, what: str, condition: CompiledCondition, place: Place) -> Iterator[Mistake]:
    inside = scene.space.grid.meet(scene.domain, scene.where_true(condition))
    anywhere = scene.is_possible(scene.where_true(condition))
    if anywhere and not scene.is_possible(inside) and scene.is_possible(scene.domain):
        only_when = scene.compiled.only_when
        exprs = [only_when.when if only_when else None, condition.when]
        confirm(scene, exprs, lambda truths: truths != ("true", "true"), f"{what} is never true")
        yield SameEverywhere(place, what, "never true where 'only_when' is", _NEVER)
    else:
        yield from _check(scene, what, condition.when, place)


def _check(scene: Scene, what: str, expr: Expr, place: Place) -> Iterator[Mistake]:
    region = scene.true(expr)
    if not scene.is_possible(region):
        confirm(scene, [expr], lambda truths: truths != ("true",), f"{what} is never true")
        yield SameEverywhere(place, what, "never true", _NEVER)
    elif scene.space.find_outside([scene.space.grid.everything], region) is None:
        confirm(scene, [expr], lambda truths: truths == ("true",), f"{what} is always true")
        yield SameEverywhere(place, what, "always true", _ALWAYS)
