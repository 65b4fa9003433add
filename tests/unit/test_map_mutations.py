"""A good import map, mutated: whatever stands in it, no exception and a valid place each time."""

from __future__ import annotations

import random

import pytest

from boucle.rules.report import render
from boucle.rules.strict_yaml.source_text import lines_of
from tests.unit.small_map import find_mistakes, read_good
from tests.unit.test_mutations import CHANGES

MUTATIONS, PARTS = 300, 3

WHOLE = """\
boucle: map/v1
source: survey
file:
  delimiter: semicolon
  encoding: {any_of: [utf-8, cp1252, cp850], language: french}
  header_row: 2
  skip_after_header: 1
numbers: {decimal: ',', thousands: ' '}
missing: [NA]
blank: unknown
only: {delivery: [1, 2, 3]}
id: [id, date]
id_prefix: fr-
group_by: id
customer: segment
contact: tags
person: {name: comment, email: arr}
responded_at:
  column: date
  by: segment
  formats: {key: D/M/YYYY, trial: [M/D/YYYY, D/M/YYYY HH:mm]}
  zone: Europe/Paris
  order: known
facts:
  nps: score
  csat.delivery: {column: delivery, values: {1: 5, 2: 4}, unlisted: unknown, missing: [6]}
  customer.segment: {constant: key}
  customer.tags: {column: tags, separator: ','}
  consent.follow_up: {column: follow_up, blank: skip}
comments:
  - comment
  - {column: arr, question_column: segment, missing: [none]}
"""


def test_the_map_is_good_before_it_is_mutated() -> None:
    assert read_good(WHOLE).source == "survey"
    assert find_mistakes(WHOLE) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_a_mutated_map_is_read_or_refused_with_places(part: int) -> None:
    refused = 0
    for seed in range(part, MUTATIONS, PARTS):
        rng = random.Random(seed)  # noqa: S311 - no secret hangs on it
        text = rng.choice(CHANGES)(rng.choice(CHANGES)(WHOLE, rng), rng)
        mistakes = find_mistakes(text)
        refused += bool(mistakes)
        lines = lines_of(text.removeprefix("\ufeff"))
        for mistake in mistakes:
            assert 1 <= mistake.place.line <= max(1, len(lines)), (seed, mistake)
            assert 1 <= mistake.place.column <= len(lines[mistake.place.line - 1]) + 2, (seed, mistake)
            assert "\n" not in mistake.message
        assert render(mistakes, {"map.yaml": text}) or not mistakes
    assert refused > MUTATIONS / PARTS / 2, "the mutations are too gentle to say anything"
