from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from boucle.engine.canonical import instant_text
from boucle.rules.canonical import canonical, canonical_with_floats

LARGEST = 2**53 - 1
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@given(JSON)
def test_it_is_the_reference_implementations_canonical_form(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value).decode()


@given(JSON | st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False)))
def test_with_floats_it_is_the_reference_implementations_too(value: Any) -> None:
    assert canonical_with_floats(value) == rfc8785.dumps(value).decode()


@pytest.mark.parametrize("number", [2**53, -(2**53), float("nan"), float("inf")])
def test_a_number_without_a_canonical_form_is_refused_even_where_floats_may_be(number: float) -> None:
    with pytest.raises(ValueError, match=r"exceeds safe integer domain|is not representable"):
        canonical_with_floats([number])


def test_keys_are_sorted_as_utf_16_even_beyond_the_basic_plane() -> None:
    assert canonical({"\uff5e": 1, "😀": 2}) == '{"😀":2,"\uff5e":1}'


@pytest.mark.parametrize(
    "number", [1.5, 1.0, 2**53, -(2**53), [0.1], {"a": 1e300}, float("nan"), float("inf")]
)
def test_a_hashed_number_is_an_integer_that_every_reader_agrees_on(number: object) -> None:
    with pytest.raises(ValueError, match=r"is a float|is an integer that not every"):
        canonical({"n": number})


def test_the_greatest_integers_are_kept_exactly() -> None:
    assert canonical({"b": LARGEST, "a": -LARGEST}) == '{"a":-9007199254740991,"b":9007199254740991}'


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        canonical({"text": "\ud83d"})


def test_an_instant_is_written_in_utc_to_the_microsecond() -> None:
    paris = timezone(timedelta(hours=2))
    assert instant_text(datetime(2026, 7, 1, 1, 30, tzinfo=paris)) == "2026-06-30T23:30:00.000000Z"
    assert instant_text(datetime(2026, 7, 1, 1, 30, 0, 5, tzinfo=UTC)) == "2026-07-01T01:30:00.000005Z"
    assert instant_text(datetime(1, 1, 2, tzinfo=UTC)) == "0001-01-02T00:00:00.000000Z"
    with pytest.raises(ValueError, match="needs a zone"):
        instant_text(datetime(2026, 7, 1))  # noqa: DTZ001 the mistake itself
