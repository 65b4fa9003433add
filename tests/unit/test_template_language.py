"""What may be missing is only named where somebody has asked whether it is there."""

from __future__ import annotations

import pytest

from boucle.activities.template_language import find_faults

VARIABLES = {"offer": frozenset({"code", "value"}), "score": frozenset[str]()}


def faults(source: str) -> list[tuple[int, str]]:
    return [
        (line, text.partition("'")[2].partition("'")[0])
        for line, text in find_faults(source, VARIABLES, frozenset({"offer"}))
    ]


@pytest.mark.parametrize(
    "source",
    [
        "{{ score }}",
        "{% if offer %}{{ offer.code }}{% endif %}",
        "{% if offer %}{% if score %}{{ offer.code }}{% endif %}{% endif %}",
        "{% if offer and offer.value %}{{ offer.value }}{% endif %}",
        "{{ offer.code if offer else 'none' }}",
        "{% if not offer %}none{% else %}{% if offer %}{{ offer.code }}{% endif %}{% endif %}",
    ],
)
def test_an_offer_that_was_asked_for_may_be_named(source: str) -> None:
    assert faults(source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a\n{{ offer.code }}", [(2, "offer.code")]),
        ("{% if offer %}{{ offer.code }}{% else %}{{ offer.code }}{% endif %}", [(1, "offer.code")]),
        ("{% if offer.value %}{{ offer.value }}{% endif %}", [(1, "offer.value")]),
        ("{% if not offer %}{{ offer.code }}{% endif %}", [(1, "offer.code")]),
        ("{% if score %}{{ offer.code }}{% endif %}", [(1, "offer.code")]),
        ("{% if offer %}x{% endif %}\n{{ offer.value }}", [(2, "offer.value")]),
    ],
)
def test_an_offer_that_nobody_asked_for_is_a_fault(source: str, found: list[tuple[int, str]]) -> None:
    assert faults(source) == found
