"""Given facts against the catalogue: what fits, what does not, and what counts as unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from boucle.model import FactValue
from boucle.rules.catalogue import Catalogue, Unlisted, fit
from boucle.rules.declarations.facts_file import read_facts
from boucle.rules.strict_yaml.source import read_yaml

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  response.origin: {type: enum, values: [direct, indirect]}
  customer.segment: {type: enum, values: [key, standard], unlisted: unknown}
  customer.tags: {type: set, of: [vip, legal_hold]}
  customer.labels: {type: set, of: [a, b], unlisted: unknown}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.since: {type: date}
  contact.seen: {type: instant}
  contact.code: {type: enum, values: [x], pii: true}
  consent.follow_up: {type: bool}
  response.note: {type: text, optional: true}
"""


def _catalogue() -> Catalogue:
    node, found = read_yaml(FACTS, "facts.yaml")
    assert node is not None
    facts, mistakes = read_facts(node, frozenset())
    assert not found + mistakes
    return facts.catalogue


def _fit(**facts: FactValue) -> dict[str, FactValue]:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    fitting, misfits, _unlisted = fit(_catalogue(), {"response.origin": "direct", **named})
    assert not misfits
    return {name: value for name, value in fitting.items() if name in named}


def test_what_fits_comes_back_in_its_one_form() -> None:
    seen = datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=1)))
    assert _fit(customer__arr=15) == {"customer.arr": Decimal(15)}
    assert isinstance(_fit(customer__arr=15)["customer.arr"], Decimal)
    assert _fit(customer__tags=("vip", "legal_hold", "vip")) == {"customer.tags": ("legal_hold", "vip")}
    assert _fit(contact__seen=seen)["contact.seen"].tzinfo is UTC  # type: ignore[union-attr] # an instant
    assert _fit(response__note="cafe\u0301") == {"response.note": "caf\u00e9"}


def test_blank_is_unknown_for_all_but_text() -> None:
    assert _fit(customer__segment=" ", customer__arr="", response__note="") == {"response.note": ""}


@pytest.mark.parametrize(
    ("fact", "value", "says"),
    [
        ("npss", 3, "npss is not in the catalogue"),
        ("nps", 11, "nps lies between 0 and 10, not 11"),
        ("nps", True, "nps is not a whole number"),
        ("nps", "6", "nps is not a whole number"),
        ("customer.arr", Decimal("1.005"), "customer.arr has more than 2 decimals"),
        ("customer.arr", Decimal("1." + "0" * 80 + "1"), "customer.arr has more than 2 decimals"),
        ("customer.arr", Decimal(-1), "customer.arr is at least 0"),
        ("customer.arr", Decimal("1e30"), "customer.arr is too large to be kept exactly"),
        ("customer.arr", Decimal("nan"), "customer.arr is not a number"),
        ("customer.tags", ("vip", "new"), "customer.tags has the value 'new'; listed are vip, legal_hold"),
        ("customer.tags", "vip", "customer.tags is not a set of words"),
        ("customer.since", datetime(2026, 1, 1, tzinfo=UTC), "customer.since is not a date"),
        ("contact.seen", datetime(2026, 1, 1), "contact.seen is not an instant with its zone"),  # noqa: DTZ001 - the case
        ("contact.seen", date(2026, 1, 1), "contact.seen is not an instant with its zone"),
        ("consent.follow_up", 1, "consent.follow_up is not true or false"),
        ("contact.code", "secret", "contact.code has another value; listed are x"),
        ("comment.length", 3, "comment.length is computed and cannot be given"),
    ],
)
def test_a_value_that_does_not_fit_is_said_without_anything_personal(
    fact: str, value: FactValue, says: str
) -> None:
    fitting, misfits, _ = fit(_catalogue(), {"response.origin": "direct", fact: value})
    assert fact not in fitting
    assert [misfit.message for misfit in misfits] == [says] or misfits[0].message.startswith(says)


def test_a_fact_that_is_always_known_must_be_given() -> None:
    for given in ({}, {"response.origin": ""}):
        _, misfits, _ = fit(_catalogue(), given)
        assert [misfit.message for misfit in misfits] == ["response.origin is missing"]


def test_an_unlisted_value_counts_as_unknown_where_the_fact_says_so() -> None:
    given: dict[str, FactValue] = {
        "response.origin": "direct", "customer.segment": "gold", "customer.labels": ("a", "z"),
    }  # fmt: skip
    fitting, misfits, unlisted = fit(_catalogue(), given)
    assert not misfits
    assert unlisted == [Unlisted("customer.segment", "gold"), Unlisted("customer.labels", ("a", "z"))]
    assert fitting == {"response.origin": "direct", "customer.labels": ("a",)}


def test_the_comment_is_always_in_the_catalogue_and_personal() -> None:
    comment = _catalogue().facts["comment.text"]
    assert comment.pii
    assert comment.optional
