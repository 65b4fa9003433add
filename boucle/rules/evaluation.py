"""Evaluates conditions: all of them as one expression, in one call of the rule engine.

There is this one evaluator for live decisions, replays, tests, proofs and explanation.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from datalogic_py import DataHandle, DataLogicError, Engine, Session
from pydantic import JsonValue

from boucle.model import Truth
from boucle.rules.condition import Atom, Contains, Expr
from boucle.rules.encoding import nest
from boucle.rules.failures import EvaluationError
from boucle.rules.logic import PERSONAL, personal_key

Sign = Literal[1, 0, -1]

_TRUTHS: Mapping[str, Truth] = {"1": "true", "0": "false", "2": "undecided"}
_SIGNS: Mapping[Truth, Sign] = {"true": 1, "false": 0, "undecided": -1}
_ENGINE = Engine()


class _Sessions(threading.local):
    """The engine's sessions belong to the thread that opened them: one for each."""

    def __init__(self) -> None:
        self.session: Session = _ENGINE.session()


_SESSIONS = _Sessions()


@dataclass(frozen=True)
class Condition:
    """One condition: what the author meant, and the compiled expressions T and F."""

    when: Expr
    true: JsonValue
    false: JsonValue

    @property
    def combined(self) -> JsonValue:
        """1 where T holds, 0 where F holds, else -1. F is asked first: most conditions are false."""
        return {"if": [self.false, 0, self.true, 1, -1]}


class Evaluator:
    """The truth values of a fixed row of conditions, for any facts. Safe to share among threads."""

    def __init__(self, conditions: Iterable[Condition], atoms: Iterable[Atom]) -> None:
        """`atoms` are those that the conditions evaluate themselves, definitions expanded."""
        self.conditions = tuple(conditions)
        self.expression: list[JsonValue] = [condition.combined for condition in self.conditions]
        self._rule = _ENGINE.compile(self.expression)
        atoms = tuple(atoms)
        self._facts = frozenset(atom.fact for atom in atoms)
        self._folded = tuple(sorted({atom.fact for atom in atoms if isinstance(atom, Contains)}))

    def data(self, known: Mapping[str, JsonValue], personal: Mapping[str, Truth]) -> dict[str, JsonValue]:
        """What the engine reads: the nested facts, and the truth values of the personal atoms."""
        data = nest({name: value for name, value in known.items() if name in self._facts}, self._folded)
        if personal:
            data[PERSONAL] = {personal_key(text): _SIGNS[truth] for text, truth in personal.items()}
        return data

    def evaluate(
        self, known: Mapping[str, JsonValue], personal: Mapping[str, Truth] | None = None
    ) -> tuple[Truth, ...]:
        """Each condition's truth value over the encoded, known facts; EvaluationError, never a guess."""
        if not self.expression:
            return ()
        return self.evaluate_text(json.dumps(self.data(known, personal or {})))

    def evaluate_text(self, data: str) -> tuple[Truth, ...]:
        """As `evaluate`, from the engine's data as JSON text."""
        try:
            signs = _SESSIONS.session.evaluate_data_str(self._rule, DataHandle(data))
        except DataLogicError as error:
            raise EvaluationError(error.error_type) from None
        return self._read(signs)

    def _read(self, signs: str) -> tuple[Truth, ...]:
        """The engine's `[1,0,-1]`: with -1 written 2, every other character is an answer."""
        try:
            truths = tuple([_TRUTHS[sign] for sign in signs.replace("-1", "2")[1::2]])
        except KeyError:
            raise EvaluationError("an answer is neither true, false nor undecided") from None
        if len(truths) != len(self.conditions):
            raise EvaluationError("not every condition was answered")
        return truths
