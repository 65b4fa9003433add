"""A workspace is read whole: every mistake of every file in one run, none said twice."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from boucle.errors import Mistake
from boucle.rules.condition import Within
from boucle.rules.report import ReportFormat, render
from boucle.rules.workspace import load
from tests.unit.small_workspace import (
    FACTS,
    KNOWN,
    OTHER_RULES,
    PLAYS,
    POLICY,
    RULES,
    TODAY,
    read,
    with_condition,
    with_file,
    with_fragment,
)


def _said(mistakes: list[Mistake]) -> list[str]:
    return [f"{mistake.place.file}:{mistake.place.line} {mistake.code}" for mistake in mistakes]


def test_a_good_workspace_is_read_into_values() -> None:
    facts = (
        FACTS + "derived:\n  history.low: {count: responses, where: detractor, within: 180d, per: contact}\n"
    )
    workspace, mistakes = read({"facts.yaml": facts, "policy.yaml": POLICY, "rules/nps.yaml": RULES})
    assert mistakes == []
    assert workspace is not None
    rule = workspace.rule_sets[0].rules[0]
    assert rule.params == {
        "team": "csm", "first_contact_within": "48h", "acknowledge": None, "severity": "normal",
        "attempts": 3,
    }  # fmt: skip
    assert workspace.policy.max_age == timedelta(days=14)
    low = workspace.catalogue.derived["history.low"]
    assert isinstance(low.where, Within), "a band stands there as what it means"
    assert workspace.catalogue.facts["history.low"].optional


def test_all_mistakes_of_all_files_come_in_one_run_and_in_order() -> None:
    rules = RULES.replace("when: detractor", "when: nps = 6").replace("team: csm", "team: cms")
    mistakes = read(
        {
            "rules/nps.yaml": rules,
            "policy.yaml": "boucle: policy/v1\nmax_age: soon\n",
            "facts.yaml": FACTS.replace("score: nps", "score: nps, scale: 0..5") + "  odd: {type: number}\n",
        }
    )[1]
    assert _said(mistakes) == [
        "facts.yaml:3 B033", "facts.yaml:13 B033", "policy.yaml:2 B033",
        "rules/nps.yaml:5 B002", "rules/nps.yaml:7 B039",
    ]  # fmt: skip


def test_several_colons_in_titles_do_not_hide_each_other() -> None:
    rules = RULES.replace("- id: call", "- title: Appel : 1\n    owner: CX : ops\n    id: call")
    rules = rules.replace("when: detractor", "when: nps = 6")
    assert _said(read(with_file("rules", rules))[1]) == [
        "rules/nps.yaml:4 B006", "rules/nps.yaml:5 B006", "rules/nps.yaml:7 B002",
    ]  # fmt: skip


def test_a_broken_facts_file_is_not_blamed_on_the_rules() -> None:
    for facts in ("boucle: facts/v1\nfacts: [", "boucle: facts/v1\nfacts:\n  nps: {score: nps, skale: 1}\n"):
        mistakes = read({"facts.yaml": facts, "policy.yaml": POLICY, "rules/nps.yaml": RULES})[1]
        assert {mistake.place.file for mistake in mistakes} == {"facts.yaml"}


def test_what_hangs_on_a_wrong_definition_is_not_reported_again() -> None:
    rules = RULES.replace("when: detractor", "when: warm") + "define:\n  warm:\n    when: npss > 8\n"
    assert _said(read(with_file("rules", rules))[1]) == ["rules/nps.yaml:11 B011"]


def test_each_of_several_rule_sets_says_what_it_decides_and_has_its_own_name() -> None:
    texts = {**with_file("rules", RULES), "rules/csat.yaml": OTHER_RULES, "rules/more.yaml": OTHER_RULES}
    assert _said(read(texts)[1]) == ["rules/more.yaml:1 B034", "rules/nps.yaml:1 B041"]


def test_a_workspace_without_files_says_what_is_missing() -> None:
    workspace, mistakes = read({})
    assert workspace is None
    assert _said(mistakes) == ["facts.yaml:1 B048", "policy.yaml:1 B049", "rules/:1 B048"]


def test_a_warning_stops_nothing() -> None:
    texts = with_fragment(
        "- id: call\n  review_by: 2026-02-28\n  when: detractor\n  start: csm_case\n  with: {team: csm}"
    )
    workspace, mistakes = read(texts)
    assert workspace is not None
    assert [mistake.severity for mistake in mistakes] == ["warning"]
    assert load(texts, PLAYS, KNOWN, today=date(2026, 2, 28))[1] == []


def test_defaults_reach_the_rules_that_do_not_say_their_own() -> None:
    rules = RULES.replace("rules:", "owner: ops\ndefaults: {owner: ana, title: Call}\nrules:")
    rules = rules.replace(
        "undecided", "  - {id: own, title: Own, when: passive, start: csm_case, with: {team: csm}}\nundecided"
    )
    workspace, _ = read(with_file("rules", rules))
    assert workspace is not None
    assert [(rule.owner, rule.title) for rule in workspace.rule_sets[0].rules] == [
        ("ana", "Call"),
        ("ana", "Own"),
    ]


def test_definitions_that_multiply_are_stopped_at_the_first_that_is_too_large() -> None:
    steps = "".join(f"  d{n}:\n    when: d{n - 1} and not d{n - 1}\n" for n in range(1, 40))
    rules = RULES.replace("when: detractor", "when: d39") + f"define:\n  d0:\n    when: nps > 8\n{steps}"
    mistakes = read(with_file("rules", rules))[1]
    assert [mistake.code for mistake in mistakes][:1] == ["B020"]
    assert "2000" in mistakes[0].message


def test_a_long_chain_of_definitions_exhausts_nothing() -> None:
    steps = "".join(f"  d{n}:\n    when: not d{n - 1}\n" for n in range(1, 3_000))
    rules = RULES + f"define:\n  d0:\n    when: nps > 8\n{steps}"
    assert {mistake.code for mistake in read(with_file("rules", rules))[1]} == {"B020"}


def test_a_chain_of_bare_names_counts_as_deep_as_it_is() -> None:
    """Deciding and explaining walk down through each of them."""
    steps = "".join(f"  d{n}:\n    when: d{n - 1}\n" for n in range(1, 101))
    rules = RULES + f"define:\n  d0:\n    when: nps > 8\n{steps}"
    [mistake] = [one for one in read(with_file("rules", rules))[1] if one.code == "B020"]
    assert mistake.message == "this condition nests 101 deep with its definitions; the limit is 100"


def test_a_large_list_counts_with_each_of_its_values() -> None:
    values = ", ".join(f'"w{n}"' for n in range(2_001))
    assert [mistake.code for mistake in read(with_condition(f"comment.text contains any [{values}]"))[1]] == [
        "B020"
    ]


@pytest.mark.parametrize(
    ("with_", "says"),
    [
        ("{team: csm, attempts: '3'}", "'attempts': it takes a whole number"),
        ("{team: csm, attempts: 2.5}", "'attempts': it takes a whole number"),
        ("{team: csm, attempts: true}", "'attempts': it takes a whole number"),
        ("{team: 5}", "'team': it takes text"),
        ("{team: csm, severity: hig}", "'severity' takes 'normal' or 'high'"),
        ("{team: csm, first_contact_within: 24}", "'first_contact_within' takes a duration such as 24h"),
        ("{team: Équipe}", "'team': 'Équipe' takes lower-case letters, digits and '-' only"),
        ("{team: [csm]}", "'team': it takes text"),
    ],
)
def test_a_parameter_is_held_to_the_plays_own_type(with_: str, says: str) -> None:
    (mistake,) = read(with_file("rules", RULES.replace("{team: csm}", with_)))[1]
    assert mistake.message.startswith(f"play 'csm_case': {says}")


@pytest.mark.parametrize(
    ("offer", "found"),
    [
        ("{kind: voucher, value: 15.00 EUR}", (9, "'offer.valid_for' is missing")),
        ("nothing", (9, "'offer' takes a mapping of keys and values, or 'none'")),
        (
            "{kind: voucher, value: 15, valid_for: 3 days}",
            (9, "'offer.value' takes an amount such as 15.00 EUR"),
        ),
        ("{kind: voucher, value: 15.00 EUR, valid_for: 3 days, extra: 1}", (9, "it takes no 'offer.extra'")),
    ],
)
def test_a_mistake_inside_a_choice_of_shapes_is_told_of_the_one_meant(
    offer: str, found: tuple[int, str]
) -> None:
    rules = RULES.replace("csm_case", "apologize_with_offer")
    rules = rules.replace("with: {team: csm}", f"with:\n      template: apology\n      offer: {offer}")
    mistakes = read(with_file("rules", rules))[1]
    assert [(m.place.line, m.message.partition(": ")[2]) for m in mistakes] == [found]


def test_a_name_given_by_default_is_checked_too() -> None:
    mistakes = load(with_file("rules", RULES), PLAYS, {"template": frozenset()}, today=TODAY)[1]
    assert [mistake.message for mistake in mistakes] == ["unknown team 'csm'"]
    assert mistakes[0].help == "the workspace has: none"


# -- how it is shown ----------------------------------------------------------------------------


def _shown(format_: ReportFormat, condition: str = "nps = 6") -> str:
    texts = with_file("rules", RULES.replace("detractor", condition))
    return render(read(texts)[1], texts, format_)


def test_the_formats_for_machines_hold_place_code_and_text() -> None:
    (found,) = json.loads(_shown("json"))
    assert found["file"] == "rules/nps.yaml"
    assert (found["line"], found["column"], found["code"], found["help"]) == (5, 15, "B002", None)
    (result,) = json.loads(_shown("sarif"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 5, "startColumn": 15}
    assert (result["ruleId"], result["level"]) == ("B002", "error")
    assert _shown("concise") == "rules/nps.yaml:5:15: error[B002] '=' compares nothing; write '=='"


def test_an_annotation_cannot_be_broken_out_of() -> None:
    shown = _shown("github", "'nps == \"100%\"'")
    assert shown.startswith("::error file=rules/nps.yaml,line=5,col=19,title=B016::")
    assert '"100%25"' in shown
    assert "\n" not in shown


def test_the_caret_stands_under_wide_letters_too() -> None:
    lines = _shown("text", 'comment.text == "\u6f22\u5b57" and nps = 6').splitlines()
    assert lines[2].index("^") == lines[1].index("= 6") + 2
