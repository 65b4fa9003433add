"""The condition language: what is read, with which places, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boucle.errors import Place
from boucle.model import FactValue
from boucle.rules.catalogue import Fact, FactType
from boucle.rules.condition import (
    And,
    Compare,
    Contains,
    Defined,
    Expr,
    Has,
    IsTrue,
    Known,
    Not,
    OneOf,
    Or,
    Within,
)
from boucle.rules.language.checker import read_condition
from boucle.rules.language.scope import Scope
from boucle.rules.phrases import word_atom
from boucle.rules.strict_yaml.source import Mapping_, Scalar, read_yaml

HERE = Place("rules/nps.yaml", 1, 1)


def _fact(name: str, type_: FactType, *, high: int | None = None, values: tuple[str, ...] = ()) -> Fact:
    digits = 2 if type_ == "decimal" else 0
    low = None if high is None else 0
    return Fact(name, type_, HERE, optional=True, low=low, high=high, digits=digits, values=values)


FACTS = {
    fact.name: fact
    for fact in (
        _fact("nps", "int", high=10),
        _fact("customer.arr", "decimal"),
        _fact("customer.segment", "enum", values=("key", "standard")),
        _fact("customer.tags", "set", values=("vip", "legal_hold")),
        _fact("comment.text", "text"),
        _fact("customer.since", "date"),
        _fact("contact.seen", "instant"),
        _fact("consent.follow_up", "bool"),
    )
}
SCOPE = Scope(FACTS, frozenset({"detractor", "key_account"}))


def _plain(text: str) -> Scalar:
    return Scalar(text, HERE, None, text, text)


def _read(text: str) -> Expr:
    expr, mistakes = read_condition(_plain(text), SCOPE)
    assert expr is not None, [mistake.message for mistake in mistakes]
    return expr


def _codes(text: str) -> list[tuple[str, int]]:
    _, mistakes = read_condition(_plain(text), SCOPE)
    return [(mistake.code, mistake.place.column) for mistake in mistakes]


def test_and_binds_closer_than_or_and_not_closest() -> None:
    expr = _read("detractor or not key_account and nps is known")
    assert isinstance(expr, Or)
    assert isinstance(expr.parts[1], And)
    assert isinstance(expr.parts[1].parts[0], Not)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nps == 6", 6),
        ("customer.arr == 15", Decimal(15)),
        ("customer.arr == -15.5", Decimal("-15.5")),
        ('customer.segment == "key"', "key"),
        ('comment.text == "say ""no"""', 'say "no"'),
        ('comment.text == "cafe\u0301"', "caf\u00e9"),
        ('customer.since == "2026-01-31"', date(2026, 1, 31)),
        ('contact.seen == "2026-01-31T10:00:00+01:00"', datetime(2026, 1, 31, 9, tzinfo=UTC)),
    ],
)
def test_constants_have_the_type_of_their_fact(text: str, value: FactValue) -> None:
    expr = _read(text)
    assert isinstance(expr, Compare)
    assert expr.value == value
    assert type(expr.value) is type(value)


def test_a_negated_relation_is_the_negation_of_the_positive_one() -> None:
    for text, atom in (
        ("nps != 6", Compare),
        ("nps not in 0..6", Within),
        ("nps not in [1, 2]", OneOf),
        ("nps is unknown", Known),
    ):
        expr = _read(text)
        assert isinstance(expr, Not)
        assert isinstance(expr.part, atom)


def test_a_bool_compared_with_true_or_false_stands_alone() -> None:
    assert isinstance(_read("consent.follow_up == true"), IsTrue)
    assert isinstance(_read("consent.follow_up == false"), Not)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nps = 6", [("B002", 5)]),
        ("nps == 6 and npss == 1 and nps == 11", [("B011", 14), ("B015", 35)]),
        ("nps == true", [("B016", 8)]),
        ("nps == 6.5", [("B016", 8)]),
        ("customer.segment == true", [("B016", 21)]),
        ("customer.tags in [1]", [("B016", 15)]),
        ('customer.segment contains "key"', [("B016", 18)]),
        ("detractor == 1", [("B016", 1)]),
        ('customer.since == "yesterday"', [("B016", 19)]),
        ('contact.seen == "2026-01-31T10:00:00"', [("B016", 17)]),
        ('contact.seen == "0001-01-01T00:00+23:59"', [("B016", 17)]),
        ('comment.text == "1d"', [("B022", 17)]),
        ("customer.arr == 1.005", [("B016", 17)]),
        ("customer.arr > 99999999999999999", [("B015", 16)]),
        ("nps in [1, 2", [("B001", 13)]),
        ("nps in []", [("B001", 9)]),
        ("", [("B001", 1)]),
        ("not", [("B001", 4)]),
        ("nps is null", [("B001", 8)]),
        ("customer.arr > 365 days", [("B001", 16)]),
        ("customer.arr > 1 500", [("B001", 16)]),
        ("nps in 0 to 6", [("B001", 10)]),
        ('comment.text contains ["a"]', [("B059", 14)]),
        ('customer.tags has ["vip"]', [("B059", 15)]),
        ("non detractor", [("B059", 1)]),
        ("non (detractor)", [("B059", 1)]),
        ("detractor and not pas promoter", [("B059", 19)]),
        ('comment.text contient "a"', [("B059", 14)]),
        ("nps dans 0..6", [("B059", 5)]),
        ("nps est known", [("B059", 5)]),
        ("nps is connu", [("B059", 8)]),
        ("consent.follow_up == vrai", [("B059", 22)]),
        ("customer.segment == non", [("B017", 21)]),
        ("détracteur", [("B011", 1)]),
        ("customer.segment == clé", [("B017", 21)]),
    ],
)  # fmt: skip
def test_each_mistake_stands_at_its_column(text: str, found: list[tuple[str, int]]) -> None:
    assert _codes(text) == found


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("détracteur", "detractor"),
        ("de\u0301tracteur", "detractor"),
        ("customer.sinec > 1", "customer.since"),
        ("customer.joined > 1", None),
        ("customer.agreed > 1", None),
    ],
)
def test_a_guess_is_near_also_without_the_beginning_that_both_share(text: str, guess: str | None) -> None:
    _, mistakes = read_condition(_plain(text), SCOPE)
    end = f"; did you mean '{guess}'?" if guess else "'"
    assert [mistake.message.endswith(end) for mistake in mistakes] == [True]


@pytest.mark.parametrize("text", ["(" * 5_000, "not " * 5_000, "(" * 5_000 + "detractor" + ")" * 5_000])
def test_no_nesting_exhausts_the_stack(text: str) -> None:
    expr, mistakes = read_condition(_plain(text), SCOPE)
    assert expr is None
    assert [mistake.code for mistake in mistakes] == ["B020"]


# -- places, through each style of YAML ---------------------------------------------------------


@pytest.mark.parametrize(
    ("yaml", "line", "column"),
    [
        ("when: detractor and npss == 1\n", 1, 21),
        ("when: detractor and\n  npss == 1\n", 2, 3),
        ("when: 'detractor and npss == 1'\n", 1, 22),
        ("when: 'comment.text == \"it''s\" and npss == 1'\n", 1, 36),
        ("when: 'detractor and\n\n  npss == 1'\n", 3, 3),
        ('when: "detractor\\x20and npss == 1"\n', 1, 25),
        ('when: "comment.text == \\"a\\" and npss == 1"\n', 1, 34),
        ('when: "detractor \\\n  and npss == 1"\n', 2, 7),
        ("when: |\n  detractor\n  and npss == 1\n", 3, 7),
        ("when: |2\n    detractor\n  and npss == 1\n", 3, 7),
        ("when: |-  # why\n\n   detractor\n   and npss == 1\n\n", 4, 8),
        ("when: |\r\n  detractor\r\n  and npss == 1\r\n", 3, 7),
    ],
)
def test_a_mistake_in_a_condition_is_placed_in_the_file(yaml: str, line: int, column: int) -> None:
    node, found = read_yaml(yaml, "rules/nps.yaml")
    assert found == []
    assert isinstance(node, Mapping_)
    when = node.find("when")
    assert isinstance(when, Scalar)
    _, mistakes = read_condition(when, SCOPE)
    assert [(mistake.code, mistake.place.line, mistake.place.column) for mistake in mistakes] == [
        ("B011", line, column)
    ]


# -- what is printed is read again as the same --------------------------------------------------

TEXTS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs")), min_size=1, max_size=8
).filter(lambda text: not text[0].isdigit())
CONSTANTS = {
    "nps": st.integers(0, 10),
    "customer.arr": st.decimals(0, 99_999, places=2),
    "customer.segment": st.sampled_from(["key", "standard"]),
    "customer.since": st.dates(date(1900, 1, 1)),
}


def _quoted(value: object) -> str:
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return '"' + str(value).replace('"', '""') + '"'


@st.composite
def _tests(draw: st.DrawFn) -> str:
    fact = draw(st.sampled_from([*CONSTANTS, "has", "contains", "alone", "known"]))
    if fact == "has":
        return f"customer.tags has {_quoted(draw(st.sampled_from(['vip', 'legal_hold'])))}"
    if fact == "contains":
        return f"comment.text contains {_quoted(draw(TEXTS))}"
    if fact == "alone":
        return draw(st.sampled_from(["detractor", "key_account", "consent.follow_up"]))
    if fact == "known":
        return f"{draw(st.sampled_from(sorted(FACTS)))} is {draw(st.sampled_from(['known', 'unknown']))}"
    values = draw(st.lists(CONSTANTS[fact], min_size=1, max_size=3))
    if len(values) > 1:
        return f"{fact} {draw(st.sampled_from(['in', 'not in']))} [{', '.join(map(_quoted, values))}]"
    signs = ["==", "!="] if fact == "customer.segment" else ["==", "!=", "<", "<=", ">", ">="]
    return f"{fact} {draw(st.sampled_from(signs))} {_quoted(values[0])}"


CONDITIONS = st.recursive(
    _tests(),
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
    ),
    max_leaves=12,
)


def _printed(expr: Expr) -> str:
    match expr:
        case And():
            return f"({' and '.join(map(_printed, expr.parts))})"
        case Or():
            return f"({' or '.join(map(_printed, expr.parts))})"
        case Not():
            return f"not {_printed(expr.part)}"
        case Defined():
            return expr.name
        case _:
            return word_atom(expr)


@settings(deadline=None)
@given(CONDITIONS)
def test_what_is_printed_is_read_as_the_same_condition(text: str) -> None:
    printed = _printed(_read(text))
    assert _printed(_read(printed)) == printed


PIECES = [
    *"nps.()[]\"'=<>!,-&| 0169\u00a0“é",
    " and ",
    " in ",
    "not ",
    "is ",
    "nps",
    "comment.text",
    "has any",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_a_condition_or_one_mistake_within_it(text: str) -> None:
    expr, mistakes = read_condition(_plain(text), SCOPE)
    assert (expr is None) == bool(mistakes)
    assert all(1 <= mistake.place.column <= len(text) + 1 for mistake in mistakes)


def test_sets_and_texts_are_asked_for_one_or_any() -> None:
    some = _read('customer.tags has any ["vip", "legal_hold"]')
    assert isinstance(some, Has)
    assert some.members == ("vip", "legal_hold")
    words = _read('comment.text contains any ["lent", "cher"]')
    assert isinstance(words, Contains)
    assert words.needles == ("lent", "cher")
