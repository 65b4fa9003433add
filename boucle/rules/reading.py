"""What a decision is made of: the encoded facts that are not personal, and what personal ones said.

This is exactly what a record keeps, so a decision and its replay are one function of one thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from boucle.decision import Decision
from boucle.model import FactValue, Truth
from boucle.rules.bundle import Bundle
from boucle.rules.encoding import digest, encode
from boucle.rules.failures import MissingFactsError, RecordError


@dataclass(frozen=True)
class Facts:
    """The facts of a response as the engine hands them over: known ones only, validated.

    `values` holds the derived facts too; `derived` names them where the catalogue does not.
    """

    values: Mapping[str, FactValue]
    responded_at: datetime
    derived: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Reading:
    """What the rules read of a response. `known` holds no personal fact; `truths` by slot."""

    known: Mapping[str, JsonValue]
    personal: Mapping[str, Truth]
    unknown: tuple[str, ...]
    derived: tuple[str, ...]
    responded_at: datetime
    truths: tuple[Truth, ...]


def read_facts(bundle: Bundle, facts: Facts) -> Reading:
    """Encode the facts and evaluate every condition over them; a CannotDecideError where one fails."""
    catalogue = bundle.catalogue.facts
    encoded = encode(bundle.catalogue, facts.values)
    missing = bundle.required - encoded.keys()
    if missing:
        raise MissingFactsError(missing)
    known = {name: value for name, value in encoded.items() if not catalogue[name].pii}
    personal = dict(zip(bundle.personal, bundle.personal_atoms.evaluate(encoded), strict=True))
    return Reading(
        known=known,
        personal=personal,
        unknown=tuple(sorted(catalogue.keys() - encoded.keys())),
        derived=tuple(name for name in encoded if catalogue[name].derived or name in facts.derived),
        responded_at=facts.responded_at,
        truths=bundle.conditions.evaluate(known, personal),
    )


def read_record(
    bundle: Bundle, decision: Decision, personal: Mapping[str, FactValue] | None = None
) -> Reading:
    """The same from a decision's record; RecordError where it is not of this bundle, or was changed.

    With the `personal` facts at hand their atoms are evaluated again, else the recorded truth values
    stand for them.
    """
    check_record(bundle, decision)
    truths: Mapping[str, Truth] = decision.pii_atoms
    if personal is not None:
        encoded = {**decision.facts, **encode(bundle.catalogue, personal)}
        truths = dict(zip(bundle.personal, bundle.personal_atoms.evaluate(encoded), strict=True))
    return Reading(
        known=decision.facts,
        personal=truths,
        unknown=decision.unknown,
        derived=decision.derived,
        responded_at=decision.responded_at,
        truths=bundle.conditions.evaluate(decision.facts, truths),
    )


def check_record(bundle: Bundle, decision: Decision) -> None:
    """RecordError unless the decision was made by this bundle, over the facts that it holds."""
    if decision.bundle != bundle.digest:
        raise RecordError(f"the decision was made by bundle {decision.bundle}, not by {bundle.digest}")
    if decision.facts_digest != digest(decision.facts):
        raise RecordError("the facts of the record do not have the digest that it states")
    if set(decision.pii_atoms) != set(bundle.personal):
        raise RecordError("the record does not hold the truth values of the tests on personal facts")
