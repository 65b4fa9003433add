"""What an offer may be worth."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from boucle.model import Money
from boucle.workflows.offer_params import Offer


@pytest.mark.parametrize("value", ["0.00 EUR", "-5.00 EUR"])
def test_an_offer_of_nothing_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="is worth nothing; write an amount above 0"):
        Offer.model_validate({"kind": "voucher", "value": value, "valid_for": "30 days"})


def test_the_smallest_offer_is_one_cent() -> None:
    offer = Offer.model_validate({"kind": "voucher", "value": "0.01 EUR", "valid_for": "30 days"})
    assert offer.value == Money(minor=1, currency="EUR")
