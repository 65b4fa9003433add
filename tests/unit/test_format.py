"""`rules format`: JSONLogic becomes text, spaces are as they should be, and nothing else moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings

from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.language.condition_sites import find_conditions
from boucle.rules.strict_yaml.source import Scalar, read_yaml
from boucle.rules.workspace import load
from boucle.rules.writing.condition_text import write_condition
from boucle.rules.writing.format import format_files
from tests.oracles.cases import RANDOMS, random_expression
from tests.oracles.surface import FACTS_TEXT, split, write_logic
from tests.unit.handmade import FACTS
from tests.unit.small_workspace import FACTS as FACTS_FILE
from tests.unit.small_workspace import PLAYS, POLICY, RULES, read, with_file
from tests.unit.written import PLAYS as OTHER_PLAYS


def _formatted(rules: str) -> str:
    """The rules file, formatted: good before and after, and formatting it again changes nothing."""
    texts = with_file("rules", rules)
    assert read(texts)[0] is not None, read(texts)[1]
    changed = format_files(texts, frozenset(PLAYS))
    after = {**texts, **changed}
    assert read(after)[0] is not None, (after["rules/nps.yaml"], read(after)[1])
    assert format_files(after, frozenset(PLAYS)) == {}
    return after["rules/nps.yaml"]


def _with(when: str) -> str:
    return RULES.replace("    when: detractor\n", when)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    when: detractor   and(nps<=6)\n", "    when: detractor and (nps <= 6)\n"),
        ("    when: nps in[1,2]  # why\n", "    when: nps in [1, 2]  # why\n"),
        ("    when: nps not  in 0 .. 6\n", "    when: nps not in 0..6\n"),
        ("    when: ( nps is known )\n", "    when: (nps is known)\n"),
        (
            '    when:   \'customer.tags has any [ "vip" ,"legal_hold" ]\'\n',
            '    when:   \'customer.tags has any ["vip", "legal_hold"]\'\n',
        ),
        (
            '    when: "customer.segment==\\"key\\" or\\x20 detractor"\n',
            '    when: "customer.segment == \\"key\\" or detractor"\n',
        ),
        (
            "    when: 'comment.text contains  \"l''export  lent\"'\n",
            "    when: 'comment.text contains \"l''export  lent\"'\n",
        ),
        (
            "    when: |\n      detractor\n        and   nps<3\n\n      or nps>9\n",
            "    when: |\n      detractor\n        and nps < 3\n\n      or nps > 9\n",
        ),
        ("    when: detractor and\n      nps<3\n", "    when: detractor and\n      nps < 3\n"),
    ],
)
def test_spaces_within_a_line_become_what_they_should_be(before: str, after: str) -> None:
    assert _formatted(_with(before)) == _with(after)


BLOCK = """\
    when:
      # from the old system
      or:  # either
        - var: detractor
        - {"in": ["it's # 1", {var: comment.text}]}  # after
    # the next key
"""
BLOCK_AS_TEXT = """\
    # from the old system
    # either
    when: 'detractor or comment.text contains "it''s # 1"'  # after
    # the next key
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('    when: {"<=": [{"var": "nps"}, 6]}  # kept\n', "    when: nps <= 6  # kept\n"),
        (
            '    when: {"in": [{"var": "customer.segment"}, ["key", "standard"]]}\n',
            '    when: \'customer.segment in ["key", "standard"]\'\n',
        ),
        (
            "    when:\n      and:\n        - var: detractor\n        - '!': {var: consent.follow_up}\n",
            "    when: detractor and not consent.follow_up\n",
        ),
        (BLOCK, BLOCK_AS_TEXT),
        (
            '    when: {"in": ["a\\tb", {"var": "comment.text"}]}\n',
            '    when: "comment.text contains \\"a\\U00000009b\\""\n',
        ),
        ('    "when"  : {"var": "detractor"}\n', '    "when"  : detractor\n'),
    ],
)
def test_jsonlogic_becomes_text_and_comments_stay(before: str, after: str) -> None:
    assert _formatted(_with(before)) == _with(after)


def test_the_first_key_of_an_item_gives_its_comments_the_line_above() -> None:
    rules = RULES.replace(
        "  - id: call\n    when: detractor\n",
        "  - when: {\n      # why\n      var: detractor }\n    id: call\n",
    )
    assert "rules:\n  # why\n  - when: detractor\n    id: call\n" in _formatted(rules)


def test_comments_without_a_line_to_go_to_keep_the_condition_as_it_is() -> None:
    rules = RULES.replace(
        "  - id: call\n    when: detractor\n    start: csm_case\n    with: {team: csm}\n",
        "  - {id: call, when: {  # why\n      var: detractor}, start: csm_case, with: {team: csm}}\n",
    )
    assert _formatted(rules) == rules


def test_line_breaks_and_a_byte_order_mark_stay() -> None:
    rules = "\ufeff" + _with('    when:\n      # why\n      "<": [{var: nps}, 6]\n').replace("\n", "\r\n")
    formatted = _formatted(rules)
    assert formatted == "\ufeff" + _with("    # why\n    when: nps < 6\n").replace("\n", "\r\n")


def test_every_place_of_a_condition_is_reached_and_no_other() -> None:
    facts = FACTS_FILE + "derived:\n  history.low: {count: responses, where: nps<3, per: customer}\n"
    undecided = "undecided:\n  when: {var: detractor}\n  start: csm_case\n  with: {team: csm}"
    rules = (
        RULES.replace("ruleset: nps\n", "ruleset: nps\nonly_when: nps   is known\n")
        .replace("undecided: record", undecided)
        .replace("    id: call\n", "    id: call\n    title: when   nps<3\n")
        + "define:\n  own:\n    when: {'!': {var: other}}\n  other:\n    when: nps>3\n  when: {when: nps>4}\n"
        + "otherwise:\n  - {code: low, when: nps<3, text: 'when: nps<3'}\n"
    )  # fmt: skip
    texts = {"facts.yaml": facts, "policy.yaml": POLICY, "rules/nps.yaml": rules}
    changed = format_files(texts, frozenset(PLAYS))
    assert "where: nps < 3, per" in changed["facts.yaml"]
    expected = (
        rules.replace("nps   is", "nps is")
        .replace("when: {var: detractor}", "when: detractor")
        .replace("{'!': {var: other}}", "not other")
        .replace("when: nps>3", "when: nps > 3")
        .replace("when: nps>4", "when: nps > 4")
        .replace("low, when: nps<3,", "low, when: nps < 3,")
    )
    assert changed["rules/nps.yaml"] == expected
    assert "policy.yaml" not in changed


# -- meaning ------------------------------------------------------------------------------------


def _bundle(texts: Mapping[str, str]) -> Bundle:
    workspace, mistakes = load(texts, OTHER_PLAYS, {}, today=date(2026, 3, 1))
    assert workspace is not None, mistakes
    return compile_workspace(workspace)


def _spread(condition: str, random: Random) -> str:
    """A condition's text with spaces where none are needed, in some style of YAML."""
    for sign in () if '"' in condition else ("[", "]", "(", ")", ", "):
        condition = condition.replace(sign, sign + " " * random.randint(0, 2))
    if random.random() < 0.3 and "  " not in condition:
        condition = condition.replace(" and ", "  and\n      ")
    quoted = condition.replace("'", "''")
    return random.choice((f"'{quoted}'", f"|-\n      {condition}"))


def _condition(random: Random) -> str:
    expr = random_expression(random, 3, ("detractor", "own"))
    return (
        write_logic(split(expr), random) if random.random() < 0.5 else _spread(write_condition(expr), random)
    )


def _rules(random: Random) -> str:
    own = write_logic(split(random_expression(random, 1)), random)
    rules = "".join(
        f"  - id: rule-{number}\n    when: {_condition(random)}\n    start: csm_case  # {number}\n"
        "    with: {team: csm}\n"
        for number in range(4)
    )
    return (
        f"boucle: rules/v1\nruleset: nps\ndefine:\n  own:\n    when: {own}\n    if_unknown: false\n"
        f"rules:\n{rules}undecided: record\n"
    )


@settings(deadline=None, max_examples=25)
@given(RANDOMS)
def test_formatting_changes_no_meaning_and_a_second_time_nothing(random: Random) -> None:
    texts = {"facts.yaml": FACTS_TEXT, "policy.yaml": POLICY, "rules/nps.yaml": _rules(random)}
    after = {**texts, **format_files(texts, frozenset())}
    assert _bundle(after).digest == _bundle(texts).digest
    assert format_files(after, frozenset()) == {}
    node, _ = read_yaml(after["rules/nps.yaml"], "rules/nps.yaml")
    assert node is not None
    assert all(isinstance(condition, Scalar) for _, condition in find_conditions(node))


def test_the_handmade_catalogue_is_the_one_that_is_written() -> None:
    texts = {"facts.yaml": FACTS_TEXT, "policy.yaml": POLICY, "rules/nps.yaml": RULES}
    facts = _bundle(texts).catalogue.facts
    assert {fact.name: facts[fact.name].type for fact in FACTS} == {fact.name: fact.type for fact in FACTS}
