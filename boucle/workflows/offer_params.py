"""The parameters of an offer, in every play that grants one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from boucle.model import Duration, Frozen, Money, NotSpent, SomeTime, TeamId, TemplateId

_WORTH_MONEY = ("voucher", "credit")


class Offer(Frozen):
    """What the customer is offered."""

    kind: Literal["voucher", "credit", "call_back", "custom"] = Field(
        description="What it is: voucher, credit, call_back or custom. Each has a code of its own."
    )
    value: Money | None = Field(
        default=None,
        description="What it is worth, such as 15.00 EUR; a voucher and a credit need it.",
    )
    valid_for: SomeTime = Field(description="How long it can be used, such as 30 days.")
    label: Mapping[Annotated[str, Field(pattern="^[a-z]{2}$")], str] | None = Field(
        default=None, description="What it is, in each language: {en: a free month, fr: un mois offert}."
    )
    approval: Literal["none", "required"] = Field(
        default="none", description="required: somebody approves it before the customer hears of it."
    )
    needs_approval_above: Annotated[Money | None, NotSpent()] = Field(
        default=None, description="Only an offer worth more than this needs approval."
    )
    approval_by: TeamId | None = Field(
        default=None, description="The team whose lead is asked; none: the case's team, or who may decide."
    )
    approval_within: SomeTime = Field(
        default=Duration(amount=2, unit="days", business=True),
        description="By when it is to be decided.",
    )
    if_not_approved: Literal["without_offer", "wait"] = Field(
        default="without_offer",
        description="When nobody has decided by then: go on without it, or wait until somebody does.",
    )
    template_without: TemplateId | None = Field(
        default=None, description="The message where the offer was not granted; none: the usual one."
    )

    @field_validator("value")
    @classmethod
    def _is_worth_something(cls, value: Money | None) -> Money | None:
        if value is not None and value.minor <= 0:
            raise ValueError(f"'{value}' is worth nothing; write an amount above 0, or offer: none")
        return value

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind in _WORTH_MONEY and self.value is None:
            raise ValueError(f"a {self.kind} needs a value, such as value: 15.00 EUR")
        limit = self.needs_approval_above
        if limit is not None and (self.value is None or self.value.currency != limit.currency):
            raise ValueError(f"'needs_approval_above' {limit} cannot be compared with the offer's value")
        return self

    @property
    def needs_approval(self) -> bool:
        """Whether somebody has to approve it before it is granted."""
        limit = self.needs_approval_above
        above = limit is not None and self.value is not None and self.value.minor > limit.minor
        return self.approval == "required" or above
