"""Which bucket a contact lies in: fixed for ever, since experiments rest on it."""

from __future__ import annotations

import hashlib

import pytest

from boucle.rules.buckets import BUCKETS, bucket, is_in_share

VECTORS = [
    ("goodwill-effect", "c-1", 3287),
    ("goodwill-effect", "c-2", 5192),
    ("goodwill-effect", "Zoë", 9971),
    ("goodwill-effect", "contact-0000", 6031),
    ("promoter-invite", "c-1", 943),
    ("promoter-invite", "c-2", 1431),
    ("promoter-invite", "Zoë", 6436),
    ("promoter-invite", "contact-0000", 1049),
]


@pytest.mark.parametrize(("id_", "contact", "expected"), VECTORS)
def test_the_vectors_hold(id_: str, contact: str, expected: int) -> None:
    assert bucket(id_, contact) == expected
    text = id_.encode() + b"\x00" + contact.encode("utf-8")
    assert int(hashlib.sha256(text).hexdigest()[:16], 16) % 10_000 == expected


def test_another_id_draws_everybody_anew() -> None:
    contacts = [f"contact-{number}" for number in range(2_000)]
    moved = sum(bucket("one", contact) != bucket("other", contact) for contact in contacts)
    assert moved > 1_990


def test_a_share_is_as_large_as_it_says() -> None:
    contacts = [f"contact-{number}" for number in range(20_000)]
    inside = sum(is_in_share("goodwill-effect", contact, 1_000) for contact in contacts)
    assert 1_850 < inside < 2_150  # five standard deviations of a tenth of 20,000


def test_a_larger_share_keeps_those_who_were_in() -> None:
    contacts = [f"contact-{number}" for number in range(2_000)]
    tenth = {contact for contact in contacts if is_in_share("x", contact, 1_000)}
    quarter = {contact for contact in contacts if is_in_share("x", contact, 2_500)}
    assert tenth < quarter
    assert not any(is_in_share("x", contact, 0) for contact in contacts)
    assert all(is_in_share("x", contact, BUCKETS) for contact in contacts)
