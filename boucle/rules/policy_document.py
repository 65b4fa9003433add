"""The gates of a policy and of a rule, as a bundle's document holds them, and back.

Shares are basis points, spans seconds, instants UTC, money whole minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import JsonValue, SerializerFunctionWrapHandler, SkipValidation, model_serializer

from boucle.model import Frozen, Money, QuietHours, SideAct
from boucle.rules.expressions import NOWHERE
from boucle.rules.ruleset import (
    Budget,
    Cap,
    Exemption,
    GateKind,
    Holdout,
    IfOpen,
    Policy,
    Restart,
    Revisions,
    Rule,
    Spending,
    Suppression,
    Undecided,
)

Json = Annotated[JsonValue, SkipValidation()]
"""JSON of any depth: pydantic's own check of JsonValue gives up on deep conditions."""

_SECOND = timedelta(seconds=1)


class ConditionDocument(Frozen):
    """One condition: the author's, and the compiled expressions T and F."""

    when: Json
    true: Json
    false: Json


class SuppressionDocument(Frozen):
    """The fields of `ruleset.Suppression`; `plays` None: all of them."""

    id: str
    plays: tuple[str, ...] | None
    condition: ConditionDocument | None
    begins: datetime | None
    ends: datetime | None
    do: Literal["drop", "defer"]


class CapDocument(Frozen):
    """The fields of `ruleset.Cap`."""

    id: str
    plays: tuple[str, ...]
    per: Literal["contact", "customer"]
    most: int
    within_seconds: int


class BudgetDocument(Frozen):
    """The fields of `ruleset.Budget`."""

    id: str
    limit_minor: int
    currency: str
    per: Literal["calendar_day", "calendar_week", "calendar_month", "calendar_quarter", "calendar_year"]


class HoldoutDocument(Frozen):
    """The fields of `ruleset.Holdout`."""

    id: str
    plays: tuple[str, ...]
    share: int


class PolicyDocument(Frozen):
    """What holds for all rule sets; what a policy does not say of hours and revisions is left out."""

    max_age_seconds: int | None
    timezone: str
    suppressions: tuple[SuppressionDocument, ...]
    caps: tuple[CapDocument, ...]
    budgets: tuple[BudgetDocument, ...]
    holdouts: tuple[HoldoutDocument, ...]
    quiet: QuietHours | None = None
    revisions: Revisions = "keep"

    @model_serializer(mode="wrap")
    def _without_what_is_unsaid(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        unsaid = {"quiet": self.quiet is None, "revisions": self.revisions == "keep"}
        return {key: value for key, value in written.items() if not unsaid.get(key)}


class ExemptionDocument(Frozen):
    """The fields of `ruleset.Exemption`."""

    gates: tuple[GateKind, ...]
    reason: str


class SpendingDocument(Frozen):
    """The fields of `ruleset.Spending`."""

    budget: str
    minor: int
    currency: str
    otherwise: Mapping[str, JsonValue] | None


class HoldingDocument(Frozen):
    """What a rule or a fallback says of its gates, and besides; what it leaves unsaid is left out."""

    exempt: ExemptionDocument | None
    spends: SpendingDocument | None
    if_open: IfOpen
    restarts: tuple[Restart, ...] = ()
    also: tuple[SideAct, ...] = ()

    @model_serializer(mode="wrap")
    def _without_what_is_unsaid(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        unsaid = {"restarts": not self.restarts, "also": not self.also}
        return {key: value for key, value in written.items() if not unsaid.get(key)}


# -- the policy ---------------------------------------------------------------------------------


def write_policy(policy: Policy, conditions: Mapping[str, ConditionDocument]) -> PolicyDocument:
    """A policy without its places; `conditions` are those of its suppressions, compiled, by id."""
    return PolicyDocument(
        max_age_seconds=seconds(policy.max_age),
        timezone=policy.timezone,
        suppressions=tuple(_suppression(one, conditions.get(one.id)) for one in policy.suppressions),
        caps=tuple(
            CapDocument(
                id=cap.id,
                plays=tuple(sorted(cap.plays)),
                per=cap.per,
                most=cap.most,
                within_seconds=cap.within // _SECOND,
            )
            for cap in policy.caps
        ),
        budgets=tuple(
            BudgetDocument(
                id=budget.id,
                limit_minor=budget.limit.minor,
                currency=budget.limit.currency,
                per=budget.per,
            )
            for budget in policy.budgets
        ),
        holdouts=tuple(
            HoldoutDocument(id=one.id, plays=tuple(sorted(one.plays)), share=one.share)
            for one in policy.holdouts
        ),
        quiet=policy.quiet,
        revisions=policy.revisions,
    )


def _suppression(one: Suppression, condition: ConditionDocument | None) -> SuppressionDocument:
    return SuppressionDocument(
        id=one.id,
        plays=None if one.plays is None else tuple(sorted(one.plays)),
        condition=condition,
        begins=one.begins and one.begins.astimezone(UTC),
        ends=one.ends and one.ends.astimezone(UTC),
        do=one.do,
    )


def read_policy(document: PolicyDocument) -> Policy:
    """The policy of a bundle; its suppressions are read with their conditions, by the bundle."""
    return Policy(
        max_age=span(document.max_age_seconds),
        timezone=document.timezone,
        caps=tuple(
            Cap(one.id, NOWHERE, frozenset(one.plays), one.per, one.most, one.within_seconds * _SECOND)
            for one in document.caps
        ),
        budgets=tuple(
            Budget(one.id, NOWHERE, Money(minor=one.limit_minor, currency=one.currency), one.per)
            for one in document.budgets
        ),
        holdouts=tuple(
            Holdout(one.id, NOWHERE, frozenset(one.plays), one.share) for one in document.holdouts
        ),
        quiet=document.quiet,
        revisions=document.revisions,
    )


# -- a rule -------------------------------------------------------------------------------------


def write_holding(of: Rule | Undecided) -> HoldingDocument:
    """What a rule or a fallback says of its gates."""
    return HoldingDocument(
        exempt=of.exempt and ExemptionDocument(gates=tuple(sorted(of.exempt.gates)), reason=of.exempt.reason),
        spends=of.spends
        and SpendingDocument(
            budget=of.spends.budget,
            minor=of.spends.amount.minor,
            currency=of.spends.amount.currency,
            otherwise=of.spends.otherwise,
        ),
        if_open=of.if_open,
        restarts=of.restarts,
        also=of.also,
    )


def read_exemption(document: HoldingDocument) -> Exemption | None:
    """The exemption of a bundle's rule."""
    exempt = document.exempt
    return None if exempt is None else Exemption(frozenset(exempt.gates), exempt.reason)


def read_spending(document: HoldingDocument) -> Spending | None:
    """What a bundle's rule spends."""
    spends = document.spends
    if spends is None:
        return None
    return Spending(spends.budget, Money(minor=spends.minor, currency=spends.currency), spends.otherwise)


# -- spans --------------------------------------------------------------------------------------


def seconds(length: timedelta | None) -> int | None:
    """Whole seconds of a span, as documents hold it."""
    return None if length is None else length // _SECOND


def span(length: int | None) -> timedelta | None:
    """The span of so many seconds."""
    return None if length is None else length * _SECOND
