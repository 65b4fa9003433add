"""JSONLogic in place of a condition's text: the same tree, or a refusal that says why, at its place."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given, settings

from boucle.rules.condition import Expr
from boucle.rules.expressions import write_expression
from boucle.rules.language.checker import read_condition
from boucle.rules.language.scope import Scope
from boucle.rules.strict_yaml.source import Mapping_, Scalar, read_yaml
from tests.oracles.cases import RANDOMS, random_expression
from tests.oracles.surface import split, write_logic
from tests.unit.handmade import FACTS
from tests.unit.small_workspace import FACTS as FACTS_FILE
from tests.unit.small_workspace import RULES, read, with_file

BY_NAME = {fact.name: fact for fact in FACTS}
SCOPE = Scope(BY_NAME, frozenset({"detractor", "key_account"}))


def _source(condition: str) -> Scalar | Mapping_:
    node, mistakes = read_yaml(f"when: {condition}", "rules/nps.yaml")
    assert mistakes == []
    assert isinstance(node, Mapping_)
    value = node.find("when")
    assert isinstance(value, Scalar | Mapping_)
    return value


def _read(condition: str) -> Expr:
    expr, mistakes = read_condition(_source(condition), SCOPE)
    assert expr is not None, [mistake.message for mistake in mistakes]
    return expr


def _bare(expr: Expr) -> Mapping[str, object]:
    return write_expression(expr, BY_NAME)


@pytest.mark.parametrize(
    ("logic", "text"),
    [
        ('{"<=": [{"var": "nps"}, 6]}', "nps <= 6"),
        ('{">": [6, {"var": ["nps"]}]}', "nps < 6"),
        ('{"<=": [0, {"var": "nps"}, 6]}', "nps in 0..6"),
        ('{"<": [0, {"var": "nps"}, 6]}', "nps > 0 and nps < 6"),
        ('{"==": [{"var": "nps"}, 6]}', "nps == 6"),
        ('{"!=": [6, {"var": "nps"}]}', "nps != 6"),
        ('{"!==": [{"var": "nps"}, null]}', "nps is known"),
        ('{"==": [null, {"var": "nps"}]}', "nps is unknown"),
        ('{"===": [{"var": ["nps", null]}, 6]}', "nps == 6"),
        ('{"in": [{"var": "customer.segment"}, ["key"]]}', "'customer.segment in [\"key\"]'"),
        ('{"in": ["vip", {"var": "customer.tags"}]}', "'customer.tags has \"vip\"'"),
        ('{"in": ["Délai", {"var": "comment.text"}]}', "'comment.text contains \"Délai\"'"),
        ('{"!": {"in": [{"var": "nps"}, [1, 2]]}}', "nps not in [1, 2]"),
        ('{"!!": [{"var": "detractor"}]}', "detractor"),
        ('{"and": [{"var": "consent.follow_up"}]}', "consent.follow_up"),
        ('{"===": [{"var": "consent.follow_up"}, false]}', "not consent.follow_up"),
        ('{">=": [{"var": "customer.arr"}, 15.00]}', "customer.arr >= 15.00"),
        ('{"<": [{"var": "response.day"}, "2026-01-31"]}', "'response.day < \"2026-01-31\"'"),
        ('{"if": [{"var": "detractor"}, true, false]}', "detractor"),
        ('{"if": [{"var": "detractor"}, false, true]}', "not detractor"),
        ('{"if": [{"var": "detractor"}, true, {"var": "key_account"}]}', "detractor or key_account"),
        ('{"if": [{"var": "detractor"}, false, {"var": "key_account"}]}', "not detractor and key_account"),
        ('{"if": [{"var": "detractor"}, {"var": "key_account"}, true]}', "not detractor or key_account"),
        ('{"?:": [{"var": "detractor"}, {"var": "key_account"}, false]}', "detractor and key_account"),
        (
            '{"if": [{"var": "detractor"}, {"var": "key_account"}, {"<": [{"var": "nps"}, 9]}]}',
            "detractor and key_account or not detractor and nps < 9",
        ),
        ('\n  and:\n    - var: detractor\n    - "<": [{var: nps}, 3]\n', "detractor and nps < 3"),
    ],
)
def test_it_says_what_the_text_says(logic: str, text: str) -> None:
    assert _bare(_read(logic)) == _bare(_read(text))


@pytest.mark.parametrize(
    ("logic", "code", "column"),
    [
        ('{"<=": [{"var": ["nps", 0]}, 6]}', "B027", 16),
        ('{"==": [{"var": "nps"}, "6"]}', "B016", 31),
        ('{"==": [{"var": "nps"}, true]}', "B016", 31),
        ('{"==": [{"var": "npss"}, 6]}', "B011", 23),
        ('{"==": [{"var": "nps"}, 11]}', "B015", 31),
        ('{"in": [{"var": "customer.segment"}, ["vip"]]}', "B014", 45),
        ('{"in": ["1d", {"var": "comment.text"}]}', "B022", 15),
        ('{"<": [{"var": "nps"}, null]}', "B066", 30),
        ('{"in": [{"var": "nps"}, [1, null]]}', "B066", 35),
        ('{"in": [{"var": "nps"}, [1, [2]]]}', "B066", 35),
        ('{"in": [null, {"var": "customer.tags"}]}', "B066", 15),
        ('{"in": [{"var": "nps"}, 6]}', "B066", 8),
        ('{"in": ["a", "abc"]}', "B067", 8),
        ('{"in": ["a", ["a"]]}', "B067", 8),
        ('{"in": [{"var": "nps"}, {"var": "customer.tags"}]}', "B068", 8),
        ('{"==": [{"var": "nps"}, [6]]}', "B066", 31),
        ('{"==": [{"var": "nps"}]}', "B066", 8),
        ('{"<": [{"var": "nps"}, 6, 7]}', "B066", 8),
        ('{">": [1, {"var": "nps"}, 7]}', "B066", 8),
        ('{"==": [1, 1]}', "B067", 8),
        ('{"<": [1, 2, 3]}', "B067", 8),
        ('{"and": [true, {"var": "detractor"}]}', "B067", 16),
        ('{"and": []}', "B066", 8),
        ('{"!": []}', "B066", 8),
        ('{"and": [[{"var": "detractor"}]]}', "B066", 16),
        ('{"if": [{"var": "detractor"}, true]}', "B066", 8),
        ('{"if": [{"var": "detractor"}, true, true]}', "B067", 8),
        ("{}", "B066", 7),
        ('{"var": "detractor", "!": 1}', "B066", 7),
        ('{"var": ""}', "B066", 8),
        ('{"var": 1}', "B066", 8),
        ('{"==": [{"<": [{"var": "nps"}, 3]}, true]}', "B064", 16),
        ('{"%": [{"var": "nps"}, 2]}', "B064", 8),
        ('{"missing": ["nps"]}', "B064", 8),
        ('{"some": [{"var": "customer.tags"}, {"==": [{"var": ""}, "vip"]}]}', "B064", 8),
        ('{"log": {"var": "detractor"}}', "B064", 8),
        ('{"nps": 6}', "B065", 8),
        ('{"!": {"var": "nps"}}', "B016", 21),
        ('{"and": [{"var": "customer.tags"}]}', "B016", 24),
    ],
)
def test_what_would_mean_something_else_is_refused_at_its_place(logic: str, code: str, column: int) -> None:
    expr, mistakes = read_condition(_source(logic), SCOPE)
    assert expr is None
    assert [(mistake.code, mistake.place.column) for mistake in mistakes] == [(code, column)]


def test_every_mistake_is_told_at_once() -> None:
    logic = '{"or": [{"<": [1, 2]}, {"+": [1, 2]}, {"==": [{"var": "nps"}, 6]}]}'
    _, mistakes = read_condition(_source(logic), SCOPE)
    assert [mistake.code for mistake in mistakes] == ["B067", "B064"]


@pytest.mark.parametrize(
    ("default", "meant"),
    [
        ('["nps", 0]', '"no score" into a detractor'),
        ('["nps", 9]', '"no score" into a promoter'),
        ('["nps", 11]', '"no score" into 11'),
        ('["customer.segment", "key"]', '"not known" into "key"'),
    ],
)
def test_a_default_is_told_by_what_it_would_make_of_unknown(default: str, meant: str) -> None:
    _, mistakes = read_condition(_source(f'{{"==": [{{"var": {default}}}, 1]}}'), SCOPE)
    assert [mistake.message for mistake in mistakes] == [f'{{"var": {default}}}: a default turns {meant}']


def test_nesting_ends_where_yaml_does() -> None:
    logic = '{"!": ' * 40 + '{"var": "detractor"}' + "}" * 40
    _, mistakes = read(with_file("rules", RULES.replace("when: detractor", f"when: {logic}")))
    assert [mistake.code for mistake in mistakes] == ["B028"]


def test_a_condition_that_grows_beyond_the_limit_is_refused() -> None:
    logic = '{"var": "detractor"}'
    for _ in range(10):
        logic = f'{{"if": [{logic}, {{"var": "passive"}}, {{"var": "promoter"}}]}}'
    _, mistakes = read(with_file("rules", RULES.replace("when: detractor", f"when: {logic}")))
    assert [mistake.code for mistake in mistakes] == ["B020"]


@settings(deadline=None, max_examples=150)
@given(RANDOMS)
def test_any_condition_said_in_jsonlogic_is_the_same_condition(random: Random) -> None:
    expr = split(random_expression(random, 3, ("detractor", "key_account")))
    assert _bare(_read(write_logic(expr, random))) == _bare(expr)


# -- named lists --------------------------------------------------------------------------------

LISTS = (
    FACTS_FILE
    + """\
lists:
  big: [key, strategic]
  low_scores: [0, 1, 2]
  watch: [vip]
  words: [lent, "trop cher"]
"""
)


@pytest.mark.parametrize(
    ("named", "spelt_out"),
    [
        ("customer.segment in big", 'customer.segment in ["key", "strategic"]'),
        ("nps not in low_scores", "nps not in [0, 1, 2]"),
        ("customer.tags has any watch", 'customer.tags has any ["vip"]'),
        ("comment.text contains any words", 'comment.text contains any ["lent", "trop cher"]'),
        ("nps in low_scores and csat.delivery not in [4]", "nps in [0, 1, 2] and csat.delivery not in [4]"),
    ],
)
def test_a_named_list_is_its_values(named: str, spelt_out: str) -> None:
    rules = []
    for condition in (named, spelt_out):
        texts = with_file("rules", RULES.replace("when: detractor", f"when: '{condition}'"))
        workspace, mistakes = read({**texts, "facts.yaml": LISTS})
        assert workspace is not None, mistakes
        assert {mistake.code for mistake in mistakes} == {"B072"}
        rules.append(workspace.rule_sets[0].rules[0])
        facts = workspace.catalogue.facts
    assert write_expression(rules[0].when, facts) == write_expression(rules[1].when, facts)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("customer.segment in bigg", [("B070", 31, "unknown list 'bigg'; did you mean 'big'?")]),
        ("customer.segment in low_scores", [("B071", 31, "0 is a number"), ("B071", 31, "1 is a number")]),
        ("customer.tags has any big", [("B071", 33, "'key' is not a value"), ("B071", 33, "'strategic' is")]),
        ("nps in big", [("B071", 18, '"key" is text'), ("B071", 18, '"strategic" is text')]),
        ("customer.segment in nps", [("B070", 31, "unknown list 'nps'")]),
        ("customer.segment == big", [("B017", 31, "'big' stands where a value is expected")]),
    ],
)
def test_a_list_that_does_not_fit_is_told_at_its_use(
    condition: str, found: list[tuple[str, int, str]]
) -> None:
    texts = with_file("rules", RULES.replace("when: detractor", f"when: {condition}"))
    _, mistakes = read({**texts, "facts.yaml": LISTS})
    told = [mistake for mistake in mistakes if mistake.severity == "error"]
    for (code, column, words), mistake in zip(found, told, strict=False):
        assert (mistake.code, mistake.place.column) == (code, column)
        assert words in mistake.message
        assert mistake.code != "B071" or "facts.yaml:1" in mistake.message
    assert len(told) >= len(found)


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        ("nps: [1]", [("B046", 3)]),
        ("detractor: [1]", [("B046", 3)]),
        ("has: [1]", [("B035", 3)]),
        ("a.b: [1]", [("B035", 3)]),
        ("low: 3", [("B032", 8)]),
        ("low: [1, [2]]", [("B032", 12)]),
        ("low: [1, ~]", [("B033", 12)]),
        ("low: [1, 1]", [("B034", 12)]),
        ("low: []", [("B069", 8)]),
    ],
)
def test_a_wrong_list_is_told_once(lists: str, found: list[tuple[str, int]]) -> None:
    _, mistakes = read({**with_file("rules", RULES), "facts.yaml": f"{FACTS_FILE}lists:\n  {lists}\n"})
    assert [(mistake.code, mistake.place.column) for mistake in mistakes] == found


def test_a_list_whose_own_declaration_is_wrong_is_not_told_again_at_its_use() -> None:
    texts = with_file("rules", RULES.replace("when: detractor", "when: nps in low"))
    _, mistakes = read({**texts, "facts.yaml": f"{FACTS_FILE}lists:\n  low: []\n"})
    assert [mistake.code for mistake in mistakes] == ["B069"]
