"""The index before the rule engine: it changes no truth value, and it leaves the engine little to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from random import Random

import pytest
from datalogic_py import DataHandle, Engine
from hypothesis import given, settings
from pydantic import JsonValue

from boucle.model import Truth
from boucle.rules import evaluation, index
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.condition import Expr
from boucle.rules.evaluation import Evaluator
from boucle.rules.expressions import list_atoms
from boucle.rules.failures import EvaluationError
from boucle.rules.index import Index, Sides
from boucle.rules.reading import read_facts
from boucle.rules.ruleset import Definition
from tests.oracles.cases import RANDOMS, random_atom, random_definitions, random_expression, random_facts
from tests.unit.handmade import (
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

Row = tuple[Mapping[str, JsonValue], Mapping[str, Truth]]

SIGNS = {"1": "true", "0": "false", "-1": "undecided"}


@dataclass(frozen=True)
class Pair:
    """The same conditions with the index and without it."""

    bundle: Bundle
    indexed: Evaluator
    plain: Evaluator

    @cached_property
    def index(self) -> Index:
        return Index([Sides(one.true, one.false) for one in self.indexed.conditions])


def pair(*conditions: Expr, definitions: tuple[Definition, ...] = ()) -> Pair:
    rules = [rule(f"rule-{number}", when) for number, when in enumerate(conditions)]
    bundle = compile_workspace(workspace(rule_set(*rules, definitions=definitions)))
    row = bundle.conditions.conditions
    names = {name: one for rule_set in bundle.rule_sets for name, one in rule_set.definitions.items()}
    atoms = [
        atom
        for one in row
        for atom in list_atoms(one.when, names)
        if not bundle.catalogue.facts[atom.fact].pii
    ]
    return Pair(bundle, bundle.conditions, Evaluator(row, atoms, indexed=False))


def readings(random: Random, bundle: Bundle, count: int) -> Iterator[Row]:
    for _ in range(count):
        reading = read_facts(bundle, response(random_facts(random)))
        yield reading.known, reading.personal


def look_up(conditions: Pair, known: Mapping[str, JsonValue]) -> list[str]:
    """What the index settles without the engine, in words."""
    row = conditions.index
    undecided, still_open = row.settle(known)
    words = ["false"] * len(conditions.indexed.conditions)
    for place in row.list_places(undecided):
        words[place] = "undecided"
    for place in row.list_places(still_open):
        words[place] = "open"
    return words


# -- it changes nothing -------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(RANDOMS)
def test_the_index_changes_no_truth_value(random: Random) -> None:
    definitions = random_definitions(random)
    names = tuple(definition.name for definition in definitions)
    conditions = pair(*(random_expression(random, 3, names) for _ in range(8)), definitions=definitions)
    for known_facts, personal in readings(random, conditions.bundle, 10):
        expected = conditions.plain.evaluate(known_facts, personal)
        assert conditions.indexed.evaluate(known_facts, personal) == expected


def test_the_index_changes_no_truth_value_in_a_long_run_over_rules_as_they_are_written() -> None:
    """Ands of few parts, some of them ors, nots and definitions; 30 % of the optional facts unknown."""
    random = Random(2_026)  # noqa: S311 # repeatable is wanted, not secret
    counts: Counter[tuple[str, bool]] = Counter()
    for _ in range(4):
        definitions = random_definitions(random)
        conditions = pair(*(written(random) for _ in range(150)), definitions=definitions)
        for known_facts, personal in readings(random, conditions.bundle, 60):
            expected = conditions.plain.evaluate(known_facts, personal)
            assert conditions.indexed.evaluate(known_facts, personal) == expected
            settled = look_up(conditions, known_facts)
            counts.update((truth, word != "open") for truth, word in zip(expected, settled, strict=True))
    assert counts.total() == 36_000
    assert min(sum(counts[truth, way] for way in (False, True)) for truth in SIGNS.values()) > 2_000
    assert counts["true", True] == 0
    assert counts["false", True] > 0.8 * (counts["false", True] + counts["false", False])
    assert counts["undecided", True] > 0.5 * (counts["undecided", True] + counts["undecided", False])


def written(random: Random) -> Expr:
    parts: list[Expr] = [random_atom(random) for _ in range(random.randint(1, 3))]
    match random.randrange(4):
        case 0:
            parts.append(either(random_atom(random), random_atom(random)))
        case 1:
            parts.append(no(either(random_atom(random), both(random_atom(random), random_atom(random)))))
        case 2:
            parts.append(random.choice((named("first"), no(named("second")), named("third"))))
    return both(*parts) if len(parts) > 1 else parts[0]


@settings(max_examples=30, deadline=None)
@given(RANDOMS)
def test_the_engine_says_the_same_of_nested_facts_and_the_expression_that_is_exported(random: Random) -> None:
    conditions = pair(*(random_expression(random, 3) for _ in range(6)))
    evaluator = conditions.indexed
    engine = Engine()
    exported = engine.compile(evaluator.expression)
    for known_facts, personal in readings(random, conditions.bundle, 8):
        data = DataHandle(json.dumps(evaluator.data(known_facts, personal)))
        signs = engine.session().evaluate_data_str(exported, data)[1:-1].split(",")
        assert evaluator.evaluate(known_facts, personal) == tuple(SIGNS[sign] for sign in signs)


def test_facts_as_text_are_read_as_records_hold_them() -> None:
    conditions = pair(both(within("nps", 0, 6), one_of("customer.segment", "key", "strategic")))
    rows: list[dict[str, JsonValue]] = [{"nps": 3, "customer.segment": "key"}, {"nps": 3}, {"nps": 7}]
    for facts in rows:
        assert conditions.indexed.evaluate_text(json.dumps(facts)) == conditions.plain.evaluate(facts)
    with pytest.raises(EvaluationError, match="no JSON"):
        conditions.indexed.evaluate_text("{")


def test_threads_share_an_evaluator() -> None:
    random = Random(7)  # noqa: S311 # repeatable is wanted, not secret
    conditions = pair(*(random_expression(random, 3) for _ in range(40)))
    rows = list(readings(random, conditions.bundle, 60))
    expected = [conditions.plain.evaluate(*row) for row in rows]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda row: conditions.indexed.evaluate(*row), rows * 5))
    assert answers == expected * 5


# -- what it settles ----------------------------------------------------------------------------

DETRACTOR = within("nps", 0, 6)
KEY = one_of("customer.segment", "key", "strategic")
VIP = has("customer.tags", "vip")
CALLABLE = is_true("consent.follow_up")


def test_a_known_fact_that_fails_proves_false_and_an_unknown_one_never_does() -> None:
    conditions = pair(both(DETRACTOR, CALLABLE), no(both(DETRACTOR, CALLABLE)), DETRACTOR)
    assert look_up(conditions, {"nps": 7}) == ["false", "open", "false"]
    assert look_up(conditions, {"consent.follow_up": False}) == ["false", "open", "undecided"]
    assert look_up(conditions, {"nps": 3, "consent.follow_up": True}) == ["open", "false", "open"]
    assert look_up(conditions, {"nps": 3}) == ["undecided", "undecided", "open"]
    assert look_up(conditions, {}) == ["undecided", "undecided", "undecided"]


def test_an_or_over_several_facts_is_false_where_each_part_is() -> None:
    conditions = pair(both(DETRACTOR, either(KEY, VIP)))
    facts: dict[str, JsonValue] = {"nps": 3, "customer.segment": "standard", "customer.tags": ["churn_risk"]}
    assert look_up(conditions, facts) == ["false"]
    assert look_up(conditions, {**facts, "customer.segment": "key"}) == ["open"]
    assert look_up(conditions, {"nps": 3, "customer.segment": "standard"}) == ["undecided"]


def test_a_definition_says_what_unknown_means() -> None:
    closed = define("closed", either(KEY, VIP), if_unknown=False)
    loose = define("loose", either(KEY, VIP))
    conditions = pair(named("closed"), no(named("closed")), named("loose"), definitions=(closed, loose))
    assert look_up(conditions, {}) == ["false", "open", "undecided"]
    assert look_up(conditions, {"customer.segment": "standard"}) == ["false", "open", "undecided"]
    assert look_up(conditions, {"customer.segment": "key"}) == ["open", "false", "open"]


def test_absence_is_a_fact_too() -> None:
    conditions = pair(known("nps"), no(known("nps")))
    assert look_up(conditions, {}) == ["false", "open"]
    assert look_up(conditions, {"nps": 0}) == ["open", "false"]


def test_an_and_and_an_or_of_the_same_tests_are_told_apart() -> None:
    low, high = compare("nps", ">=", 3), compare("nps", ">=", 6)
    conditions = pair(both(low, high), either(low, high))
    for score in (2, 3, 5, 6):
        expected = ["false" if score < 6 else "open", "false" if score < 3 else "open"]
        assert look_up(conditions, {"nps": score}) == expected


def test_each_side_of_every_constant_is_told_apart() -> None:
    conditions = pair(*(compare("customer.arr", op, 100) for op in ("==", "<", "<=", ">", ">=")))
    for cents in (-(2**53) + 1, 9_999, 10_000, 10_001, 2**53 - 1):
        expected = conditions.plain.evaluate({"customer.arr": cents})
        assert conditions.indexed.evaluate({"customer.arr": cents}) == expected
        assert Counter(look_up(conditions, {"customer.arr": cents}))["false"] == expected.count("false")


def test_tests_of_personal_facts_are_left_to_the_engine() -> None:
    conditions = pair(contains("comment.text", "délai"), both(DETRACTOR, contains("comment.text", "délai")))
    assert look_up(conditions, {"nps": 3}) == ["open", "open"]
    assert look_up(conditions, {"nps": 7}) == ["open", "false"]
    (text,) = conditions.bundle.personal
    for truth in ("true", "false", "undecided"):
        assert conditions.indexed.evaluate({"nps": 3}, {text: truth}) == (truth, truth)


def test_what_it_cannot_read_is_left_to_the_engine() -> None:
    strange: JsonValue = {"===": [{"+": [{"var": "nps"}, 1]}, 4]}
    row = Index([Sides(strange, {"!": [strange]}), Sides({"and": []}, None), Sides(1, {"in": "nps"})])
    undecided, still_open = row.settle({"nps": 3})
    assert (undecided, row.list_places(still_open)) == (0, [0, 1, 2])


def test_more_ways_than_are_kept_leave_a_condition_open_and_right() -> None:
    facts = ("nps", "csat.delivery", "history.detractors_180d")
    pairs = [both(compare(name, ">=", 2), compare(other, ">=", 2)) for name in facts for other in facts]
    conditions = pair(either(*pairs), no(both(*(no(one) for one in pairs))))
    random = Random(3)  # noqa: S311 # repeatable is wanted, not secret
    for known_facts, personal in readings(random, conditions.bundle, 100):
        expected = conditions.plain.evaluate(known_facts, personal)
        assert conditions.indexed.evaluate(known_facts, personal) == expected


def test_conditions_as_deep_as_the_language_allows() -> None:
    deep: Expr = DETRACTOR
    for level in range(45):
        deep = either(CALLABLE, both(KEY, no(no(deep)))) if level % 2 else both(VIP, either(KEY, deep))
    conditions = pair(deep, no(deep))
    random = Random(4)  # noqa: S311 # repeatable is wanted, not secret
    for known_facts, personal in readings(random, conditions.bundle, 30):
        expected = conditions.plain.evaluate(known_facts, personal)
        assert conditions.indexed.evaluate(known_facts, personal) == expected


# -- what it keeps ------------------------------------------------------------------------------


def test_no_text_that_no_rule_names_is_kept() -> None:
    conditions = pair(both(compare("comment.summary", "==", "annuler"), DETRACTOR))
    row = conditions.index
    for text in ("annuler", "Jean Dupont", "rue des Lilas"):
        row.settle({"comment.summary": text, "nps": 3})
    kept = [key for _, proved in row._facts for key in (*proved, *proved._cells) if isinstance(key, str)]
    assert set(kept) == {"annuler"}


def test_its_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "REMEMBERED", 10)
    conditions = pair(*(compare("customer.arr", ">=", number) for number in range(40)))
    for cents in range(0, 5_000, 50):
        expected = conditions.plain.evaluate({"customer.arr": cents})
        assert conditions.indexed.evaluate({"customer.arr": cents}) == expected
    row = conditions.indexed._row
    assert isinstance(row, evaluation._Indexed)
    for _, proved in row._index._facts:
        assert len(proved) <= 10
        assert len(proved._cells) <= 10


# -- errors of the engine -----------------------------------------------------------------------


def test_an_error_of_the_engine_shows_wherever_the_engine_is_asked() -> None:
    """A compiled form that does not fit its facts, as no checked rule has it."""
    text = pair(both(DETRACTOR, CALLABLE)).bundle.canonical()
    broken = Bundle.from_canonical(text.replace('{"<=":[0,{"var":"nps"},6]}', '{"<=":["x",{"var":"nps"},6]}'))
    with pytest.raises(EvaluationError):
        broken.conditions.evaluate({"nps": 3, "consent.follow_up": True})
    assert broken.conditions.evaluate({"nps": 3, "consent.follow_up": False}) == ("false",)
    with pytest.raises(EvaluationError):
        Evaluator(broken.conditions.conditions, [], indexed=False).evaluate(
            {"nps": 3, "consent.follow_up": True}
        )


@pytest.mark.parametrize("answers", [[], ["1", "0", "1"], ["null", "1"], ["true", "1"], ["", "1"]])
def test_an_answer_that_is_not_one_of_three_values_for_each_condition_is_an_error(answers: list[str]) -> None:
    with pytest.raises(EvaluationError):
        evaluation._read(answers, 2)


def test_a_row_without_conditions_has_no_truth_values() -> None:
    assert Evaluator([], []).evaluate({"nps": 3}) == ()
    assert Evaluator([], [], indexed=False).evaluate({"nps": 3}) == ()
