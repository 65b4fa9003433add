"""The document that a bundle is: what its canonical JSON holds, and nothing else.

The bundle's name is the sha256 of this document, so what does not change the meaning (places,
spacing, owners, dates of review) is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import JsonValue

from boucle.model import Frozen
from boucle.rules.catalogue import Catalogue, Fact, FactType
from boucle.rules.derived_document import DerivedDocument, read_derived
from boucle.rules.expressions import NOWHERE
from boucle.rules.policy_document import (
    ConditionDocument,
    HoldingDocument,
    Json,
    PolicyDocument,
)


class FactDocument(Frozen):
    """One fact of the catalogue; the fields are those of `catalogue.Fact`."""

    type: FactType
    optional: bool
    pii: bool
    metric: str | None
    low: int | None
    high: int | None
    digits: int
    values: tuple[str, ...]
    unlisted_unknown: bool
    derived: bool


class DefinitionDocument(Frozen):
    """A named condition; `if_unknown` False: what cannot be told counts as false."""

    when: Json
    if_unknown: Literal[False] | None


class RuleDocument(Frozen):
    """One rule with all that a decision needs of it; the fields are those of `ruleset.Rule`."""

    id: str
    title: str | None
    because: str | None
    condition: ConditionDocument
    play: str
    params: Mapping[str, JsonValue]
    effective_from: date | None
    effective_until: date | None
    mode: Literal["act", "observe"]
    rollout: int | None
    gates: HoldingDocument


class UndecidedDocument(Frozen):
    """The fallback; `play` None: it is only recorded."""

    condition: ConditionDocument | None
    play: str | None
    params: Mapping[str, JsonValue]
    gates: HoldingDocument


class ReasonDocument(Frozen):
    """One of the author's reasons for doing nothing."""

    code: str
    text: str
    condition: ConditionDocument


class PersonalDocument(Frozen):
    """An atom that reads a personal fact: its text, and its T and F over the facts themselves."""

    text: str
    condition: ConditionDocument


class RuleSetDocument(Frozen):
    """One rule set; `definitions` holds the built-in ones too."""

    name: str
    timezone: str
    hit_policy: Literal["first", "unique"]
    only_when: ConditionDocument | None
    definitions: Mapping[str, DefinitionDocument]
    rules: tuple[RuleDocument, ...]
    undecided: UndecidedDocument
    otherwise: tuple[ReasonDocument, ...]


class BundleDocument(Frozen):
    """All of a workspace, compiled. `reasons` are the texts of the built-in reasons, by code."""

    boucle: Literal["bundle/v1"] = "bundle/v1"
    semantics: Literal["kleene-1"] = "kleene-1"
    facts: Mapping[str, FactDocument]
    derived: Mapping[str, DerivedDocument]
    policy: PolicyDocument
    personal: tuple[PersonalDocument, ...]
    rule_sets: tuple[RuleSetDocument, ...]
    reasons: Mapping[str, str]


# -- the catalogue ------------------------------------------------------------------------------


def write_fact(fact: Fact) -> FactDocument:
    """A fact without its name, which is its key, and without its place."""
    return FactDocument.model_validate(
        {name: getattr(fact, name) for name in FactDocument.model_fields}, strict=True
    )


def read_catalogue(document: BundleDocument) -> Catalogue:
    """The catalogue of a bundle; places are `NOWHERE`."""
    facts = {
        name: Fact(name=name, place=NOWHERE, **{key: getattr(fact, key) for key in FactDocument.model_fields})
        for name, fact in document.facts.items()
    }
    derived = {name: read_derived(name, one, facts) for name, one in document.derived.items()}
    return Catalogue(facts, derived)
