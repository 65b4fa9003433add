"""Which rule takes the hit from which: the fewest rules that shadow one, and what is left to one."""

from __future__ import annotations

import re
from datetime import date

import pytest

from boucle.rules.analysis.findings import find_all
from boucle.rules.analysis.partition import Asked, Partition, partition
from tests.unit.small_programme import (
    APOLOGY,
    HEAD,
    KEY_ACCOUNT,
    OTHERS,
    PROGRAMME,
    REPEATED,
    TAIL,
    compile_sound,
    find,
    texts_of,
    told,
)

MOVED = HEAD + KEY_ACCOUNT + APOLOGY + REPEATED + OTHERS + TAIL


def test_the_two_rules_that_take_the_place_of_the_third_are_named() -> None:
    found = find(MOVED.replace("not key_account and may_offer", "not key_account"))
    assert [(one.place.line, one.code, one.message) for one in found if one.severity != "info"] == [
        (
            22,
            "B301",
            (
                "'repeat-detractor' can never fire: wherever it holds, "
                "one of 'key-account-case', 'detractor-apology' holds too, above it"
            ),
        )
    ]


def test_neither_of_the_two_is_enough_alone() -> None:
    programme = MOVED.replace("not key_account and may_offer", "not key_account")
    for taken_out in (KEY_ACCOUNT, APOLOGY.replace(" and may_offer", "")):
        assert taken_out in programme
        assert not [one for one in find(programme.replace(taken_out, "")) if one.code == "B301"]


def test_the_region_that_is_left_to_a_rule_is_exactly_where_it_wins() -> None:
    notes = told(find(MOVED), "info")
    (note,) = (one for one in notes if one.startswith("B303 'repeat-detractor'"))
    match = re.search(r"gives way where (.*) hold above it; it wins where (.*)$", note)
    assert match
    assert match[1] == "'key-account-case', 'detractor-apology'"
    region = f"  - id: region\n    when: |-\n      {match[2]}\n    start: csm_case\n"
    bundle = compile_sound(texts_of(MOVED.replace("undecided:", region + "undecided:")))[1]
    rules = {rule.id: rule.condition.when for rule in bundle.rule_sets[0].rules}
    asked = ["key-account-case", "detractor-apology", "repeat-detractor", "region"]
    found = partition(
        bundle.catalogue, [Asked(rules[name], bundle.rule_sets[0].definitions) for name in asked]
    )
    assert isinstance(found, Partition)
    wins = 0
    for _, (*above, own, region_holds) in found.all_truths():
        assert (region_holds == "true") == (own == "true" and "true" not in above)
        wins += region_holds == "true"
    assert wins > 0


def test_the_shipped_order_has_nothing_against_it() -> None:
    assert told(find(PROGRAMME), "error", "warning") == []


def test_days_on_which_a_rule_above_is_not_in_effect_are_left() -> None:
    summer = "effective: {from: 2026-06-01, until: 2026-08-31}\n    when: detractor and"
    notes = told(find(PROGRAMME.replace("when: detractor and history", f"{summer} history")), "info")
    (note,) = (one for one in notes if one.startswith("B303 'key-account-case'"))
    assert note.endswith(", less what 'repeat-detractor' takes while in effect")


@pytest.mark.parametrize("members", [13, 20])
def test_members_that_are_each_asked_for_alone_are_many_cases(members: int) -> None:
    topics = [f"topic{number}" for number in range(members)]
    facts = texts_of("")["facts.yaml"].replace(
        "  consent.follow_up", f"  topics: {{type: set, of: [{', '.join(topics)}]}}\n  consent.follow_up"
    )
    rules = "".join(
        f"  - id: {topic}\n    when: 'nps is known and topics has \"{topic}\"'\n    start: csm_case\n"
        for topic in topics
    )
    text = f"boucle: rules/v1\nruleset: nps\nrules:\n{rules}undecided: record\n"
    text += "otherwise: [{code: rest, when: nps is known or csat.delivery is known, text: Rest}]\n"
    findings = find_all(*compile_sound(texts_of(text, facts=facts)), date(2026, 3, 1))
    assert findings.unfinished == (() if members < 14 else ("nps",))
    assert told(list(findings.mistakes), "error", "warning") == []
