"""docs/rules.md says every key and word, docs/codes.md every code; their examples do what they say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from boucle.errors import Mistake
from boucle.rules.analysis.findings import find_all
from boucle.rules.compiler import compile_workspace
from boucle.rules.declarations import (
    derived_facts,
    fact_entry,
    guarantee_entry,
    policy_file,
    policy_gates,
    rule_entry,
    rule_gates,
    rules_file,
    spending,
    suppressions,
)
from boucle.rules.language.lexer import RESERVED
from boucle.rules.mistakes import CODES
from boucle.rules.testing.supposed import read_supposed
from tests.unit.small_workspace import (
    OTHER_RULES,
    PLAYS,
    POLICY,
    TODAY,
    read,
    with_condition,
    with_file,
    with_fragment,
)

DOCS = Path(__file__).parents[2] / "docs"
CODES_PAGE = (DOCS / "codes.md").read_text(encoding="utf-8")
DOC = (DOCS / "rules.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", CODES_PAGE, re.DOTALL | re.MULTILINE))
FIRST_FINDING = "B301"
"""From here on codes are told of what sound files make of one another."""
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def _example(code: str, kind: str) -> tuple[str, set[str]]:
    found = re.search(rf"^```yaml {kind}(.*)\n((?:.*\n)*?)```", SECTIONS[code], re.MULTILINE)
    assert found, f"{code} has no {kind} example"
    return found[2].removesuffix("\n"), set(found[1].split())


def _read_example(code: str, kind: str) -> list[Mistake]:
    fragment, how = _example(code, kind)
    texts = with_fragment(fragment) if "no-rules" not in how else with_file("policy", POLICY)
    if "no-rules" in how:
        del texts["rules/nps.yaml"]
    if "two-sets" in how:
        texts["rules/csat.yaml"] = OTHER_RULES
    if "callable" in how:
        texts["rules/nps.yaml"] += "define:\n  callable:\n    when: consent.follow_up\n"
    if "latin-1" in how:
        texts = {
            path: text.encode("latin-1").decode("utf-8", "surrogateescape") for path, text in texts.items()
        }
    workspace, mistakes = read(texts)
    if code < FIRST_FINDING or workspace is None:
        return mistakes
    found = find_all(workspace, compile_workspace(workspace), TODAY).mistakes
    return [*mistakes, *(mistake for mistake in found if mistake.code == code)]


def test_every_code_has_its_section_and_no_other_has() -> None:
    assert list(SECTIONS) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_example_gives_the_code_and_the_right_one_nothing(code: str) -> None:
    assert [mistake.code for mistake in _read_example(code, "wrong")] == [code]
    assert [mistake.message for mistake in _read_example(code, "right")] == []


def test_the_whole_example_is_right() -> None:
    texts = dict(re.findall(r"^```yaml file=(\S+)\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE))
    workspace, mistakes = read(texts)
    assert mistakes == []
    assert workspace is not None
    assert [rule.id for rule in workspace.rule_sets[0].rules] == ["key-account-case", "detractor-apology"]


KEYS = {
    *((rules_file.KEYS | policy_file.KEYS) - {"boucle"}), *rule_entry.RULE_KEYS, *derived_facts.KEYS,
    *rule_entry.UNDECIDED_KEYS, *rule_entry.REASON_KEYS, *rule_gates.EXEMPTION_KEYS, *rule_gates.GATES,
    *spending.EXHAUSTED_KEYS, *guarantee_entry.KEYS, *suppressions.KEYS, *suppressions.WINDOW_KEYS,
    *policy_gates.CAP_KEYS, *policy_gates.BUDGET_KEYS, *policy_gates.HOLDOUT_KEYS,
    *fact_entry.EVERYWHERE_KEYS, *fact_entry.TYPES, *set().union(*fact_entry.ONLY_KEYS.values()),
    "score", "scale", "if_unknown", "lists",
}  # fmt: skip
CHOICES = {
    *rule_gates.MODES, *rule_gates.IF_OPEN, *suppressions.DOES, *rules_file.HIT_POLICIES,
    *policy_gates.PERIODS,
}  # fmt: skip
RUN = re.findall(r"^```yaml (?:example|types|file=\S+)\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)


def test_every_key_and_word_is_documented() -> None:
    said = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", DOC))))
    assert (KEYS | CHOICES) - said == set()
    assert RESERVED - said == set()


def test_every_key_stands_in_an_example_that_is_run() -> None:
    assert KEYS - set(re.findall(r"\w+", " ".join(RUN))) == set()


@pytest.mark.parametrize(
    "fragment", re.findall(r"^```yaml example\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)
)
def test_an_example_of_a_key_is_right(fragment: str) -> None:
    assert [mistake.message for mistake in read(with_fragment(fragment.removesuffix("\n")))[1]] == []


TYPES = re.findall(r"^```yaml types\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)[0]
ANSWERS = re.findall(
    r"^\| `([^`]+)` \| (?:`([^`]+)`|nothing) \| (true|false|undecided) \|$", DOC, re.MULTILINE
)


@pytest.mark.parametrize(("condition", "known", "answer"), ANSWERS)
def test_a_condition_says_what_the_table_says(condition: str, known: str, answer: str) -> None:
    workspace, mistakes = read({**with_condition(condition), "facts.yaml": TYPES})
    assert workspace, mistakes
    bundle = compile_workspace(workspace)
    supposed, misread = read_supposed(known or "{}", "known", bundle, PLAYS, NOW)
    assert supposed, misread
    decision = supposed.decide(bundle).decision
    assert decision
    assert decision.rules["call"] == answer


def test_every_type_and_every_operator_has_an_answer() -> None:
    asked = " ".join(condition for condition, _, _ in ANSWERS)
    words = RESERVED | {"==", "!=", "<", "<=", ">", ">=", ".."}
    assert {word for word in words if word not in re.findall(r"\w+|\.\.|[=!<>]+", asked)} == set()
    facts = re.findall(r"^  ([\w.]+): \{(?:type: (\w+)|score)", TYPES, re.MULTILINE)
    assert {kind for _, kind in facts if kind} == fact_entry.TYPES
    assert {name for name, _ in facts if name not in asked} == set()
