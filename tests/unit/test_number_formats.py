"""Numbers as files write them, exact, and refused where a reading would be a guess."""

from __future__ import annotations

from decimal import Decimal

import pytest

from boucle.intake.numbers import NumberFormat

ENGLISH = NumberFormat(".", ",")
FRENCH = NumberFormat(",", " ")


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("10", NumberFormat(), "10"),
        (" -4.50 ", NumberFormat(), "-4.50"),
        ("10.0", NumberFormat(), "10"),
        ("0.3778995413", NumberFormat(), "0.3778995413"),
        ("1,234,567.8", ENGLISH, "1234567.8"),
        ("1 234,50", FRENCH, "1234.50"),
        ("1\u202f234,50", FRENCH, "1234.50"),
        ("\u221212,5", FRENCH, "-12.5"),
        ("1234,5", FRENCH, "1234.5"),
    ],
)
def test_a_number_is_read_exactly(text: str, form: NumberFormat, expected: str) -> None:
    assert form.parse(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("12,5", NumberFormat()),
        ("12.5", FRENCH),
        ("1,23", ENGLISH),
        ("12,34,567", ENGLISH),
        ("1e3", NumberFormat()),
        ("nan", NumberFormat()),
        ("٣", NumberFormat()),
        ("1_000", NumberFormat()),
        ("", NumberFormat()),
        ("1" * 41, NumberFormat()),
    ],
)
def test_what_is_no_number_is_refused(text: str, form: NumberFormat) -> None:
    with pytest.raises(ValueError, match="not a number"):
        form.parse(text)


@pytest.mark.parametrize(("number", "text"), [("12.50", "12,5"), ("1E+3", "1000"), ("-7", "-7")])
def test_a_number_is_written_as_the_file_writes_it(number: str, text: str) -> None:
    assert FRENCH.show(Decimal(number)) == text
