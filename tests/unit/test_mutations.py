"""Good files, mutated at random: whatever stands in them, no exception and a valid place each time.

2,000 mutations run always; `BOUCLE_MUTATIONS=full` makes them 10,000.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import pytest

from boucle.rules import workspace
from boucle.rules.report import render
from boucle.rules.strict_yaml.source import read_yaml
from boucle.rules.strict_yaml.source_text import lines_of
from tests.unit.small_workspace import FACTS, read

MUTATIONS = 10_000 if os.environ.get("BOUCLE_MUTATIONS") == "full" else 2_000
PARTS = 8

GOOD: Mapping[str, str] = {
    "facts.yaml": FACTS
    + """\
derived:
  history.detractors_180d: {count: responses, where: nps in 0..6, within: 180d, per: customer}
  history.cases: {count: loops, play: csm_case, within: 30 days, per: contact}
lists:
  key_segments: [key, strategic]
  bug_words: ["résilier", "trop cher"]
""",
    "policy.yaml": """\
boucle: policy/v1
max_age: 14 days
timezone: Europe/Paris
suppress:
  - id: year-end
    window: {from: "2026-12-24T00:00", until: "2027-01-02T08:00+01:00"}
    plays: [apologize_with_offer]
    do: defer
  - id: legal-hold
    when: {"or": [{"in": ["legal_hold", {"var": "customer.tags"}]}, {"<=": [0, {var: nps}, 3]}]}
caps:
  - id: outreach-30d
    plays: [apologize_with_offer, csm_case]
    per: contact
    max: 2
    within: 30 days
budgets:
  - {id: goodwill, limit: 5000.00 EUR, per: calendar_month}
holdouts:
  - {id: goodwill-effect, plays: [apologize_with_offer], percent: 2.5}
""",
    "rules/nps.yaml": """\
boucle: rules/v1
ruleset: nps
description: |
  What happens after an answer.
  At most one rule acts.
owner: cx-ops@example.com
timezone: Europe/Paris
only_when: nps is known
hit_policy: unique
define:
  key_account:
    when: 'customer.segment in key_segments or comment.text contains any bug_words'
    if_unknown: false
  may_call:
    when: consent.follow_up and not customer.tags has "legal_hold"
defaults:
  owner: csm@example.com
  mode: act
  if_open: join_customer
rules:
  - id: key-account-case
    title: "Key-account detractor: a case"   # the contract says so
    when: |
      detractor and key_account
      and not comment.text contains any ["résilier", "say ""stop"" now"]
    start: csm_case
    with:
      team: csm
      first_contact_within: 24h
      severity: high
    because: "Scored {nps}/10, {history.detractors_180d} earlier"
    effective: {from: 2026-01-01, until: 2026-12-31}
    exempt_from:
      gates: [suppress, caps, holdouts]
      reason: "Contract: always."
  - id: apology
    when: "detractor and customer.arr >= 15.00 and (may_call or customer.since < \\"2026-01-01\\")"
    start: apologize_with_offer
    with:
      template: apology
      offer: {kind: voucher, value: 15.00 EUR, valid_for: 30 days}
    rollout: 2.5%
    spends: goodwill
    if_exhausted:
      with: {template: apology, offer: none}
undecided:
  when: detractor
  start: csm_case
  if_open: separate
  with: {team: triage}
otherwise:
  - code: no_consent
    when:
      and:
        - "!": {var: may_call}   # the reason's own condition
        - "===": [{var: customer.segment}, key]
    text: No consent, or legal hold
guarantees:
  - id: key-detractor-reaches-a-person
    whenever: detractor and key_account
    starts: [csm_case]
  - {id: no-score-no-action, whenever: nps is unknown, starts: none}
  - {id: no-offer, whenever: not may_call, never_starts: [apologize_with_offer]}
  - {id: taken, whenever: detractor, taken: true}
""",
    "tests/nps.yaml": """\
boucle: rule-tests/v1
ruleset: nps
defaults:
  now: "2026-03-10T09:00:00Z"
  facts:
    response.origin: direct
    customer.tags: []
    customer.since: "2020-02-29"
tests:
  - name: a key account is called
    contact: c-1
    counted: {outreach-30d: 1}
    facts: {nps: 3, customer.segment: key, history.cases: 2, comment.text: "résilier"}
    expect: {also_matched: [], undecided: [], gates: {caps/outreach-30d: passed}}
  - name: boundaries
    columns: [nps, customer.arr, rule]
    rows:
      - [6, 15.00, null]
      - [7, 20, null]
  - name: twice in a month
    customer: a
    left: {goodwill: 10.00 EUR}
    arms: {goodwill-effect: held_out}
    steps:
      - {at: "2026-03-01T10:00Z", facts: {nps: 7}, expect: {rule: null}, close: true}
      - {at: "2026-03-09T10:00Z", facts: {nps: null}, expect: {reason: no_score}, close: no_answer}
""",
}

SPICE = [
    *"\"'{}[]()|>&*!%@`#:,-?=<~\\\t\n\r é\u00a0\u202f\u2028\ufeff\x00\x1b\U0001f600\u0301\ud800",
    ": ", " #", "- ", "\n\n", "---\n", "...\n", "<<: ", "\\u12", "\\xZZ", "“", "»", "0..6", "15,00", "1e999",
    "9" * 50, "true", "null", "not ", " and ", " or ", " in ", "is known", "((((", "[[[[", "{{{{", "unknown",
    "when: ", "with: ", "100%", "T02:30", "+99:99",
    "0 days", "9999 weeks", "-1.00 EUR", "none", "  ", "    ", "!!str ", "&a ", "*a", "| ", "> ",
    "if_unknown: false",
]  # fmt: skip


def _change_characters(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(["", rng.choice(SPICE)]) + text[at + rng.randint(0, 3) :]
    return text


def _change_lines(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    for _ in range(rng.randint(1, 3)):
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        change = rng.choice(["drop", "swap", "copy", "indent", "outdent", "join"])
        if change == "drop":
            lines[one] = ""
        elif change == "swap":
            lines[one], lines[other] = lines[other], lines[one]
        elif change == "copy":
            lines.insert(other, lines[one])
        elif change == "join":
            lines[one] = lines[one].rstrip("\n")
        else:
            lines[one] = "  " + lines[one] if change == "indent" else lines[one].removeprefix("  ")
    return "".join(lines)


def _change_tokens(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    for _ in range(rng.randint(1, 4)):
        one, other = rng.randrange(len(words)), rng.randrange(len(words))
        words[one] = rng.choice([words[other], rng.choice(SPICE), "", words[one][::-1]])
    return " ".join(words)


VALUES = ["[]", "{}", "[a, {b: c}]", "{a: [b]}", "", "~", "5", "-1", "1.5", "true", "text", "'q'", "[[1]]",
          "- x", "0%", "none", "[csm_case]", "2026-03-29T02:30", "0.00 EUR", "0 days"]  # fmt: skip
_PAIR = re.compile(r"([\w.-]+): ([^\n,{}\[\]]+)")


def _change_structure(text: str, rng: random.Random) -> str:
    """One key's value becomes another kind of node."""
    lines = text.splitlines(keepends=True) or [""]
    at = rng.choice([number for number, line in enumerate(lines) if ":" in line] or [0])
    lines[at] = f"{lines[at].partition(':')[0]}: {rng.choice(VALUES)}\n"
    return "".join(lines)


def _change_pairs(text: str, rng: random.Random) -> str:
    """A key, or its value, becomes that of another pair: YAML that can be read, and says something else."""
    pairs = list(_PAIR.finditer(text))
    if not pairs:
        return text
    one, part = rng.choice(pairs), rng.choice([1, 2, 2])
    other = rng.choice(pairs)[part] if rng.random() < 0.7 or part == 1 else rng.choice(VALUES)
    return f"{text[: one.start(part)]}{other}{text[one.end(part) :]}"


CHANGES: list[Callable[[str, random.Random], str]] = [
    _change_characters, _change_lines, _change_tokens, _change_structure, *[_change_pairs] * 4,
]  # fmt: skip


def _mutate(rng: random.Random) -> dict[str, str]:
    texts = dict(GOOD)
    path = rng.choice(["facts.yaml", "policy.yaml", "policy.yaml", *["rules/nps.yaml"] * 3, "tests/nps.yaml"])
    for _ in range(rng.choice([1, 1, 1, 2])):
        texts[path] = rng.choice(CHANGES)(texts[path], rng)
    return texts


def test_the_files_are_good_before_they_are_mutated() -> None:
    assert read(GOOD)[1] == []


@pytest.fixture(autouse=True)
def _the_files_left_alone_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "read_yaml", lru_cache(maxsize=16)(read_yaml))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_mutated_file_is_read_or_refused_with_places(part: int) -> None:
    refused = 0
    for seed in range(part, MUTATIONS, PARTS):
        texts = _mutate(random.Random(seed))  # noqa: S311 - no secret hangs on it
        read_workspace, mistakes = read(texts)
        assert read_workspace is not None or mistakes
        refused += bool(mistakes)
        for mistake in mistakes:
            lines = lines_of(texts.get(mistake.place.file, ""))
            assert 1 <= mistake.place.line <= max(1, len(lines)), (seed, mistake)
            assert 1 <= mistake.place.column <= len(lines[mistake.place.line - 1]) + 2, (seed, mistake)
            assert "\n" not in mistake.message
        assert render(mistakes, texts) or not mistakes
    assert refused > MUTATIONS / PARTS / 2, "the mutations are too gentle to say anything"
