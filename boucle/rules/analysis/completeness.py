"""What no rule takes: responses without a reason (B304), and reasons and definitions for nothing (B307)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boucle.errors import Mistake
from boucle.rules.analysis.grid import Region
from boucle.rules.analysis.scene import Contender, Scene
from boucle.rules.analysis.wording import word_facts
from boucle.rules.condition import Defined, Expr
from boucle.rules.expressions import children
from boucle.rules.finding_mistakes import Gap, NeverGiven, NeverUsed
from boucle.rules.places import conditions_of
from boucle.rules.ruleset import Definition


def check_completeness(scene: Scene) -> Iterator[Mistake]:
    """The gap that no rule and no reason closes, and what is written for nothing."""
    yield from _gap(scene)
    yield from _never_given(scene)
    yield from _never_used(scene)


# -- gaps ---------------------------------------------------------------------------------------


def _gap(scene: Scene) -> Iterator[Mistake]:
    """A case with a score in which no rule holds or may hold, on a day when all are in effect."""
    if not scene.bundle.scores:
        return
    covers = [box for reason in scene.compiled.otherwise for box in scene.where_true(reason.condition)]
    covers += [box for rule in scene.contenders if rule.acts for box in rule.may_hold]
    box = scene.space.find_outside(scene.space.grid.meet(_scored(scene), scene.domain), covers)
    if box is not None:
        facts = scene.space.represent(box)
        if all(facts.get(name) is None for name in scene.bundle.scores):
            facts = {**_any_score(scene), **facts}
        yield Gap(scene.rule_set.place, word_facts(scene.bundle.catalogue, facts))


def _scored(scene: Scene) -> Region:
    """Where some score is known: everywhere, where the conditions leave one of them free."""
    space = scene.space
    if not scene.bundle.scores <= space.numbers.keys():
        return [space.grid.everything]
    return [space.grid.box(space.numbers[name], space.known(name)) for name in sorted(scene.bundle.scores)]


def _any_score(scene: Scene) -> dict[str, int]:
    free = min(scene.bundle.scores - scene.space.numbers.keys())
    return {free: scene.bundle.catalogue.facts[free].low or 0}


# -- reasons ------------------------------------------------------------------------------------


def _never_given(scene: Scene) -> Iterator[Mistake]:
    """Reasons that are asked only where something above always holds."""
    rules = [rule for rule in scene.contenders if rule.acts and rule.always_competes]
    covers = [box for rule in rules for box in (*rule.holds, *_falls_back(scene, rule))]
    for reason, compiled in zip(scene.rule_set.otherwise, scene.compiled.otherwise, strict=True):
        region = scene.space.grid.meet(scene.domain, scene.where_true(compiled.condition))
        if scene.is_possible(region) and scene.space.find_outside(region, covers) is None:
            yield NeverGiven(reason.place, reason.code)
        covers += region


def _falls_back(scene: Scene, rule: Contender) -> Region:
    """Where the fallback starts something if a rule is undecided and none is true."""
    fallback = scene.compiled.undecided
    if fallback.play is None:
        return []
    return scene.space.grid.meet(rule.may_hold, scene.where_true(fallback.condition))


# -- definitions --------------------------------------------------------------------------------


def _never_used(scene: Scene) -> Iterator[Mistake]:
    definitions = scene.rule_set.definitions
    used: set[str] = set()
    for _, expr in conditions_of(scene.rule_set):
        _use(expr, definitions, used)
    for guarantee in scene.rule_set.guarantees:
        _use(guarantee.whenever, definitions, used)
    for name, definition in definitions.items():
        if name not in used:
            yield NeverUsed(definition.place, name)


def _use(expr: Expr, definitions: Mapping[str, Definition], used: set[str]) -> None:
    if isinstance(expr, Defined) and expr.name in definitions and expr.name not in used:
        used.add(expr.name)
        _use(definitions[expr.name].when, definitions, used)
    for part in children(expr):
        _use(part, definitions, used)
