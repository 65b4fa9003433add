"""`also`: what a winner does besides its play, from the file to the plan."""

from __future__ import annotations

import pytest

from boucle.model import SideAct
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from tests.unit.small_workspace import FACTS, POLICY, RULES, read, with_file

ALSO = RULES.replace("undecided:", "    also:\n      - tag: vip\n      - notify: triage\nundecided:")
BOTH = (SideAct(do="tag", name="vip"), SideAct(do="notify", name="triage"))


def compiled(rules: str) -> Bundle:
    workspace, mistakes = read(with_file("rules", rules))
    assert workspace is not None, mistakes
    return compile_workspace(workspace)


def test_side_acts_stand_in_the_bundle_and_come_back_from_it() -> None:
    bundle = Bundle.from_canonical(compiled(ALSO).canonical())
    assert bundle.rule_sets[0].rules[0].also == BOTH
    fallback = "undecided: {when: detractor, start: csm_case, with: {team: csm}, also: [{tag: vip}]}"
    again = compiled(RULES.replace("undecided: record", fallback))
    assert again.rule_sets[0].undecided.also == BOTH[:1]


def test_a_bundle_without_side_acts_says_nothing_of_them() -> None:
    """Its digest is what it was before there were any."""
    assert '"also"' not in compiled(RULES).canonical()
    assert compiled(RULES).digest != compiled(ALSO).digest


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        ("tag: vpi", "9:15 B039 unknown tag 'vpi'; did you mean 'vip'?"),
        ("notify: triag", "9:18 B039 unknown team 'triag'; did you mean 'triage'?"),
        ("tag: vip, notify: triage", "9:28 B033 'notify' cannot be 'triage': write an entry of its own"),
        ("", "9:9 B031 an entry of 'also' needs 'tag'"),
        ("mail: triage", "9:10 B030 unknown key 'mail' in this 'also'"),
    ],
)
def test_a_wrong_side_act_is_told_with_its_place(entry: str, mistake: str) -> None:
    rules = RULES.replace("undecided:", f"    also:\n      - {{{entry}}}\nundecided:")
    found = read(with_file("rules", rules))[1]
    assert [f"{one.place.line}:{one.place.column} {one.code} {one.message}" for one in found][-1] == mistake


def test_the_same_side_act_twice_is_refused() -> None:
    (mistake,) = read(with_file("rules", ALSO.replace("notify: triage", "tag: vip")))[1]
    assert (mistake.code, mistake.place.line) == ("B034", 10)


def test_a_tag_is_free_where_no_rule_can_read_tags() -> None:
    facts = FACTS.replace("  customer.tags: {type: set, of: [vip, legal_hold]}\n", "")
    texts = {
        "facts.yaml": facts,
        "policy.yaml": POLICY,
        "rules/nps.yaml": ALSO.replace("tag: vip", "tag: new"),
    }
    assert read(texts)[1] == []
