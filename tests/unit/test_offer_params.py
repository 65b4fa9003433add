"""What an offer may be worth."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from boucle.model import Money
from boucle.rules.declarations.spending import find_money
from boucle.workflows.offer_params import Offer


@pytest.mark.parametrize("value", ["0.00 EUR", "-5.00 EUR"])
def test_an_offer_of_nothing_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="is worth nothing; write an amount above 0"):
        Offer.model_validate({"kind": "voucher", "value": value, "valid_for": "30 days"})


def test_the_smallest_offer_is_one_cent() -> None:
    offer = Offer.model_validate({"kind": "voucher", "value": "0.01 EUR", "valid_for": "30 days"})
    assert offer.value == Money(minor=1, currency="EUR")


@pytest.mark.parametrize("kind", ["voucher", "credit"])
def test_what_is_worth_money_needs_a_value(kind: str) -> None:
    with pytest.raises(ValidationError, match=f"a {kind} needs a value"):
        Offer.model_validate({"kind": kind, "valid_for": "30 days"})


@pytest.mark.parametrize("kind", ["call_back", "custom"])
def test_other_offers_need_none(kind: str) -> None:
    offer = Offer.model_validate({"kind": kind, "valid_for": "30 days", "label": {"en": "a free month"}})
    assert (offer.value, offer.needs_approval) == (None, False)


@pytest.mark.parametrize(
    ("approval", "needed"),
    [
        ({}, False),
        ({"approval": "required"}, True),
        ({"needs_approval_above": "15.00 EUR"}, False),
        ({"needs_approval_above": "14.99 EUR"}, True),
    ],
)
def test_approval_is_needed_always_or_above_a_value(approval: dict[str, str], needed: bool) -> None:
    offer = Offer.model_validate(
        {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days", **approval}
    )
    assert offer.needs_approval is needed


@pytest.mark.parametrize("limit", ["10.00 USD", "100 JPY"])
def test_amounts_of_two_currencies_are_not_compared(limit: str) -> None:
    with pytest.raises(ValidationError, match="cannot be compared with the offer's value"):
        Offer.model_validate(
            {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days", "needs_approval_above": limit}
        )


def test_a_limit_is_not_spent() -> None:
    offer = Offer.model_validate(
        {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days", "needs_approval_above": "10.00 EUR"}
    )
    assert [*find_money(offer)] == [Money(minor=1500, currency="EUR")]
