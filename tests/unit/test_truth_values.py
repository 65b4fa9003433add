"""The semantics `kleene-1`, against a plain interpreter of Kleene's tables written here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from pydantic import JsonValue

from boucle.model import FactValue, Truth
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
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
from boucle.rules.reading import read_facts
from boucle.rules.ruleset import Definition
from tests.oracles.cases import RANDOMS, random_definitions, random_expression, random_facts
from tests.unit.handmade import (
    FACTS,
    both,
    compare,
    contains,
    define,
    either,
    has,
    is_true,
    known,
    named,
    no,
    one_of,
    response,
    rule,
    rule_set,
    within,
    workspace,
)


def truth_of(when: Expr, facts: Mapping[str, FactValue], *definitions: Definition) -> Truth:
    """The truth value of a condition by the compiled bundle."""
    (truth,) = truths_of([when], facts, *definitions)
    return truth


def truths_of(
    conditions: list[Expr], facts: Mapping[str, FactValue], *definitions: Definition
) -> tuple[Truth, ...]:
    return read_facts(compiled(conditions, *definitions), response(facts)).truths


def compiled(conditions: list[Expr], *definitions: Definition) -> Bundle:
    rules = [rule(f"rule-{number}", when) for number, when in enumerate(conditions)]
    return compile_workspace(workspace(rule_set(*rules, definitions=definitions)))


# -- one test a sentence ------------------------------------------------------------------------

DETRACTOR = within("nps", 0, 6)


def test_no_score_is_no_detractor_and_no_promoter_either() -> None:
    for when in (DETRACTOR, no(DETRACTOR), compare("nps", ">", 6), no(compare("nps", ">", 6))):
        assert truth_of(when, {}) == "undecided"


@pytest.mark.parametrize(
    ("when", "facts", "truth"),
    [
        (compare("nps", "==", 6), {"nps": 6}, "true"),
        (compare("nps", "<", 6), {"nps": 6}, "false"),
        (compare("nps", "<=", 6), {"nps": 6}, "true"),
        (compare("nps", ">", 6), {"nps": 6}, "false"),
        (compare("nps", ">=", 6), {"nps": 6}, "true"),
        (DETRACTOR, {"nps": 0}, "true"),
        (DETRACTOR, {"nps": 6}, "true"),
        (DETRACTOR, {"nps": 7}, "false"),
        (one_of("nps", 0, 10), {"nps": 0}, "true"),
        (compare("customer.arr", ">=", Decimal("0.10")), {"customer.arr": Decimal("0.1")}, "true"),
        (compare("customer.arr", ">", Decimal("0.10")), {"customer.arr": Decimal("0.1")}, "false"),
        (is_true("consent.follow_up"), {"consent.follow_up": False}, "false"),
        (is_true("consent.follow_up"), {}, "undecided"),
        (has("customer.tags", "vip"), {"customer.tags": ()}, "false"),
        (has("customer.tags", "vip", "legal_hold"), {"customer.tags": ("legal_hold",)}, "true"),
        (has("customer.tags", "vip"), {}, "undecided"),
        (contains("comment.summary", "DÉLAI"), {"comment.summary": "trop de delais"}, "true"),
        (contains("comment.summary", "délai"), {"comment.summary": ""}, "false"),
        (contains("comment.text", "délai"), {"comment.text": "Délai !"}, "true"),
        (contains("comment.text", "délai"), {}, "undecided"),
        (known("nps"), {"nps": 0}, "true"),
        (known("nps"), {}, "false"),
        (no(known("nps")), {}, "true"),
        (known("comment.text"), {"comment.text": ""}, "true"),
        (no(known("comment.text")), {}, "true"),
    ],
)
def test_atoms(when: Expr, facts: Mapping[str, FactValue], truth: Truth) -> None:
    assert truth_of(when, facts) == truth


UNKNOWN = compare("csat.delivery", "==", 1)
TRUE, FALSE = known("nps"), no(known("nps"))


@pytest.mark.parametrize(
    ("when", "truth"),
    [
        (both(UNKNOWN, FALSE), "false"),
        (both(UNKNOWN, TRUE), "undecided"),
        (either(UNKNOWN, TRUE), "true"),
        (either(UNKNOWN, FALSE), "undecided"),
        (no(UNKNOWN), "undecided"),
        (no(both(UNKNOWN, FALSE)), "true"),
        (no(either(UNKNOWN, no(UNKNOWN))), "undecided"),
        (both(TRUE, both(TRUE, FALSE)), "false"),
    ],
)
def test_false_wins_in_and_true_wins_in_or_and_unknown_stays(when: Expr, truth: Truth) -> None:
    assert truth_of(when, {"nps": 3}) == truth


def test_if_unknown_false_says_once_what_unknown_means() -> None:
    vip = has("customer.tags", "vip")
    closed, loose = define("vip", vip, if_unknown=False), define("vip", vip)
    assert truth_of(named("vip"), {}, closed) == "false"
    assert truth_of(no(named("vip")), {}, closed) == "true"
    assert truth_of(named("vip"), {}, loose) == "undecided"
    assert truth_of(no(named("vip")), {}, loose) == "undecided"


def test_the_bands_are_built_in() -> None:
    bands: list[Expr] = [named("detractor"), named("passive"), named("promoter")]
    assert truths_of(bands, {"nps": 6}) == ("true", "false", "false")
    assert truths_of(bands, {"nps": 8}) == ("false", "true", "false")
    assert truths_of(bands, {"nps": 9}) == ("false", "false", "true")
    assert truths_of(bands, {}) == ("undecided", "undecided", "undecided")


# -- an interpreter that knows nothing of JSONLogic ---------------------------------------------


def bare(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def kleene(expr: Expr, facts: Mapping[str, FactValue], definitions: Mapping[str, Definition]) -> bool | None:
    """Three-valued truth: None is unknown. The nodes in the words of RULES §4, nothing compiled."""
    match expr:
        case Not():
            inner = kleene(expr.part, facts, definitions)
            return None if inner is None else not inner
        case And() | Or():
            values = [kleene(part, facts, definitions) for part in expr.parts]
            winning = isinstance(expr, Or)
            if winning in values:
                return winning
            return None if None in values else not winning
        case Defined():
            definition = definitions[expr.name]
            value = kleene(definition.when, facts, definitions)
            return definition.if_unknown if value is None else value
        case Known():
            return expr.fact in facts
        case _:
            return None if expr.fact not in facts else asks(expr, facts[expr.fact])


def asks(atom: Compare | Within | OneOf | Has | Contains | IsTrue, value: FactValue) -> bool:
    answer = value is True
    match atom:
        case Compare():
            answer = {"==": 1, "<": 2, "<=": 3, ">": 4, ">=": 5}[atom.op] in orders(value, atom.value)
        case Within():
            answer = 5 in orders(value, atom.low) and 3 in orders(value, atom.high)
        case OneOf():
            answer = any(value == one for one in atom.values)
        case Has():
            answer = isinstance(value, tuple) and any(member in value for member in atom.members)
        case Contains():
            answer = any(bare(needle) in bare(str(value)) for needle in atom.needles)
    return answer


def orders(left: FactValue, right: FactValue) -> set[int]:
    """Which of == < <= > >= (1 to 5) hold between two values of one type."""
    if left == right:
        return {1, 3, 5}
    return {2, 3} if min([left, right], key=lambda value: (value, 0)) == left else {4, 5}


WORDS: Mapping[bool | None, Truth] = {True: "true", False: "false", None: "undecided"}


@settings(max_examples=150, deadline=None)
@given(RANDOMS)
def test_the_compiled_form_means_what_the_tables_say(random: Random) -> None:
    definitions = random_definitions(random)
    by_name = {definition.name: definition for definition in definitions}
    conditions = [random_expression(random, 3, tuple(by_name)) for _ in range(4)]
    bundle = compiled(conditions, *definitions)
    for _ in range(10):
        facts = random_facts(random)
        expected = tuple(WORDS[kleene(when, facts, by_name)] for when in conditions)
        assert read_facts(bundle, response(facts)).truths == expected


# -- no score, no action ------------------------------------------------------------------------

SCORED = tuple(fact for fact in FACTS if fact.is_score)


def without_absence(random: Random, depth: int) -> Expr:
    """A condition over scores alone that does not ask whether one is known."""
    while True:
        when = random_expression(random, depth, (), SCORED)
        if not any(isinstance(node, Known) for node in nodes(when)):
            return when


def nodes(expr: Expr) -> Iterator[Expr]:
    yield expr
    match expr:
        case And() | Or():
            for part in expr.parts:
                yield from nodes(part)
        case Not():
            yield from nodes(expr.part)


@settings(max_examples=60, deadline=None)
@given(RANDOMS)
def test_no_condition_that_reads_scores_holds_without_them(random: Random) -> None:
    conditions = [without_absence(random, 3) for _ in range(6)]
    facts = {
        name: value for name, value in random_facts(random).items() if name not in {"nps", "csat.delivery"}
    }
    assert truths_of(conditions, facts) == ("undecided",) * 6
    assert truths_of([no(when) for when in conditions], facts) == ("undecided",) * 6


@settings(max_examples=60, deadline=None)
@given(RANDOMS)
def test_a_rule_that_asks_for_a_score_never_fires_without_it(random: Random) -> None:
    """Whatever else it asks for: `<score test> and <anything>` is not true where the score is unknown."""
    definitions = random_definitions(random)
    names = tuple(definition.name for definition in definitions)
    conditions: list[Expr] = [
        both(without_absence(random, 2), random_expression(random, 2, names)) for _ in range(6)
    ]
    facts = {
        name: value for name, value in random_facts(random).items() if name not in {"nps", "csat.delivery"}
    }
    assert "true" not in truths_of(conditions, facts, *definitions)


# -- the form itself ----------------------------------------------------------------------------


def leaves(expression: JsonValue) -> Iterator[JsonValue]:
    """Every scalar, and every list or object that holds nothing."""
    match expression:
        case list() if expression:
            for part in expression:
                yield from leaves(part)
        case dict() if expression:
            for part in expression.values():
                yield from leaves(part)
        case _:
            yield expression


@settings(max_examples=50, deadline=None)
@given(RANDOMS)
def test_nothing_is_emitted_on_which_engines_differ(random: Random) -> None:
    bundle = compile_workspace(workspace(rule_set(rule("one", random_expression(random, 4)))))
    for evaluator in (bundle.conditions, bundle.personal_atoms):
        for leaf in leaves([*evaluator.expression, 0]):
            assert leaf not in ([], {})
            assert not isinstance(leaf, float)


def test_a_part_that_is_said_twice_is_emitted_once() -> None:
    bundle = compile_workspace(workspace(rule_set(rule("one", both(DETRACTOR, both(DETRACTOR, DETRACTOR))))))
    condition = bundle.conditions.conditions[0]
    known_score: JsonValue = {"!==": [{"var": "nps"}, None]}
    outside: JsonValue = {"or": [{"<": [{"var": "nps"}, 0]}, {">": [{"var": "nps"}, 6]}]}
    assert condition.true == {"and": [known_score, {"<=": [0, {"var": "nps"}, 6]}]}
    assert condition.false == {"and": [known_score, outside]}
    assert bundle.conditions.expression == [{"if": [condition.false, 0, condition.true, 1, -1]}]
