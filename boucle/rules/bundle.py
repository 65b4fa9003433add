"""A bundle: a whole workspace compiled, immutable, and named by the sha256 of its meaning.

A bundle is always built from its canonical JSON, also right after compiling, so that one read back
years later is the same object in every respect.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from pydantic import JsonValue, ValidationError

from boucle.model import SideAct, Truth
from boucle.rules.bands import band_definitions
from boucle.rules.canonical import canonical_with_floats
from boucle.rules.catalogue import Catalogue, Fact
from boucle.rules.condition import Expr
from boucle.rules.document import (
    BundleDocument,
    RuleDocument,
    RuleSetDocument,
    read_catalogue,
)
from boucle.rules.encoding import digest
from boucle.rules.evaluation import Condition, Evaluator
from boucle.rules.expressions import NOWHERE, list_atoms, read_expression
from boucle.rules.failures import BundleError
from boucle.rules.policy_document import (
    ConditionDocument,
    PolicyDocument,
    read_exemption,
    read_policy,
    read_spending,
)
from boucle.rules.ruleset import Definition, Exemption, IfOpen, Policy, Restart, Spending
from boucle.rules.value import Value

UNDECIDED = "undecided"
"""What the fallback of a rule set is called where a rule's id is expected."""


class CompiledCondition(Value):
    """A condition of a bundle; `slot` is its place in the row of truth values."""

    when: Expr
    slot: int


class CompiledRule(Value):
    """A rule as a decision needs it. `reads` are the facts that its condition reads.

    The other fields are those of `ruleset.Rule`.
    """

    id: str
    condition: CompiledCondition
    reads: frozenset[str]
    play: str
    params: Mapping[str, JsonValue]
    digest: str
    title: str | None = None
    because: str | None = None
    effective_from: date | None = None
    effective_until: date | None = None
    mode: Literal["act", "observe"] = "act"
    rollout: int | None = None
    exempt: Exemption | None = None
    spends: Spending | None = None
    if_open: IfOpen = "join"
    restarts: tuple[Restart, ...] = ()
    also: tuple[SideAct, ...] = ()

    def in_effect(self, day: date) -> bool:
        """Whether the rule competes on `day`, a day in its rule set's zone; both ends inclusive."""
        begun = self.effective_from is None or self.effective_from <= day
        return begun and (self.effective_until is None or day <= self.effective_until)


class CompiledUndecided(Value):
    """The fallback; `play` None: it is only recorded; `condition` None: it asks nothing."""

    condition: CompiledCondition | None
    play: str | None
    params: Mapping[str, JsonValue]
    digest: str
    exempt: Exemption | None = None
    spends: Spending | None = None
    if_open: IfOpen = "join"
    restarts: tuple[Restart, ...] = ()
    also: tuple[SideAct, ...] = ()


class CompiledSuppression(Value):
    """A suppression of the policy; the fields are those of `ruleset.Suppression`."""

    id: str
    plays: frozenset[str] | None
    condition: CompiledCondition | None
    reads: frozenset[str]
    begins: datetime | None
    ends: datetime | None
    do: Literal["drop", "defer"]


class CompiledReason(Value):
    """One of the author's reasons for doing nothing."""

    code: str
    text: str
    condition: CompiledCondition


class CompiledRuleSet(Value):
    """A rule set of a bundle; `only_when` None: it decides every response."""

    name: str
    timezone: str
    only_when: CompiledCondition | None
    definitions: Mapping[str, Definition]
    rules: tuple[CompiledRule, ...]
    undecided: CompiledUndecided
    otherwise: tuple[CompiledReason, ...]
    hit_policy: Literal["first", "unique"] = "first"


@dataclass(frozen=True, eq=False)
class Bundle:
    """All of a workspace, ready to decide. Safe to share among threads.

    `policy` holds no suppressions: they stand compiled in `suppressions`.
    `personal` are the texts of the atoms that read personal facts. `sources` is the source map: from
    the path of a rule, definition or part of a condition to its `file:line:column`; it is no part of
    the meaning and may be empty. `tracers` remembers what explanation has compiled.
    """

    digest: str
    catalogue: Catalogue
    policy: Policy
    suppressions: tuple[CompiledSuppression, ...]
    rule_sets: tuple[CompiledRuleSet, ...]
    personal: tuple[str, ...]
    reasons: Mapping[str, str]
    conditions: Evaluator = field(repr=False)
    personal_atoms: Evaluator = field(repr=False)
    past: Evaluator = field(repr=False)
    text: str = field(repr=False)
    sources: Mapping[str, JsonValue] = field(repr=False)
    tracers: dict[str, Evaluator] = field(default_factory=dict, repr=False)

    def canonical(self) -> str:
        """The canonical JSON (RFC 8785) whose sha256 is the bundle's name."""
        return self.text

    @classmethod
    def from_canonical(
        cls, text: str, digest: str | None = None, sources: Mapping[str, JsonValue] | None = None
    ) -> Bundle:
        """The bundle whose canonical JSON is `text`.

        BundleError where `text` is not canonical, is of another form, or does not have the `digest`
        under which it was stored.
        """
        found = hashlib.sha256(text.encode()).hexdigest()
        if digest is not None and digest != found:
            raise BundleError(f"the bundle stored as {digest} has the digest {found}")
        return _build(_read(text), text, found, sources or {})

    @cached_property
    def required(self) -> frozenset[str]:
        """The facts that are known in every response that fits."""
        return frozenset(name for name, fact in self.catalogue.facts.items() if not fact.optional)

    @cached_property
    def scores(self) -> frozenset[str]:
        """The facts that are scores."""
        return frozenset(name for name, fact in self.catalogue.facts.items() if fact.is_score)

    def find_rule_set(self, name: str | None) -> CompiledRuleSet | None:
        """The rule set of that name, if the bundle has it."""
        return next((rule_set for rule_set in self.rule_sets if rule_set.name == name), None)

    def find_place(self, path: str) -> str | None:
        """The `file:line:column` of a path of the source map, where it is known."""
        place = self.sources.get(path)
        return place if isinstance(place, str) else None

    def ask_past(self, past: Mapping[str, JsonValue]) -> dict[str, Truth]:
        """For each derived fact with a `where`, the truth of it for a past response.

        `past` are that response's known facts, encoded, as its record holds them.
        """
        names = (name for name, one in self.catalogue.derived.items() if one.where is not None)
        return dict(zip(names, self.past.evaluate(past), strict=True))


def _read(text: str) -> BundleDocument:
    try:
        written = json.loads(text)
        document = BundleDocument.model_validate(written)
    except json.JSONDecodeError:
        raise BundleError("this is no bundle: no JSON") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"this is no bundle of this version: {where}: {first['msg']}") from None
    if canonical_with_floats(written) != text:
        raise BundleError("the bundle is not in canonical form")
    return document


def _build(document: BundleDocument, text: str, name: str, sources: Mapping[str, JsonValue]) -> Bundle:
    catalogue = read_catalogue(document)
    row = _Row(catalogue.facts)
    rule_sets = tuple(_build_rule_set(rule_set, row) for rule_set in document.rule_sets)
    suppressions = tuple(_build_suppressions(document.policy, catalogue, row))
    personal = _Row(catalogue.facts)
    for atom in document.personal:
        personal.add(atom.condition, {})
    past = _Row(catalogue.facts)
    for derived in document.derived.values():
        if derived.where is not None:
            past.add(derived.where, {})
    return Bundle(
        digest=name,
        catalogue=catalogue,
        policy=read_policy(document.policy),
        suppressions=suppressions,
        rule_sets=rule_sets,
        personal=tuple(atom.text for atom in document.personal),
        reasons=document.reasons,
        conditions=row.evaluator(personal=False),
        personal_atoms=personal.evaluator(personal=True),
        past=past.evaluator(personal=True),
        text=text,
        sources=dict(sources),
    )


class _Row:
    """Collects conditions in the order in which they are evaluated."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self.facts = facts
        self.conditions: list[Condition] = []
        self.definitions: list[Mapping[str, Definition]] = []

    def add(self, document: ConditionDocument, definitions: Mapping[str, Definition]) -> CompiledCondition:
        when = read_expression(document.when, self.facts)
        self.conditions.append(Condition(when, document.true, document.false))
        self.definitions.append(definitions)
        return CompiledCondition(when, len(self.conditions) - 1)

    def evaluator(self, *, personal: bool) -> Evaluator:
        rows = zip(self.conditions, self.definitions, strict=True)
        atoms = (atom for one, definitions in rows for atom in list_atoms(one.when, definitions))
        return Evaluator(
            self.conditions, (atom for atom in atoms if personal or not self.facts[atom.fact].pii)
        )


def _build_rule_set(document: RuleSetDocument, row: _Row) -> CompiledRuleSet:
    definitions = {
        name: Definition(name, read_expression(written.when, row.facts), written.if_unknown, NOWHERE)
        for name, written in document.definitions.items()
    }

    def add(condition: ConditionDocument | None) -> CompiledCondition | None:
        return row.add(condition, definitions) if condition else None

    undecided = document.undecided
    return CompiledRuleSet(
        name=document.name,
        timezone=document.timezone,
        only_when=add(document.only_when),
        definitions=definitions,
        rules=tuple(_build_rule(rule, definitions, row) for rule in document.rules),
        undecided=CompiledUndecided(
            add(undecided.condition),
            undecided.play,
            undecided.params,
            digest(undecided.model_dump(mode="json")),
            exempt=read_exemption(undecided.gates),
            spends=read_spending(undecided.gates),
            if_open=undecided.gates.if_open,
            restarts=undecided.gates.restarts,
            also=undecided.gates.also,
        ),
        otherwise=tuple(
            CompiledReason(reason.code, reason.text, row.add(reason.condition, definitions))
            for reason in document.otherwise
        ),
        hit_policy=document.hit_policy,
    )


def _build_rule(document: RuleDocument, definitions: Mapping[str, Definition], row: _Row) -> CompiledRule:
    condition = row.add(document.condition, definitions)
    return CompiledRule(
        id=document.id,
        condition=condition,
        reads=frozenset(atom.fact for atom in list_atoms(condition.when, definitions)),
        play=document.play,
        params=document.params,
        digest=digest(document.model_dump(mode="json")),
        title=document.title,
        because=document.because,
        effective_from=document.effective_from,
        effective_until=document.effective_until,
        mode=document.mode,
        rollout=document.rollout,
        exempt=read_exemption(document.gates),
        spends=read_spending(document.gates),
        if_open=document.gates.if_open,
        restarts=document.gates.restarts,
        also=document.gates.also,
    )


def _build_suppressions(
    document: PolicyDocument, catalogue: Catalogue, row: _Row
) -> Iterator[CompiledSuppression]:
    bands = band_definitions(catalogue)
    for one in document.suppressions:
        condition = row.add(one.condition, bands) if one.condition else None
        reads = (
            frozenset(atom.fact for atom in list_atoms(condition.when, bands)) if condition else frozenset()
        )
        plays = None if one.plays is None else frozenset(one.plays)
        yield CompiledSuppression(one.id, plays, condition, reads, one.begins, one.ends, one.do)
