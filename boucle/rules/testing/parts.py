"""The parts of a rule set's conditions that can say something by themselves, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from boucle.errors import Place
from boucle.rules.analysis.scene import Scene
from boucle.rules.bundle import UNDECIDED
from boucle.rules.condition import And, Defined, Expr, Not, Or
from boucle.rules.expressions import children, list_atoms
from boucle.rules.writing.condition_text import write_condition

ONLY_WHEN = "only_when"


@dataclass(frozen=True)
class Part:
    """A condition, a definition or an atom: whose it is, as compiled, where it stands, what it reads."""

    owner: str
    expr: Expr
    place: Place
    facts: frozenset[str]

    @property
    def words(self) -> str:
        """Whose part it is, and its text."""
        return f"{self.owner}: {write_condition(self.expr)}"


def list_parts(scene: Scene) -> Iterator[Part]:
    """Each condition and each definition that is used, and each atom and definition named in them."""
    for owner, compiled, written in _list_roots(scene):
        for depth, (expr, place) in enumerate(_walk(compiled, written)):
            if depth == 0 or not isinstance(expr, And | Or | Not):
                reads = frozenset(atom.fact for atom in list_atoms(expr, scene.compiled.definitions))
                yield Part(owner, expr, place, reads)


def list_outcomes_of(part: Part, scene: Scene) -> list[str]:
    """The names of the outcomes on which a part has a say of its own."""
    kind, _, name = part.owner.partition(" ")
    if kind == "definition":
        rules = scene.compiled.rules
        return [f"rule/{one.id}" for one in rules if name in _named_in(scene, [one.condition.when])]
    return {"rule": [f"rule/{name}"], "reason": [f"reason/{name}"], UNDECIDED: [UNDECIDED]}.get(kind, [])


def _list_roots(scene: Scene) -> Iterator[tuple[str, Expr, Expr]]:
    """Whose condition it is, as compiled, and as written with its places."""
    compiled, written = scene.compiled, scene.rule_set
    used = _used_definitions(scene)
    for name, definition in written.definitions.items():
        if name in used:
            yield f"definition {name}", scene.definition(name).when, definition.when
    if compiled.only_when and written.only_when:
        yield ONLY_WHEN, compiled.only_when.when, written.only_when
    for rule, source in zip(compiled.rules, written.rules, strict=True):
        yield f"rule {rule.id}", rule.condition.when, source.when
    if compiled.undecided.condition and written.undecided.when and written.undecided.play:
        yield UNDECIDED, compiled.undecided.condition.when, written.undecided.when
    for reason, given in zip(compiled.otherwise, written.otherwise, strict=True):
        yield f"reason {reason.code}", reason.condition.when, given.when


def _walk(compiled: Expr, written: Expr) -> Iterator[tuple[Expr, Place]]:
    yield compiled, written.place
    for below, source in zip(children(compiled), children(written), strict=True):
        yield from _walk(below, source)


def _used_definitions(scene: Scene) -> set[str]:
    compiled = scene.compiled
    roots = [rule.condition.when for rule in compiled.rules]
    roots += [reason.condition.when for reason in compiled.otherwise]
    roots += [one.when for one in (compiled.only_when, compiled.undecided.condition) if one is not None]
    return _named_in(scene, roots)


def _named_in(scene: Scene, roots: list[Expr]) -> set[str]:
    """The definitions that conditions name, and those that these name."""
    named: set[str] = set()
    while roots:
        expr = roots.pop()
        if isinstance(expr, Defined) and expr.name not in named:
            named.add(expr.name)
            roots.append(scene.compiled.definitions[expr.name].when)
        roots.extend(children(expr))
    return named
