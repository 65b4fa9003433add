"""The parameters of an offer, in every play that grants one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from boucle.model import Frozen, Money, SomeTime


class Offer(Frozen):
    """What the customer is offered."""

    kind: Literal["voucher"] = Field(description="What it is: a voucher with a code of its own.")
    value: Money = Field(description="What it is worth, such as 15.00 EUR.")
    valid_for: SomeTime = Field(description="How long it can be used, such as 30 days.")

    @field_validator("value")
    @classmethod
    def _is_worth_something(cls, value: Money) -> Money:
        if value.minor <= 0:
            raise ValueError(f"'{value}' is worth nothing; write an amount above 0, or offer: none")
        return value
