"""What is written of a condition is read again as the same condition."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boucle.errors import Place
from boucle.rules.catalogue import Fact
from boucle.rules.condition import And, Compare, Contains, Expr, Not, OneOf, Or
from boucle.rules.expressions import read_expression, write_expression
from boucle.rules.language.checker import read_condition
from boucle.rules.language.scope import Scope
from boucle.rules.strict_yaml.source import Scalar
from boucle.rules.writing.condition_text import write_condition
from tests.oracles.cases import RANDOMS, random_expression
from tests.unit.handmade import (
    FACTS,
    HERE,
    both,
    compare,
    contains,
    either,
    is_true,
    known,
    named,
    no,
    one_of,
    within,
)

BY_NAME = {
    **{fact.name: fact for fact in FACTS},
    "balance": Fact("balance", "decimal", HERE, optional=True, digits=3),
}
SCOPE = Scope(BY_NAME, frozenset({"first", "second"}))


def parse(text: str) -> Expr:
    expr, mistakes = read_condition(Scalar(text, Place("rules/nps.yaml", 1, 1), None, text, text), SCOPE)
    assert expr is not None, [mistake.message for mistake in mistakes]
    return expr


def bare(expr: Expr) -> object:
    """The tree without places and without the atoms' own texts."""
    return write_expression(expr, BY_NAME)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (both(named("first"), either(known("nps"), named("second"))), "first and (nps is known or second)"),
        (either(both(named("first"), named("second")), named("first")), "first and second or first"),
        (both(named("first"), both(named("second"), named("first"))), "first and (second and first)"),
        (either(either(named("first"), named("second")), named("first")), "(first or second) or first"),
        (no(both(named("first"), named("second"))), "not (first and second)"),
        (no(no(compare("nps", "==", 6))), "not nps != 6"),
        (no(no(named("first"))), "not not first"),
        (no(within("nps", 0, 6)), "nps not in 0..6"),
        (no(one_of("nps", 1, 2)), "nps not in [1, 2]"),
        (no(known("nps")), "nps is unknown"),
        (no(compare("nps", "<", 6)), "not nps < 6"),
        (no(is_true("consent.follow_up")), "not consent.follow_up"),
        (contains("comment.summary", 'say "no"', "à"), 'comment.summary contains any ["say ""no""", "à"]'),
        (
            compare("response.moment", ">", datetime(2026, 3, 1, 12, 0, 0, 7_000, UTC)),
            'response.moment > "2026-03-01T12:00:00.007Z"',
        ),
    ],
)
def test_a_condition_has_one_text_without_needless_parentheses(expr: Expr, text: str) -> None:
    assert write_condition(expr) == text
    assert bare(parse(text)) == bare(expr)


TEXTS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=6)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: any(map(str.isalpha, text)) and not text[0].isdigit())
)

ATOMS: st.SearchStrategy[Expr] = st.one_of(
    TEXTS.map(lambda text: Compare("comment.summary", "==", text, HERE, "")),
    st.lists(TEXTS, min_size=1, max_size=3, unique=True).map(
        lambda texts: OneOf("comment.summary", tuple(texts), HERE, "")
    ),
    st.text("abcÀé\"'[], ", min_size=1, max_size=4)
    .filter(lambda text: text.strip() != "")
    .map(lambda text: Contains("comment.summary", (text,), HERE, "")),
    st.decimals(-999_999, 999_999, places=3).map(lambda value: Compare("balance", "<=", value, HERE, "")),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 # made aware below
        lambda moment: Compare(
            "response.moment",
            ">=",
            moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC),
            HERE,
            "",
        )
    ),
    RANDOMS.map(lambda random: random_expression(random, 0, ("first", "second"))),
)

EXPRESSIONS: st.SearchStrategy[Expr] = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda part: Not(part, HERE)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts), HERE)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts), HERE)),
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(EXPRESSIONS)
def test_what_is_written_is_read_as_the_same_tree(expr: Expr) -> None:
    normal = bare(read_expression(write_expression(expr, BY_NAME), BY_NAME))
    text = write_condition(expr)
    assert bare(parse(text)) == normal
    assert write_condition(parse(text)) == text


@settings(deadline=None, max_examples=100)
@given(RANDOMS)
def test_every_kind_of_random_condition_comes_back(random: Random) -> None:
    expr = random_expression(random, 4, ("first", "second"))
    assert bare(parse(write_condition(expr))) == bare(expr)
