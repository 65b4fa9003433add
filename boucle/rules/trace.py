"""The truth value of every part of one condition, by the same compiler and the same evaluator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from boucle.model import Truth
from boucle.rules.bundle import Bundle, CompiledRuleSet
from boucle.rules.condition import And, Atom, Defined, Expr, Not, Or
from boucle.rules.evaluation import Condition, Evaluator
from boucle.rules.expressions import children, list_atoms
from boucle.rules.logic import Vocabulary, is_false, is_true
from boucle.rules.reading import Reading


@dataclass(frozen=True)
class Traced:
    """One part of a condition: its truth value, its path in the source map, and the parts below it.

    A definition has one part: the condition that it names.
    """

    expr: Expr
    truth: Truth
    path: str
    parts: tuple[Traced, ...]


def trace(bundle: Bundle, rule_set: CompiledRuleSet, path: str, expr: Expr, reading: Reading) -> Traced:
    """The truth values of `expr`, which stands at `path` of the rule set, and of all its parts."""
    tracer = bundle.tracers.get(path)
    if tracer is None:
        tracer = bundle.tracers[path] = _compile(bundle, rule_set, expr)
    truths = iter(tracer.evaluate(reading.known, reading.personal))
    return _attach(rule_set, path, expr, truths)


def _compile(bundle: Bundle, rule_set: CompiledRuleSet, expr: Expr) -> Evaluator:
    words = Vocabulary(bundle.catalogue.facts, rule_set.definitions)
    conditions = (
        Condition(part, is_true(part, words), is_false(part, words)) for part in _walk(rule_set, expr)
    )
    atoms = (atom for atom in list_atoms(expr, rule_set.definitions) if not words.facts[atom.fact].pii)
    return Evaluator(conditions, atoms)


def _below(rule_set: CompiledRuleSet, path: str, expr: Expr) -> list[tuple[str, Expr]]:
    """The parts of an expression with their paths; a definition's part is what it names."""
    if isinstance(expr, Defined):
        return [(f"{rule_set.name}/define/{expr.name}/when", rule_set.definitions[expr.name].when)]
    return [(f"{path}/{number}", child) for number, child in enumerate(children(expr))]


def _walk(rule_set: CompiledRuleSet, expr: Expr) -> Iterator[Expr]:
    yield expr
    for _, part in _below(rule_set, "", expr):
        yield from _walk(rule_set, part)


def _attach(rule_set: CompiledRuleSet, path: str, expr: Expr, truths: Iterator[Truth]) -> Traced:
    truth = next(truths)
    below = _below(rule_set, path, expr)
    return Traced(expr, truth, path, tuple(_attach(rule_set, where, part, truths) for where, part in below))


@dataclass(frozen=True)
class Ground:
    """An atom on which a truth value rests. `negated`: it stands under a `not`.

    `assumed` is the definition that counts as false because the atom, and so the definition, cannot be told.
    """

    atom: Atom
    truth: Truth
    negated: bool
    assumed: str | None = None


def find_grounds(traced: Traced, *, negated: bool = False) -> Iterator[Ground]:
    """The atoms that carry the truth value of `traced`, from left to right.

    In each `and` and `or` they lie in the parts that have the value of the whole, of which Kleene's
    tables always leave at least one.
    """
    match traced.expr:
        case Not():
            yield from find_grounds(traced.parts[0], negated=not negated)
        case Defined():
            yield from _defined_grounds(traced, traced.expr.name, negated=negated)
        case And() | Or():
            for part in traced.parts:
                if part.truth == traced.truth:
                    yield from find_grounds(part, negated=negated)
        case atom:
            yield Ground(atom, traced.truth, negated)


def _defined_grounds(traced: Traced, name: str, *, negated: bool) -> Iterator[Ground]:
    below = traced.parts[0]
    for ground in find_grounds(below, negated=negated):
        assumes = below.truth != traced.truth and ground.assumed is None
        yield replace(ground, assumed=name) if assumes else ground
