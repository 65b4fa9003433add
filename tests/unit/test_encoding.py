from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from boucle.model import FactValue
from boucle.rules.encoding import LARGEST, decode, encode, fold, nest
from boucle.rules.failures import UnfitFactError, UnknownFactError
from tests.oracles.cases import RANDOMS, random_facts
from tests.unit.handmade import catalogue


@pytest.mark.parametrize(
    ("fact", "value", "encoded"),
    [
        ("nps", 3, 3),
        ("customer.arr", Decimal("15.00"), 1500),
        ("customer.arr", Decimal(15), 1500),
        ("customer.arr", Decimal("0E+99999999"), 0),
        ("consent.follow_up", True, True),
        ("customer.segment", "key", "key"),
        ("customer.tags", ("vip", "churn_risk", "vip"), ["churn_risk", "vip"]),
        ("response.day", date(1970, 1, 3), 2),
        ("response.day", date(1969, 12, 31), -1),
        ("response.moment", datetime(1970, 1, 1, 1, 0, 1, tzinfo=timezone(timedelta(hours=1))), 1000),
        ("comment.text", "Été", "Été"),
    ],
)
def test_each_type_has_one_exact_form(fact: str, value: FactValue, encoded: object) -> None:
    assert encode(catalogue(), {fact: value}) == {fact: encoded}


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("nps", True),
        ("nps", "6"),
        ("nps", Decimal(6)),
        ("nps", LARGEST + 1),
        ("customer.arr", Decimal("1.001")),
        ("customer.arr", Decimal("1e-70")),
        ("customer.arr", Decimal("NaN")),
        ("customer.arr", Decimal("1E+999999999")),
        ("customer.arr", Decimal("90071992547409.92")),
        ("customer.arr", True),
        ("consent.follow_up", 1),
        ("customer.tags", "vip"),
        ("customer.segment", ("key",)),
        ("comment.text", "half a pair \ud800"),
        ("response.day", datetime(2026, 1, 1, tzinfo=UTC)),
        ("response.moment", datetime(2026, 1, 1)),  # noqa: DTZ001 # an instant without its zone is the point
        ("response.moment", date(2026, 1, 1)),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_facts_name_only(fact: str, value: FactValue) -> None:
    with pytest.raises(UnfitFactError) as refused:
        encode(catalogue(), {fact: value})
    assert f"'{fact}'" in str(refused.value)
    assert str(value) not in str(refused.value)


def test_a_name_outside_the_catalogue_is_refused() -> None:
    with pytest.raises(UnknownFactError, match=r"'nsp' is not in the catalogue"):
        encode(catalogue(), {"nsp": 3})


@settings(deadline=None)
@given(RANDOMS)
def test_what_was_encoded_comes_back(random: Random) -> None:
    facts = random_facts(random)
    encoded = encode(catalogue(), facts)
    assert decode(catalogue(), encoded) == facts
    assert rfc8785.dumps(encode(catalogue(), decode(catalogue(), encoded))) == rfc8785.dumps(encoded)


@pytest.mark.parametrize(
    ("fact", "value"), [("nps", True), ("nps", "3"), ("customer.tags", "vip"), ("consent.follow_up", 1)]
)
def test_an_encoding_of_another_type_is_not_decoded(fact: str, value: JsonValue) -> None:
    with pytest.raises(UnfitFactError):
        decode(catalogue(), {fact: value})


def test_facts_are_nested_by_their_names() -> None:
    flat: dict[str, JsonValue] = {
        "nps": 3,
        "customer.segment": "key",
        "customer.arr": 5,
        "comment.text": "Été",
    }
    assert nest(flat, ["comment.text", "comment.summary"]) == {
        "nps": 3,
        "customer": {"segment": "key", "arr": 5},
        "comment": {"text": "Été", "text@folded": "ete"},
    }


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Très CHER", "tres cher"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("İ", "i"), ("한글", "한글")],
)
def test_case_and_accents_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(deadline=None)
@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
