"""Conditions as sentences: what an expression asks, in words that nobody has to learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from boucle.model import NPS_BANDS, FactValue
from boucle.rules.catalogue import Catalogue, Derived, Fact
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
from boucle.rules.phrases import word_value
from boucle.rules.writing.past import Relation, tell_age, tell_change, tell_count, tell_past
from boucle.rules.writing.tongues import Tongue

_INVERSE: Mapping[str, str] = {"==": "not ==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_OWN = frozenset(("customer", "contact", "response", "comment", "consent"))
_BANDS = frozenset(band.value for band in NPS_BANDS)


@dataclass(frozen=True)
class Teller:
    """Tells conditions over one catalogue in one language."""

    catalogue: Catalogue
    tongue: Tongue

    def tell(self, expr: Expr, *, negated: bool = False) -> str:
        """A clause: what has to be so; `negated`: what must not."""
        match expr:
            case Not():
                return self.tell(expr.part, negated=not negated)
            case And():
                return self._joined(expr.parts, both=not negated, negated=negated)
            case Or():
                return self._joined(expr.parts, both=negated, negated=negated)
            case Defined():
                return self._defined(expr.name, negated=negated)
            case _:
                return self._atom(expr, negated=negated)

    def _joined(self, parts: tuple[Expr, ...], *, both: bool, negated: bool) -> str:
        groups = self._grouped(parts) if both and not negated else [(part,) for part in parts]
        told = [
            self._part(group[0], inside=both, negated=negated)
            if len(group) == 1
            else self._all_defined(group)
            for group in groups
        ]
        return self.tongue.all_of(told) if both else self.tongue.either_of(told)

    def _grouped(self, parts: tuple[Expr, ...]) -> list[tuple[Expr, ...]]:
        """The parts, with definitions that follow one another together."""
        return [
            group
            for named, run in groupby(
                parts, lambda part: isinstance(part, Defined) and part.name not in _BANDS
            )
            for group in ([tuple(run)] if named else [(part,) for part in run])
        ]

    def _all_defined(self, parts: tuple[Expr, ...]) -> str:
        """`“hard” and “may call” apply`."""
        names = [self.name(part.name) for part in parts if isinstance(part, Defined)]
        return self.tongue.say("all_defined", names=self.tongue.all_of(names))

    def _part(self, part: Expr, *, inside: bool, negated: bool) -> str:
        """One part; what joins otherwise than the whole stands in brackets."""
        told, bare, turned = self.tell(part, negated=negated), part, negated
        while isinstance(bare, Not):
            bare, turned = bare.part, not turned
        joins_all = isinstance(bare, And) != turned
        return f"({told})" if isinstance(bare, And | Or) and joins_all != inside else told

    def _defined(self, name: str, *, negated: bool) -> str:
        prefix = "not " if negated else ""
        if name in _BANDS:
            return self.tongue.say(prefix + name)
        return self.tongue.say(f"{prefix}defined", name=self.name(name))

    def name(self, name: str) -> str:
        """A name that an author gave, as a reader sees it."""
        return self.tongue.quote(name.replace("_", " ").replace("-", " "))

    # -- atoms

    def _atom(self, atom: Atom, *, negated: bool) -> str:
        fact, prefix = self.label(atom.fact), "not " if negated else ""
        match atom:
            case Compare():
                return self._compared(atom, fact, negated=negated)
            case Within() if _is_a_pair(atom):
                listed = [self._value(atom.low), self._value(atom.high)]
                values = self.tongue.none_of(listed) if negated else self.tongue.any_of(listed)
                return self.tongue.say(f"{prefix}one_of", fact=fact, values=values)
            case Within():
                low, high = self._value(atom.low), self._value(atom.high)
                return self.tongue.say(f"{prefix}within_range", fact=fact, low=low, high=high)
            case IsTrue():
                return self._alone(atom.fact, fact, prefix)
            case _:
                return self._listed(atom, fact, prefix)

    def _compared(self, atom: Compare, fact: str, *, negated: bool) -> str:
        if isinstance(atom.value, bool):
            return self._alone(atom.fact, fact, "" if atom.value != negated else "not ")
        key = _INVERSE[atom.op] if negated else atom.op
        derived = self.catalogue.derived.get(atom.fact)
        told = self._past(derived, key, atom.value) if derived else None
        return told or self.tongue.say(key, fact=fact, value=self._value(atom.value))

    def _past(self, derived: Derived, key: str, value: FactValue) -> str | None:
        """What is asked of the past, where there is a better way than to compare a number."""
        relations: Mapping[str, Relation] = {"==": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
        relation = relations.get(key)
        if relation is None:
            return None
        where = self._where(derived)
        match derived.verb:
            case "count":
                return tell_count(self.tongue, derived, relation, value, where)
            case "days_since":
                return tell_age(self.tongue, derived, relation, value, where)
            case "change":
                return tell_change(self.tongue, derived, relation, value, self.label(derived.of or ""), where)
            case _:
                return None

    def _listed(self, atom: OneOf | Has | Contains | Known, fact: str, prefix: str) -> str:
        match atom:
            case OneOf():
                listed = [self._value(value) for value in atom.values]
                if len(listed) == 1:
                    return self.tongue.say(f"{prefix}==", fact=fact, value=listed[0])
                values = self.tongue.none_of(listed) if prefix else self.tongue.any_of(listed)
                return self.tongue.say(f"{prefix}one_of", fact=fact, values=values)
            case Has():
                return self.tongue.say(f"{prefix}has", fact=fact, values=self._quoted(atom.members))
            case Contains():
                return self.tongue.say(f"{prefix}contains", fact=fact, values=self._quoted(atom.needles))
            case Known() if self.catalogue.facts[atom.fact].type == "bool":
                return self.tongue.say(f"{prefix}known whether", clause=self._alone(atom.fact, fact, ""))
            case Known():
                return self.tongue.say(f"{prefix}known", fact=fact)

    def _alone(self, name: str, label: str, prefix: str) -> str:
        special = f"{prefix}{name}"
        if special in self.tongue.texts:
            return self.tongue.say(special)
        return self.tongue.say(f"{prefix}is_true", fact=label)

    def _quoted(self, values: tuple[str, ...]) -> str:
        return self.tongue.any_of([self.tongue.quote(value) for value in values])

    def _value(self, value: FactValue) -> str:
        return self.tongue.quote(value) if isinstance(value, str) else word_value(value)

    # -- what facts are called

    def label(self, name: str) -> str:
        """What a fact is called in a sentence."""
        fact = self.catalogue.facts[name]
        if fact.is_score:
            return self._score(fact)
        if name in self.catalogue.derived:
            return self._derived(self.catalogue.derived[name])
        if name in self.tongue.texts and fact.type != "bool":
            return self.tongue.texts[name]
        first, _, rest = name.partition(".")
        if rest and first in _OWN:
            return self.tongue.say(first, of=self._plain(rest))
        return self.tongue.say("other", of=self._plain(name))

    def _plain(self, name: str) -> str:
        """A part of a fact's name: in our own words where it is usual, else the author's."""
        if f"part {name}" in self.tongue.texts:
            return self.tongue.say(f"part {name}")
        plain = name.replace("_", " ").replace(".", " ")
        return self.tongue.quote(plain) if self.tongue.code == "fr" else plain

    def _score(self, fact: Fact) -> str:
        _, _, of = fact.name.partition(".")
        if fact.metric == "nps" and not of:
            return self.tongue.texts["nps"]
        key = fact.metric if fact.metric in {"csat", "ces"} and of else "metric"
        return self.tongue.say(str(key), of=self._plain(of or fact.name))

    def _derived(self, derived: Derived) -> str:
        of = self.label(derived.of) if derived.of and derived.over == "responses" else ""
        return tell_past(self.tongue, derived, of, self._where(derived))

    def _where(self, derived: Derived) -> str:
        return "" if derived.where is None else self.tongue.say("where", condition=self.tell(derived.where))


def _is_a_pair(atom: Within) -> bool:
    """Whether the range holds two whole numbers, which are better named than spanned."""
    low, high = atom.low, atom.high
    return isinstance(low, int) and isinstance(high, int) and high - low == 1
