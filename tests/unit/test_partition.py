"""The partition: every truth value that a condition can have is had in some cell, and only those."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import JsonValue

from boucle.model import FactValue
from boucle.rules.analysis.partition import (
    Asked,
    GaveUp,
    Partition,
    complete,
    connect,
    partition,
    read_truths,
)
from boucle.rules.bundle import Bundle
from boucle.rules.decide import Facts, decide
from boucle.rules.encoding import decode, encode
from tests.unit.small_programme import compile_sound, texts_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  days: {type: int, min: 3, max: 5}
  amount: {type: decimal, digits: 1, optional: true}
  paid: {type: bool}
  on: {type: date, optional: true}
  at: {type: instant, optional: true}
  segment: {type: enum, values: [a, b, c, d], optional: true}
  tags: {type: set, of: [x, y, z], optional: true}
  said: {type: text, optional: true}
  comment.text: {type: text, optional: true, pii: true}
derived:
  history.answers: {count: responses, per: customer}
  history.cases: {count: loops, per: customer}
"""

ATOMS = (
    "nps in 3..5", "nps >= 6", "nps is known", "detractor", "days == 4", "days < 4", "amount > 1.5",
    "amount <= 1.6", "paid", 'on >= "2026-01-01"', 'on == "2026-01-02"', 'at < "2026-01-01T00:00:00Z"',
    'segment == "a"', 'segment in ["a", "b"]', "segment is unknown", 'tags has "x"',
    'tags has any ["x", "y"]',
    'said == "Très bien"', 'said contains "bien"', 'said contains "TRES"', 'comment.text contains "bug"',
    'comment.text contains any ["bugs", "slow"]', "comment.text is known", "response.known_customer",
    "history.answers >= 1", "history.cases is known", "customer.open_loop", "comment.length > 3",
)  # fmt: skip

VALUES: dict[str, tuple[FactValue | None, ...]] = {
    "nps": (None, *range(11)),
    "days": (3, 4, 5),
    "amount": (None, Decimal("-7.3"), Decimal("1.4"), Decimal("1.5"), Decimal("1.6"), Decimal("1.7")),
    "paid": (True, False),
    "on": (None, *(date(2025, 12, 30) + timedelta(days=day) for day in range(6))),
    "at": (None, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), NOW),
    "segment": (None, "a", "b", "c", "d"),
    "tags": (None, (), ("x",), ("y",), ("z",), ("x", "y"), ("x", "y", "z")),
    "said": (None, "", "Très bien", "très  bien", "BIEN", "tres", "bientres", "rien"),
    "comment.text": (None, "", "a bug", "bugs", "BÜGS", "slow", "slow bug"),
    "comment.length": (0, 3, 4, 50),
}


def condition(chance: random.Random, depth: int = 3) -> str:
    """A random condition over the atoms."""
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(ATOMS)
    if chance.random() < 0.25:
        return f"not ({condition(chance, depth - 1)})"
    parts = [condition(chance, depth - 1) for _ in range(chance.choice((2, 3)))]
    return f"({chance.choice((' and ', ' or ')).join(parts)})"


def compiled(*whens: str) -> Bundle:
    """The bundle of one rule for each condition."""
    rules = "".join(
        f"  - id: rule-{number}\n    when: |-\n      {when}\n    start: csm_case\n"
        for number, when in enumerate(whens)
    )
    text = f"boucle: rules/v1\nruleset: nps\nrules:\n{rules}undecided: record\n"
    return compile_sound(texts_of(text, facts=FACTS))[1]


def asked(bundle: Bundle) -> list[Asked]:
    rule_set = bundle.rule_sets[0]
    return [Asked(rule.condition.when, rule_set.definitions) for rule in rule_set.rules]


def cut(bundle: Bundle) -> Partition:
    found = partition(bundle.catalogue, asked(bundle))
    assert isinstance(found, Partition)
    return found


def responses(chance: random.Random) -> Iterator[dict[str, FactValue]]:
    """Random responses as the engine can make them."""
    while True:
        facts = {name: value for name in VALUES if (value := chance.choice(VALUES[name])) is not None}
        customer = chance.random() < 0.7
        facts |= {"response.known_customer": customer, "response.age_days": 0}
        if customer:
            facts |= {"customer.open_loop": chance.random() < 0.5, "customer.tenure_days": 3}
            facts |= {"history.answers": chance.choice((0, 1, 2)), "history.cases": chance.choice((0, 1))}
        yield facts


@pytest.mark.parametrize("seed", range(12))
def test_cells_have_the_truth_values_that_responses_have(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 reproducible, not secret
    bundle = compiled(*(condition(chance, 2) for _ in range(3)))
    found = partition(bundle.catalogue, asked(bundle))
    if isinstance(found, GaveUp):
        assert found.cells > 200_000
        return
    seen = {truths for _, truths in found.all_truths()}
    for _, facts in zip(range(400), responses(chance), strict=False):
        assert next(read_truths(bundle, [encode(bundle.catalogue, facts)])) in seen


@pytest.mark.parametrize("seed", range(8))
def test_a_cell_is_read_as_a_decision_reads_it(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 reproducible, not secret
    bundle = compiled(condition(chance, 2))
    found = cut(bundle)
    cells = [cell for _, cell in zip(range(300), found.cells(), strict=False)]
    for cell, truths in zip(cells, read_truths(bundle, cells), strict=True):
        assert found.truths(cell) == truths
        whole = decode(bundle.catalogue, complete(bundle.catalogue, cell))
        assert decide(bundle, Facts(whole, NOW), NOW).rules == {"rule-0": truths[0]}


def values_of(when: str, fact: str) -> list[JsonValue]:
    axis = next(axis for axis in cut(compiled(when)).axes if axis.fact.name == fact)
    return list(axis.values)


@pytest.mark.parametrize(
    ("when", "fact", "values"),
    [
        ("nps in 3..5", "nps", [2, 3, None]),
        ("nps > 9", "nps", [8, 10, None]),
        ("days == 3 or days == 5", "days", [3, 4, 5]),
        ("days > 3 and days < 5", "days", [3, 4, 5]),
        ("days >= 3", "days", [3]),
        ("amount > 1.5 and amount < 1.6", "amount", [14, 16, None]),
        ('on > "2026-01-01"', "on", [20453, 20455, None]),
        ('segment in ["a", "c"]', "segment", ["a", "b", None]),
        ('segment in ["a", "b", "c", "d"]', "segment", ["a", None]),
        ("paid", "paid", [True, False]),
        ('tags has "x" and tags has any ["x", "y"]', "tags", [[], ["x"], ["y"], None]),
        ('said contains "bugs" or said contains "bug"', "said", ["something else", "bugs", "bug", None]),
        ('said == "a bug" or said contains "bug"', "said", ["a bug", "something else", "bug", None]),
        ('said contains "else" or said contains "a/b"', "said", ["|", "else", "a/b", "else|a/b", None]),
    ],
)
def test_a_fact_falls_into_the_values_that_matter(when: str, fact: str, values: list[JsonValue]) -> None:
    found = values_of(when, fact)
    assert len(found) == len(values)
    assert all(value in found for value in values), found


def test_facts_of_a_customer_are_known_together() -> None:
    found = cut(compiled("history.answers >= 1 and history.cases >= 1 and response.known_customer"))
    for cell in found.cells():
        known = {"history.answers" in cell, "history.cases" in cell, cell["response.known_customer"]}
        assert len(known) == 1
    assert found.size == 3 * 3 * 2
    assert len(list(found.cells())) == 2 * 2 + 1


def test_too_many_cells_are_given_up() -> None:
    every = ("nps == {n}", "days == 4", "amount == {n}", "history.answers == {n}", "comment.length == {n}")
    whens = [text.format(n=number) for text in every for number in range(1, 10)]
    bundle = compiled(*dict.fromkeys(whens), "paid and segment is known and tags is known")
    found = partition(bundle.catalogue, asked(bundle))
    assert isinstance(found, GaveUp)
    assert found.cells > 200_000


def test_too_many_members_at_once_are_given_up() -> None:
    needles = [f"word{chr(97 + number)}" for number in range(20)]
    found = partition(
        (bundle := compiled(" and ".join(f'said contains "{needle}"' for needle in needles))).catalogue,
        asked(bundle),
    )
    assert isinstance(found, GaveUp)


def test_conditions_that_share_no_fact_are_asked_apart() -> None:
    bundle = compiled("nps > 3", "paid", "nps < 9 and days == 4", "days < 5", 'segment == "a"')
    groups = connect(asked(bundle))
    sizes = sorted(len(group) for group in groups)
    assert sizes == [1, 1, 3]


def test_a_cell_is_completed_to_a_response() -> None:
    bundle = compiled("customer.open_loop")
    assert complete(bundle.catalogue, {"customer.open_loop": True})["response.known_customer"] is True
    assert complete(bundle.catalogue, {}).keys() == bundle.required
