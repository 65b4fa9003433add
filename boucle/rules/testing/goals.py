"""What the tests of a rule set should reach: everything that the exact partition says can come about.

Each rule wins, the fallback starts, each reason is given; each condition, definition and atom takes
every truth value that it can take; each constant is met, and the values right below and above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from pydantic import JsonValue

from boucle.errors import Place
from boucle.model import FactValue, Truth
from boucle.rules.analysis.grid import Region, TooLargeError
from boucle.rules.analysis.partition import Asked, compile_asked
from boucle.rules.analysis.scene import Scene
from boucle.rules.bundle import UNDECIDED
from boucle.rules.catalogue import Fact
from boucle.rules.condition import And, Atom, Compare, Defined, Expr, Not, OneOf, Or, Within
from boucle.rules.encoding import LARGEST, decode_value, encode_value
from boucle.rules.evaluation import Evaluator
from boucle.rules.expressions import list_atoms
from boucle.rules.logic import is_false, is_true
from boucle.rules.phrases import word_value
from boucle.rules.testing.nearby import class_of
from boucle.rules.testing.outcomes import OUTSIDE, Outcomes
from boucle.rules.testing.parts import ONLY_WHEN, Part, list_parts
from boucle.rules.writing.condition_text import write_condition

Kind = Literal["outcome", "truth", "boundary"]

_MINUTE = 60_000
UNITS: Mapping[str, int] = {"int": 1, "decimal": 1, "date": 1, "instant": _MINUTE}
"""How far the next value lies, in encoded units: one, the smallest decimal, a day, a minute."""


@dataclass(frozen=True, eq=False)
class Goal:
    """One thing that some test should reach; `region` without the boxes of `covers` is where it is.

    `name` and `value` say what is looked for in an answer: an outcome's name; the number of a part
    and its truth value; a fact and its encoded value. `part`: what it is about.
    """

    kind: Kind
    place: Place
    words: str
    name: str
    value: JsonValue
    region: Region
    covers: Region = ()
    part: Part | None = None


class Goals:
    """The goals of one rule set, and which of them an answer reaches.

    `gave_up` are those of which it could not be told whether they can be reached.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.parts = tuple(list_parts(scene))
        acting = [one for one in scene.contenders if one.acts]
        self.outcomes = Outcomes(
            scene.space,
            scene.bundle,
            scene.compiled,
            [one.compiled for one in acting],
            [one.compiled for one in acting if one.always_competes],
        )
        self.gave_up: list[Goal] = []
        self.all = tuple(self._reachable())

    def _reachable(self) -> Iterator[Goal]:
        for listing in (self._outcomes, self._truths, self._boundaries):
            for goal in listing():
                try:
                    found = self.scene.space.find_outside(goal.region, goal.covers)
                except TooLargeError:
                    self.gave_up.append(goal)
                    continue
                if found is not None:
                    yield goal

    # -- what can come out

    def _outcomes(self) -> Iterator[Goal]:
        places = {f"rule/{rule.id}": rule.place for rule in self.scene.rule_set.rules}
        places |= {f"reason/{one.code}": one.place for one in self.scene.rule_set.otherwise}
        places[UNDECIDED] = self.scene.rule_set.undecided.place
        for name in self.outcomes.names():
            kind, _, id_ = name.partition("/")
            words = {
                "rule": f"rule {id_} wins",
                "reason": f"reason {id_} is given",
                UNDECIDED: "what 'undecided' starts is started",
            }
            if kind in words:
                place = places.get(name, self.scene.rule_set.place)
                yield Goal("outcome", place, words[kind], name, None, *self.outcomes.where(name))

    # -- what conditions can say

    def _truths(self) -> Iterator[Goal]:
        for number, part in enumerate(self.parts):
            for truth in get_args(Truth):
                region = self._where(part.expr, truth)
                if part.owner != ONLY_WHEN:
                    region = self.scene.space.grid.meet(self.scene.domain, region)
                words = f"{part.words} is {truth}"
                yield Goal("truth", part.place, words, str(number), truth, region, (), part)

    def _where(self, expr: Expr, truth: Truth) -> Region:
        space, words = self.scene.space, self.scene.words
        true, false = is_true(expr, words), is_false(expr, words)
        if truth == "undecided":
            return space.grid.meet(space.where_not(true), space.where_not(false))
        return space.where(true if truth == "true" else false)

    @cached_property
    def _evaluator(self) -> Evaluator:
        catalogue, definitions = self.scene.bundle.catalogue, self.scene.compiled.definitions
        conditions = [compile_asked(catalogue, Asked(part.expr, definitions)) for part in self.parts]
        atoms = [atom for part in self.parts for atom in list_atoms(part.expr, definitions)]
        return Evaluator(conditions, atoms)

    # -- constants

    def _boundaries(self) -> Iterator[Goal]:
        seen: set[tuple[str, int]] = set()
        for part in self.parts:
            for atom in self._own_atoms(part):
                for value in self._around(atom):
                    if (atom.fact, value) not in seen:
                        seen.add((atom.fact, value))
                        yield self._boundary(part, atom, value)

    def _own_atoms(self, part: Part) -> Iterator[Atom]:
        """The atom that a part is, or that the built-in definition stands for which it names."""
        match part.expr:
            case And() | Or() | Not():
                return
            case Defined() if part.expr.name in self.scene.rule_set.definitions:
                return
            case Defined():
                yield from list_atoms(part.expr, self.scene.compiled.definitions)
            case _:
                yield part.expr

    def _around(self, atom: Atom) -> Iterator[int]:
        """Each constant with the values right below and above it, as far as the fact can have them."""
        fact = self.scene.bundle.catalogue.facts[atom.fact]
        unit = UNITS.get(fact.type, 0)
        for constant in list_constants(atom) if unit else ():
            middle = encode_value(fact, constant)
            values = (middle - unit, middle, middle + unit) if isinstance(middle, int) else ()
            yield from (value for value in values if can_be(fact, value))

    def _boundary(self, part: Part, atom: Atom, value: int) -> Goal:
        space = self.scene.space
        box = space.grid.box(space.numbers[atom.fact], class_of(space, atom.fact, value))
        shown = word_value(decode_value(self.scene.bundle.catalogue.facts[atom.fact], value))
        words = f"{part.owner}: {write_condition(atom)} is asked with {atom.fact} = {shown}"
        region = self.scene.space.grid.meet(self.scene.domain, [box])
        return Goal("boundary", part.place, words, atom.fact, value, region, (), part)

    # -- what an answer reaches

    def reached(self, outcome: str, encoded: Mapping[str, JsonValue]) -> set[Goal]:
        """The goals that a response with these facts reaches, whose outcome is so named."""
        truths = self._evaluator.evaluate(encoded)
        tests: Mapping[Kind, Callable[[Goal], bool]] = {
            "outcome": lambda goal: goal.name == outcome,
            "truth": lambda goal: truths[int(goal.name)] == goal.value,
            "boundary": lambda goal: encoded.get(goal.name) == goal.value,
        }
        inside = outcome != OUTSIDE
        return {
            goal
            for goal in self.all
            if tests[goal.kind](goal) and (inside or (goal.part and goal.part.owner == ONLY_WHEN))
        }


def list_constants(atom: Atom) -> tuple[FactValue, ...]:
    """The values that an atom compares its fact with."""
    match atom:
        case Compare():
            return (atom.value,)
        case Within():
            return (atom.low, atom.high)
        case OneOf():
            return atom.values
        case _:
            return ()


def can_be(fact: Fact, value: int) -> bool:
    """Whether an encoded number lies within its fact's limits."""
    low = -LARGEST if fact.low is None else fact.low
    return low <= value <= (LARGEST if fact.high is None else fact.high)
