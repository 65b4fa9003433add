"""Parts of conditions that change nothing (B306): left out of their `and` or `or`, no case differs."""

from __future__ import annotations

from collections.abc import Iterator

from boucle.errors import Mistake
from boucle.rules.analysis.proof import confirm
from boucle.rules.analysis.scene import Scene
from boucle.rules.condition import And, Expr, Not, Or
from boucle.rules.expressions import children, list_atoms
from boucle.rules.finding_mistakes import ChangesNothing
from boucle.rules.worded import shortened
from boucle.rules.writing.condition_text import write_condition

Path = tuple[int, ...]
"""The numbers of the parts that lead from a condition down to one of its parts."""


def check_redundancy(scene: Scene) -> Iterator[Mistake]:
    """Every part of a condition that could be left out, in its own words and place."""
    for what, expr, placed in _conditions(scene):
        if _varies(scene, expr):
            for path in _Pruning(scene, expr).find():
                text = shortened(write_condition(_at(expr, path)))
                yield ChangesNothing(_at(placed, path).place, what, text)


def _conditions(scene: Scene) -> Iterator[tuple[str, Expr, Expr]]:
    """What each condition is called, as the bundle holds it, and as it stands in its file."""
    rule_set, compiled = scene.rule_set, scene.compiled
    if rule_set.only_when is not None and compiled.only_when is not None:
        yield "'only_when'", compiled.only_when.when, rule_set.only_when
    for name, definition in rule_set.definitions.items():
        yield f"'{name}'", scene.definition(name).when, definition.when
    for rule, found in zip(rule_set.rules, compiled.rules, strict=True):
        yield f"'{rule.id}'", found.condition.when, rule.when
    if rule_set.undecided.when is not None and compiled.undecided.condition is not None:
        yield "'undecided'", compiled.undecided.condition.when, rule_set.undecided.when
    for reason, given in zip(rule_set.otherwise, compiled.otherwise, strict=True):
        yield f"'{reason.code}'", given.condition.when, reason.when


def _varies(scene: Scene, expr: Expr) -> bool:
    """Whether a condition has parts, and is neither never nor always true: that says enough of it."""
    if not isinstance(expr, And | Or | Not):
        return False
    region = scene.true(expr)
    outside = scene.space.find_outside([scene.space.grid.everything], region)
    return outside is not None and scene.is_possible(region)


def _at(expr: Expr, path: Path) -> Expr:
    for number in path:
        expr = children(expr)[number]
    return expr


class _Pruning:
    """Leaves out the parts of one condition that change nothing, the last ones first."""

    def __init__(self, scene: Scene, expr: Expr) -> None:
        self.scene = scene
        self.expr = expr
        self.dropped: set[Path] = set()

    def find(self) -> list[Path]:
        """The parts that can all be left out together."""
        self._walk(self.expr, ())
        return sorted(self.dropped)

    def _walk(self, expr: Expr, path: Path) -> None:
        for number in reversed(range(len(children(expr)))):
            part = (*path, number)
            if (
                isinstance(expr, And | Or)
                and self._may_drop(expr, path)
                and self._is_idle(expr, path, number)
            ):
                self.dropped.add(part)
            else:
                self._walk(children(expr)[number], part)

    def _may_drop(self, expr: Expr, path: Path) -> bool:
        """Whether a part would be left."""
        left = [number for number in range(len(children(expr))) if (*path, number) not in self.dropped]
        return len(left) > 1

    def _is_idle(self, expr: Expr, path: Path, number: int) -> bool:
        if not path and self._plainly_matters(expr, number):
            return False
        before = _without(self.expr, frozenset(self.dropped))
        after = _without(self.expr, frozenset((*self.dropped, (*path, number))))
        if not self._same(before, after):
            return False
        confirm(self.scene, [before, after], lambda truths: truths[0] == truths[1], "a part changes nothing")
        return True

    def _same(self, one: Expr, other: Expr) -> bool:
        """Whether two conditions are true, and false, in the same cells."""
        for holds in (self.scene.true, self.scene.false):
            left, right = holds(one), holds(other)
            if self.scene.space.find_outside(left, right) is not None:
                return False
            if self.scene.space.find_outside(right, left) is not None:
                return False
        return True

    # -- a short way for most parts

    def _plainly_matters(self, expr: Expr, number: int) -> bool:
        """Whether a case in which the whole is decided turns on facts that only this part reads.

        Where an `and` is true, every part is; if this one can be made untrue by its own facts alone,
        the others stay true, and without it the whole would. For an `or`, the same with false.
        """
        scene, space = self.scene, self.scene.space
        decided = scene.true if isinstance(expr, And) else scene.false
        case = space.find_outside(decided(expr), ())
        if case is None:
            return False
        case = space.grid.first_cell(case)
        for axis in self._own_axes(expr, number):
            case |= space.grid.fields[axis]
        return space.find_outside([case], decided(children(expr)[number])) is not None

    def _own_axes(self, expr: Expr, number: int) -> list[int]:
        """The facts that a part reads and no other part does."""
        read = [self._facts(part) for part in children(expr)]
        others = set().union(*(facts for at, facts in enumerate(read) if at != number))
        return [self.scene.space.numbers[fact] for fact in read[number] - others]

    def _facts(self, expr: Expr) -> set[str]:
        return {atom.fact for atom in list_atoms(expr, self.scene.compiled.definitions)}


def _without(expr: Expr, dropped: frozenset[Path], path: Path = ()) -> Expr:
    """The condition without the dropped parts; a lone part stands for its `and` or `or`."""
    if isinstance(expr, Not):
        return Not(_without(expr.part, dropped, (*path, 0)), expr.place)
    if not isinstance(expr, And | Or):
        return expr
    kept = [number for number in range(len(expr.parts)) if (*path, number) not in dropped]
    parts = tuple(_without(expr.parts[number], dropped, (*path, number)) for number in kept)
    return parts[0] if len(parts) == 1 else type(expr)(parts, expr.place)
