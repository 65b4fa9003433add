"""Evaluates a row of conditions over the facts of a response: the index first, then the rule engine.

There is this one evaluator for live decisions, replays, tests, proofs and explanation.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from datalogic_py import BatchItemError, DataHandle, DataLogicError, Engine, Rule, Session
from pydantic import JsonValue

from boucle.model import Truth
from boucle.rules.condition import Atom, Contains, Expr
from boucle.rules.encoding import FOLDED, fold, nest
from boucle.rules.failures import EvaluationError
from boucle.rules.index import Index, Sides
from boucle.rules.logic import PERSONAL, personal_key
from boucle.rules.value import Value

Sign = Literal[1, 0, -1]

_TRUTHS: Mapping[object, Truth] = {"1": "true", "0": "false", "-1": "undecided"}
_SIGNS: Mapping[Truth, Sign] = {"true": 1, "false": 0, "undecided": -1}
_ENGINE = Engine()


class _Sessions(threading.local):
    """The engine's sessions belong to the thread that opened them: one for each."""

    def __init__(self) -> None:
        self.session: Session = _ENGINE.session()


_SESSIONS = _Sessions()


class Condition(Value):
    """One condition: what the author meant, and the compiled expressions T and F."""

    when: Expr
    true: JsonValue
    false: JsonValue

    @property
    def combined(self) -> JsonValue:
        """1 where T holds, 0 where F holds, else -1. F is asked first: most conditions are false."""
        return {"if": [self.false, 0, self.true, 1, -1]}

    @property
    def asked(self) -> JsonValue:
        """The same, for what the index leaves open: most of that is true, so T is asked first."""
        return {"if": [self.true, 1, self.false, 0, -1]}


class Evaluator:
    """The truth values of a fixed row of conditions, for any facts. Safe to share among threads.

    The index proves most conditions false or undecided; of the others the engine is asked, and only it
    says that one is true. So an error of the engine in a condition that the index settles does not
    show. That hides nothing: a checked rule over validated facts cannot raise, and what is settled is
    so whatever its other tests would say. `indexed` False asks the engine of every condition, in one
    call; the answers are the same.
    """

    def __init__(
        self, conditions: Iterable[Condition], atoms: Iterable[Atom], *, indexed: bool = True
    ) -> None:
        """`atoms` are those that the conditions evaluate themselves, definitions expanded."""
        self.conditions = tuple(conditions)
        self.expression: list[JsonValue] = [condition.combined for condition in self.conditions]
        atoms = tuple(atoms)
        self._facts = frozenset(atom.fact for atom in atoms)
        self._folded = tuple(sorted({atom.fact for atom in atoms if isinstance(atom, Contains)}))
        self._row: _Indexed | _Whole = (_Indexed if indexed else _Whole)(self.conditions)

    def data(self, known: Mapping[str, JsonValue], personal: Mapping[str, Truth]) -> dict[str, JsonValue]:
        """What any engine reads of T and F: nested facts, and the truth values of the personal atoms."""
        data = nest({name: value for name, value in known.items() if name in self._facts}, self._folded)
        if personal:
            data[PERSONAL] = {personal_key(text): _SIGNS[truth] for text, truth in personal.items()}
        return data

    def evaluate(
        self, known: Mapping[str, JsonValue], personal: Mapping[str, Truth] | None = None
    ) -> tuple[Truth, ...]:
        """Each condition's truth value over the encoded, known facts; EvaluationError, never a guess."""
        facts = dict(known)
        if self._folded:
            facts.update(self._fold(known))
        if personal:
            facts.update(_sign(personal))
        try:
            return self._row.answer(facts)
        except DataLogicError as error:
            raise EvaluationError(error.error_type) from None

    def evaluate_text(self, known: str) -> tuple[Truth, ...]:
        """As `evaluate`, from the encoded, known facts as a JSON object, flat as records hold them."""
        try:
            return self.evaluate(json.loads(known))
        except json.JSONDecodeError:
            raise EvaluationError("the facts are no JSON") from None

    def _fold(self, known: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
        """The folded copy of each text that some `contains` reads."""
        for name in self._folded:
            value = known.get(name)
            if isinstance(value, str):
                yield name + FOLDED, fold(value)


def _sign(personal: Mapping[str, Truth]) -> Iterator[tuple[str, Sign]]:
    return ((f"{PERSONAL}.{personal_key(text)}", _SIGNS[truth]) for text, truth in personal.items())


# -- asking the engine --------------------------------------------------------------------------


def _compile(expression: JsonValue) -> Rule:
    """The expression over flat facts: `var` walks down the dots of a name, `val` takes it whole.

    Within a JSON text quotes are escaped, so what is replaced is never a part of a constant.
    """
    return _ENGINE.compile(json.dumps(expression).replace('{"var": ', '{"val": '))


class _Whole:
    """All conditions as one expression, in one call."""

    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        self._size = len(conditions)
        self._rule = _compile([condition.combined for condition in conditions])

    def answer(self, facts: dict[str, JsonValue]) -> tuple[Truth, ...]:
        """The engine's `[1,0,-1]` in words."""
        signs = _SESSIONS.session.evaluate_data_str(self._rule, DataHandle(facts))[1:-1]
        return tuple(_read(signs.split(",") if signs else [], self._size))


class _Indexed:
    """Each condition by itself, where the index leaves it open: one call for all of those."""

    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        self._conditions = conditions
        self._rules: list[Rule | None] = [None] * len(conditions)
        self._all_false: list[Truth] = ["false"] * len(conditions)

    @cached_property
    def _index(self) -> Index:
        """Built when it is first asked, as each rule is compiled: who reads a bundle does not wait."""
        return Index([Sides(condition.true, condition.false) for condition in self._conditions])

    def answer(self, facts: dict[str, JsonValue]) -> tuple[Truth, ...]:
        """What the index settles, and of the others what the engine says."""
        index = self._index
        undecided, still_open = index.settle(facts)
        truths = self._all_false.copy()
        if undecided:
            for place in index.list_places(undecided):
                truths[place] = "undecided"
        if still_open:
            places = index.list_places(still_open)
            rules = [self._rules[place] or self._compile(place) for place in places]
            answers = _SESSIONS.session.evaluate_many(rules, DataHandle(facts))
            for place, truth in zip(places, _read(answers, len(places)), strict=True):
                truths[place] = truth
        return tuple(truths)

    def _compile(self, place: int) -> Rule:
        rule = self._rules[place] = _compile(self._conditions[place].asked)
        return rule


def _read(answers: Sequence[str | BatchItemError], count: int) -> list[Truth]:
    """The engine's signs in words, one for each of so many conditions."""
    if len(answers) != count:
        raise EvaluationError("not every condition was answered")
    try:
        return [_TRUTHS[answer] for answer in answers]
    except KeyError as error:
        (answer,) = error.args
        detail = answer.tag if isinstance(answer, BatchItemError) else "neither true, false nor undecided"
        raise EvaluationError(detail) from None
