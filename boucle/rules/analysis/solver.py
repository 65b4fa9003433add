"""The second way to answer what conditions can say: z3, where it is installed.

Conditions become formulas straight from the semantics (`kleene-1`), not from their compiled form, so
that the two ways check one another. A text's `contains` is opaque: anything can hold of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from functools import cache
from typing import Any

from boucle.model import FactValue
from boucle.rules.analysis.bonds import Bond
from boucle.rules.catalogue import Fact
from boucle.rules.condition import (
    And,
    Atom,
    Compare,
    Contains,
    Defined,
    Expr,
    Has,
    IsTrue,
    Known,
    Not,
    OneOf,
    Or,
    Within,
)
from boucle.rules.encoding import LARGEST, decode_value, encode_value
from boucle.rules.expressions import NOWHERE
from boucle.rules.ruleset import Definition

STEPS = 20_000_000
"""How much work z3 may do for one question, in its own unit, which is the same on every machine."""


class SolverGaveUpError(Exception):
    """z3 reached its limit of work before it knew."""


@cache
def find_z3() -> Any:
    """The z3 module; None where it is not installed."""
    try:
        return importlib.import_module("z3")
    except ImportError:
        return None


@dataclass(frozen=True)
class Pair:
    """Where a condition is true, and where it is false; neither where it is undecided."""

    true: Any
    false: Any


class Solver:
    """Asks for facts under which formulas hold. Only to be made where z3 is installed."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self._z3 = find_z3()
        self._facts = facts
        self._variables: dict[str, _Variable] = {}
        self._defined: dict[tuple[int, str], Pair] = {}
        self._scopes: list[Mapping[str, Definition]] = []
        self._solver: Any = None

    def encode(self, expr: Expr, definitions: Mapping[str, Definition]) -> Pair:
        """The two formulas of a condition; `definitions` must stay the same object for one rule set."""
        if not any(definitions is scope for scope in self._scopes):
            self._scopes.append(definitions)
        return self._encode(expr, definitions)

    def assume(self, given: Iterable[Any]) -> None:
        """Take these formulas for true in every question from now on; all facts must have been named."""
        self._solver = self._z3.Solver()
        self._solver.set("rlimit", STEPS)
        self._solver.add(*given)
        for variable in self._variables.values():
            self._solver.add(*variable.domain)

    def find(self, wanted: Any) -> dict[str, FactValue] | None:
        """Facts under which a formula holds and all that is assumed, None where there are none.

        SolverGaveUpError where z3 does not know within its limit of work.
        """
        self._solver.push()
        self._solver.add(wanted)
        answer = self._solver.check()
        if answer == self._z3.unknown:
            raise SolverGaveUpError
        found = self._read(self._solver.model()) if answer == self._z3.sat else None
        self._solver.pop()
        return found

    def _read(self, model: Any) -> dict[str, FactValue]:
        values = ((name, variable.read(model)) for name, variable in self._variables.items())
        return {name: value for name, value in values if value is not None}

    def every(self, formulas: Iterable[Any]) -> Any:
        """All of them."""
        return self._z3.And(*formulas)

    def some(self, formulas: Iterable[Any]) -> Any:
        """At least one of them."""
        return self._z3.Or(*formulas)

    def no(self, formula: Any) -> Any:
        """The opposite of a formula."""
        return self._z3.Not(formula)

    def tie(self, bond: Bond) -> Any:
        """That the facts of a bond are known together, or not at all."""
        known = [self._variable(name).known for name in sorted(bond.facts)]
        if bond.told_by is not None:
            teller = self._variable(bond.told_by)
            known.append(teller.holds(IsTrue(bond.told_by, NOWHERE, "")))
        return self.some([self.every(known), self.no(self.some(known))])

    # -- conditions ------------------------------------------------------------------------------

    def _encode(self, expr: Expr, scope: Mapping[str, Definition]) -> Pair:
        match expr:
            case And():
                parts = [self._encode(part, scope) for part in expr.parts]
                return Pair(self.every(part.true for part in parts), self.some(part.false for part in parts))
            case Or():
                parts = [self._encode(part, scope) for part in expr.parts]
                return Pair(self.some(part.true for part in parts), self.every(part.false for part in parts))
            case Not():
                part = self._encode(expr.part, scope)
                return Pair(part.false, part.true)
            case Defined():
                return self._encode_defined(expr.name, scope)
            case _:
                return self._encode_atom(expr)

    def _encode_defined(self, name: str, scope: Mapping[str, Definition]) -> Pair:
        key = (id(scope), name)
        if key not in self._defined:
            definition = scope[name]
            pair = self._encode(definition.when, scope)
            closed = definition.if_unknown is False
            self._defined[key] = Pair(pair.true, self.no(pair.true)) if closed else pair
        return self._defined[key]

    def _encode_atom(self, atom: Atom) -> Pair:
        variable = self._variable(atom.fact)
        if isinstance(atom, Known):
            return Pair(variable.known, self.no(variable.known))
        holds = variable.holds(atom)
        return Pair(self.every([variable.known, holds]), self.every([variable.known, self.no(holds)]))

    def _variable(self, name: str) -> _Variable:
        if name not in self._variables:
            fact = self._facts[name]
            kinds: Mapping[str, type[_Variable]] = {"bool": _Bool, "set": _Set, "enum": _Word, "text": _Text}
            self._variables[name] = kinds.get(fact.type, _Number)(fact, self._z3)
        return self._variables[name]


# -- facts ---------------------------------------------------------------------------------------


class _Variable:
    """One fact: whether it is known, and what it is."""

    def __init__(self, fact: Fact, z3: Any) -> None:
        self.fact = fact
        self.z3 = z3
        self.known = z3.Bool(f"{fact.name} is known") if fact.optional else z3.BoolVal(val=True)
        self.domain: list[Any] = []
        self.number = z3.Int(fact.name)

    def holds(self, atom: Atom) -> Any:
        """Whether the atom holds of a known value."""
        raise NotImplementedError

    def value(self, model: Any) -> FactValue:
        """The value in a model of z3's."""
        raise NotImplementedError

    def read(self, model: Any) -> FactValue | None:
        """The value in a model, None where it is unknown there."""
        return self.value(model) if self.ask(model, self.known) else None

    def ask(self, model: Any, formula: Any) -> bool:
        """Whether a formula holds in a model; what the model leaves open is chosen."""
        return bool(self.z3.is_true(model.eval(formula, model_completion=True)))

    def read_number(self, model: Any) -> int:
        """The whole number that stands for the value in a model."""
        return int(model.eval(self.number, model_completion=True).as_long())


class _Bool(_Variable):
    def __init__(self, fact: Fact, z3: Any) -> None:
        super().__init__(fact, z3)
        self.is_true = z3.Bool(fact.name)

    def holds(self, atom: Atom) -> Any:
        match atom:
            case Compare():
                return self.is_true == self.z3.BoolVal(atom.value is True)
            case OneOf():
                return self.z3.Or(*(self.is_true == self.z3.BoolVal(value is True) for value in atom.values))
            case _:
                return self.is_true

    def value(self, model: Any) -> FactValue:
        return self.ask(model, self.is_true)


def _limits(fact: Fact) -> tuple[int, int]:
    """The least and the greatest value, as the engine carries them."""
    if fact.type == "date":
        low, high = encode_value(fact, date.min), encode_value(fact, date.max)
    elif fact.type == "instant":
        low = encode_value(fact, datetime(MINYEAR + 1, 1, 1, tzinfo=UTC))
        high = encode_value(fact, datetime(MAXYEAR - 1, 12, 31, tzinfo=UTC))
    else:
        low = -LARGEST if fact.low is None else fact.low
        high = LARGEST if fact.high is None else fact.high
    return int(str(low)), int(str(high))


class _Number(_Variable):
    def __init__(self, fact: Fact, z3: Any) -> None:
        super().__init__(fact, z3)
        low, high = _limits(fact)
        self.domain = [self.number >= low, self.number <= high]

    def holds(self, atom: Atom) -> Any:
        match atom:
            case Compare():
                return self._compare(atom)
            case Within():
                low, high = encode_value(self.fact, atom.low), encode_value(self.fact, atom.high)
                return self.z3.And(self.number >= low, self.number <= high)
            case OneOf():
                values = (encode_value(self.fact, value) for value in atom.values)
                return self.z3.Or(*(self.number == value for value in values))
            case _:
                raise TypeError(atom)

    def _compare(self, atom: Compare) -> Any:
        value = encode_value(self.fact, atom.value)
        compared: Mapping[str, Any] = {
            "==": self.number == value,
            "<": self.number < value,
            "<=": self.number <= value,
            ">": self.number > value,
            ">=": self.number >= value,
        }
        return compared[atom.op]

    def value(self, model: Any) -> FactValue:
        return decode_value(self.fact, self.read_number(model))


class _Word(_Variable):
    """An enum: the number of its value."""

    def __init__(self, fact: Fact, z3: Any) -> None:
        super().__init__(fact, z3)
        self.words = list(fact.values)
        self.domain = [self.number >= 0, self.number < len(self.words)]

    def holds(self, atom: Atom) -> Any:
        values = atom.values if isinstance(atom, OneOf) else (getattr(atom, "value", None),)
        return self.z3.Or(*(self.number == self.index(str(value)) for value in values))

    def index(self, word: str) -> int:
        return self.words.index(word)

    def value(self, model: Any) -> FactValue:
        return self.words[self.read_number(model)]


class _Set(_Variable):
    """A set: for each member whether it is in."""

    def __init__(self, fact: Fact, z3: Any) -> None:
        super().__init__(fact, z3)
        self.members = {member: z3.Bool(f"{fact.name} has {member}") for member in fact.values}

    def holds(self, atom: Atom) -> Any:
        members = atom.members if isinstance(atom, Has) else ()
        return self.z3.Or(*(self.members[member] for member in members))

    def value(self, model: Any) -> FactValue:
        return tuple(member for member, is_in in self.members.items() if self.ask(model, is_in))


class _Text(_Variable):
    """A text: which of the constants it is, if any; and, for each needle, whether it is contained."""

    def __init__(self, fact: Fact, z3: Any) -> None:
        super().__init__(fact, z3)
        self.words: list[str] = []
        self.needles: dict[str, Any] = {}

    def holds(self, atom: Atom) -> Any:
        if isinstance(atom, Contains):
            return self.z3.Or(*(self._contains(needle) for needle in atom.needles))
        values = atom.values if isinstance(atom, OneOf) else (getattr(atom, "value", None),)
        return self.z3.Or(*(self.number == self._index(str(value)) for value in values))

    def _contains(self, needle: str) -> Any:
        return self.needles.setdefault(needle, self.z3.Bool(f"{self.fact.name} contains {needle}"))

    def _index(self, word: str) -> int:
        if word not in self.words:
            self.words.append(word)
        return self.words.index(word)

    def value(self, model: Any) -> FactValue:
        number = self.read_number(model)
        if 0 <= number < len(self.words):
            return self.words[number]
        text = " | ".join(needle for needle, is_in in self.needles.items() if self.ask(model, is_in))
        return text if text and text not in self.words else f"{text} …"
