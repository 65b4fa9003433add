"""The export stands alone: what an engine needs of facts and definitions lies in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import JsonValue

from boucle.rules.writing.export import export_bundle
from tests.unit.written import compile_texts

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  response.day: {type: date, optional: true}
  comment.text: {type: text, optional: true, pii: true}
  customer.segment: {type: enum, values: [key, standard]}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.tags: {type: set, of: [vip, legal_hold]}
"""
POLICY = "boucle: policy/v1\nmax_age: none\n"
RULES = """\
boucle: rules/v1
ruleset: nps
only_when: nps is known
define:
  complains:
    when: comment.text contains "Délai" and customer.arr >= 15.00
    if_unknown: false
rules:
  - id: call
    title: They are called
    when: not complains or response.day < "1970-01-11"
    start: csm_case
    with: {team: csm}
undecided:
  when: detractor
  start: csm_case
  with: {team: csm}
otherwise:
  - {code: fine, when: nps > 8, text: All is well}
"""


def _export() -> dict[str, Any]:
    exported = export_bundle(compile_texts(FACTS, POLICY, RULES))
    copy: dict[str, Any] = json.loads(json.dumps(exported))
    return copy


def _names(expression: JsonValue) -> Iterator[str]:
    """Every `var` of an expression."""
    match expression:
        case {"var": str(name)}:
            yield name
        case dict():
            for part in expression.values():
                yield from _names(part)
        case list():
            for part in expression:
                yield from _names(part)


def test_a_condition_is_two_expressions_with_its_definitions_expanded() -> None:
    (rule,) = _export()["rule_sets"][0]["rules"]
    complains = {
        "and": [
            {"!==": [{"var": "comment.text"}, None]},
            {"in": ["delai", {"var": "comment.text@folded"}]},
            {"!==": [{"var": "customer.arr"}, None]},
            {">=": [{"var": "customer.arr"}, 1500]},
        ]
    }
    known_day = {"!==": [{"var": "response.day"}, None]}
    assert rule["is_true"] == {
        "or": [{"!": [complains]}, {"and": [known_day, {"<": [{"var": "response.day"}, 10]}]}]
    }
    assert rule["is_false"] == {"and": [*complains["and"], known_day, {">=": [{"var": "response.day"}, 10]}]}
    assert rule["when"] == 'not complains or response.day < "1970-01-11"'
    assert (rule["id"], rule["title"], rule["start"]) == ("call", "They are called", "csm_case")


def test_every_condition_of_the_rule_set_is_there() -> None:
    (rule_set,) = _export()["rule_sets"]
    assert rule_set["only_when"]["is_false"] == {"===": [{"var": "nps"}, None]}
    assert rule_set["define"]["complains"]["if_unknown"] is False
    assert rule_set["define"]["detractor"]["when"] == "nps in 0..6"
    assert rule_set["undecided"]["start"] == "csm_case"
    assert rule_set["undecided"]["condition"]["when"] == "detractor"
    assert [reason["code"] for reason in rule_set["otherwise"]] == ["fine"]


def test_every_name_that_an_expression_reads_is_described() -> None:
    exported = _export()
    facts = exported["facts"]
    described = {*facts, *(fact["folded"] for fact in facts.values() if "folded" in fact)}
    assert set(_names(exported["rule_sets"])) == {
        "nps", "response.day", "comment.text", "comment.text@folded", "customer.arr",
    } <= described  # fmt: skip


def test_a_fact_says_how_it_is_encoded() -> None:
    facts = _export()["facts"]
    assert facts["customer.arr"] == {
        "type": "integer", "encoding": "decimal", "digits": 2, "minimum": 0,
        "may_be_unknown": True, "personal": False, "computed": False,
    }  # fmt: skip
    assert facts["nps"]["maximum"] == 10
    assert facts["customer.tags"]["items"] == {"enum": ["vip", "legal_hold"]}
    assert facts["customer.segment"]["enum"] == ["key", "standard"]
    assert facts["comment.text"]["personal"] is True
    assert facts["comment.length"]["computed"] is True
    assert set(_export()["encoding"]) >= {fact["encoding"] for fact in facts.values()}
