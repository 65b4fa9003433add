"""Derived facts in a bundle's document: how each is computed, its condition compiled."""

from __future__ import annotations

from collections.abc import Mapping

from boucle.model import Frozen
from boucle.rules.catalogue import Derived, Fact, Over, PerParty, Verb
from boucle.rules.expressions import NOWHERE, read_expression
from boucle.rules.policy_document import ConditionDocument, seconds, span


class DerivedDocument(Frozen):
    """How a derived fact is computed; the fields are those of `catalogue.Derived`, spans in seconds."""

    verb: Verb
    over: Over
    per: PerParty
    of: str | None
    within_seconds: int | None
    where: ConditionDocument | None
    play: str | None


def write_derived(derived: Derived, where: ConditionDocument | None) -> DerivedDocument:
    """A derived fact without its name and place; `where` is its compiled condition."""
    return DerivedDocument(
        verb=derived.verb,
        over=derived.over,
        per=derived.per,
        of=derived.of,
        within_seconds=seconds(derived.within),
        where=where,
        play=derived.play,
    )


def read_derived(name: str, document: DerivedDocument, facts: Mapping[str, Fact]) -> Derived:
    """The derived fact again, its place `NOWHERE`; `facts` are the catalogue's."""
    return Derived(
        name=name,
        verb=document.verb,
        over=document.over,
        per=document.per,
        place=NOWHERE,
        of=document.of,
        within=span(document.within_seconds),
        where=read_expression(document.where.when, facts) if document.where else None,
        play=document.play,
    )
