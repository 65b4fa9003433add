"""A share of the contacts, in basis points, read exactly."""

from __future__ import annotations

import re
from decimal import Decimal

from boucle.rules.declarations.gate_mistakes import BadShare
from boucle.rules.strict_yaml.form import Form
from boucle.rules.worded import shortened

WHOLE = 10_000
"""All contacts, in basis points."""

_PERCENT = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s?%", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def read_percent(form: Form, key: str) -> int | None:
    """A share written with its sign, `25%` or `2.5%`; more than nothing, at most all."""
    value = form.scalar(key, "a share of the contacts such as 25%")
    if value is None:
        return None
    found = _PERCENT.fullmatch(value.text)
    if found:
        return _checked(form, key, value.text, Decimal(found[1]), most=WHOLE)
    bare = _NUMBER.fullmatch(value.text)
    expected = f"write it with its sign: {value.text}%" if bare else "write a share such as 25% or 2.5%"
    form.refuse(BadShare(value.place, key, shortened(value.text), expected))
    return None


def read_number_of_percent(form: Form, key: str) -> int | None:
    """A share written as a number of per cent, `10` or `2.5`; more than nothing, less than all."""
    value = form.scalar(key, "a number of per cent such as 10")
    if value is None:
        return None
    if isinstance(value.value, int | Decimal) and not isinstance(value.value, bool):
        return _checked(form, key, value.text, Decimal(value.value), most=WHOLE - 1)
    signed = _PERCENT.fullmatch(value.text)
    expected = (
        f"write the number alone: {signed[1]}" if signed else "write a number of per cent such as 10 or 2.5"
    )
    form.refuse(BadShare(value.place, key, shortened(value.text), expected))
    return None


def _checked(form: Form, key: str, text: str, percent: Decimal, *, most: int) -> int | None:
    points = percent * 100 if abs(percent) <= WHOLE else Decimal(-1)
    if points != points.to_integral_value():
        expected = "a share has at most two decimals"
    elif 0 < points <= most:
        return int(points)
    else:
        limit = "at most 100" if most == WHOLE else "less than 100"
        expected = f"it is more than 0 and {limit}"
    form.refuse(BadShare(form.place_of(key), key, shortened(text), expected))
    return None
