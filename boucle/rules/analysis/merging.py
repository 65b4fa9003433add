"""Two catalogues as one: what a response may bring that either of two versions of the rules reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from boucle.rules.analysis.partition import Cell
from boucle.rules.catalogue import Catalogue, Fact
from boucle.rules.condition import Atom, Compare, Has, OneOf
from boucle.rules.encoding import decode_value
from boucle.rules.expressions import NOWHERE


def merge(old: Catalogue, new: Catalogue) -> Catalogue:
    """Every fact of either, with the values that either allows.

    Where the two disagree on a fact's type it is the new one's: no value of it fits the old.
    """
    facts = {**old.facts, **new.facts}
    for name in old.facts.keys() & new.facts.keys():
        facts[name] = _merge_fact(old.facts[name], new.facts[name])
    same = {name: one for name, one in old.derived.items() if new.derived.get(name, one) == one}
    derived = {name: one for name, one in new.derived.items() if old.derived.get(name, one) == one}
    return Catalogue(facts, {**same, **derived})


def _merge_fact(old: Fact, new: Fact) -> Fact:
    if not is_one_kind(old, new):
        return replace(new, optional=old.optional or new.optional)
    return replace(
        new,
        optional=old.optional or new.optional,
        low=None if old.low is None or new.low is None else min(old.low, new.low),
        high=None if old.high is None or new.high is None else max(old.high, new.high),
        values=tuple(dict.fromkeys((*new.values, *old.values))),
    )


def is_one_kind(one: Fact, other: Fact) -> bool:
    """Whether a value of one can be a value of the other."""
    return (one.type, one.digits) == (other.type, other.digits)


def tell_apart(old: Catalogue, new: Catalogue, names: Iterable[str]) -> Iterator[Atom]:
    """Atoms that part the values which only one of the two allows from the others."""
    for name in names:
        one, other = old.facts.get(name), new.facts.get(name)
        if one is not None and other is not None and is_one_kind(one, other):
            yield from _part_values(one, other)
            yield from _part_limits(one, other)


def _part_values(one: Fact, other: Fact) -> Iterator[Atom]:
    for fact, against in ((one, other), (other, one)):
        lone = tuple(value for value in fact.values if value not in against.values)
        if lone and fact.type == "set":
            yield from (Has(fact.name, (value,), NOWHERE, "") for value in lone)
        elif lone:
            yield OneOf(fact.name, lone, NOWHERE, "")


def _part_limits(one: Fact, other: Fact) -> Iterator[Atom]:
    for fact in (one, other):
        if (one.low, one.high) == (other.low, other.high):
            return
        if fact.low is not None:
            yield Compare(fact.name, "<", decode_value(fact, fact.low), NOWHERE, "")
        if fact.high is not None:
            yield Compare(fact.name, ">", decode_value(fact, fact.high), NOWHERE, "")


# -- one version's view of a response ------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """How one version reads what a response brings under the merged catalogue."""

    catalogue: Catalogue
    merged: Mapping[str, Fact]

    def read(self, cell: Cell) -> Cell:
        """The facts that this version knows, without those that count as unknown for it."""
        values = ((name, self._read(name, value)) for name, value in cell.items())
        return {name: value for name, value in values if value is not None}

    def misfits(self, cell: Cell, asked: Iterable[str]) -> list[str]:
        """The facts for which a response goes to quarantine, among those asked about."""
        names = (name for name in asked if name in self.catalogue.facts)
        return [name for name in names if not self._fits(self.catalogue.facts[name], cell.get(name))]

    def _read(self, name: str, value: JsonValue) -> JsonValue:
        fact = self.catalogue.facts.get(name)
        if fact is None or not is_one_kind(fact, self.merged[name]):
            return None
        if fact.type == "set" and isinstance(value, list):
            return [member for member in value if member in fact.values]
        return None if fact.type == "enum" and value not in fact.values else value

    def _fits(self, fact: Fact, value: JsonValue) -> bool:
        if value is None:
            return fact.optional
        if not is_one_kind(fact, self.merged[fact.name]):
            return False
        if fact.type == "set" and isinstance(value, list):
            return fact.unlisted_unknown or all(member in fact.values for member in value)
        if fact.type == "enum":
            return value in fact.values or (fact.unlisted_unknown and fact.optional)
        return _is_within(fact, value)


def _is_within(fact: Fact, value: JsonValue) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return True
    return (fact.low is None or fact.low <= value) and (fact.high is None or value <= fact.high)
