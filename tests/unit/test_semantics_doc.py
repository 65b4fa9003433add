"""docs/semantics.md names every word of a gate and every part of a decision; its table of answers is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from boucle.decision import Circumstances, Decision, GateWord
from boucle.model import FactValue
from boucle.rules.compiler import compile_workspace
from boucle.rules.decide import Facts, decide
from tests.unit.handmade import AT
from tests.unit.small_workspace import read, with_condition

DOC = (Path(__file__).parents[2] / "docs" / "semantics.md").read_text(encoding="utf-8")
SAID = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", DOC))))
KNOWN: dict[str, dict[str, FactValue]] = {
    "no score": {},
    "no score, consent false": {"consent.follow_up": False},
    "no score, tag vip": {"customer.tags": ("vip",)},
}
ALWAYS: dict[str, FactValue] = {
    "response.origin": "direct",
    "response.age_days": 0,
    "response.known_customer": False,
    "comment.length": 0,
}
ANSWERS = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| (true|false|undecided) \|", DOC, re.MULTILINE)


def test_every_word_of_a_gate_is_explained() -> None:
    assert {word for word in get_args(GateWord) if f"| `{word}` |" not in DOC} == set()


def test_every_part_of_a_decision_is_named() -> None:
    assert set(Decision.model_fields) - SAID == set()
    assert {"contact", "open_loop", "caps", "budgets"} == set(Circumstances.model_fields)


def test_every_answer_of_the_table_is_looked_at() -> None:
    assert len(ANSWERS) == 5


@pytest.mark.parametrize(("condition", "known", "answer"), ANSWERS)
def test_a_condition_says_what_the_table_says(condition: str, known: str, answer: str) -> None:
    workspace, mistakes = read(with_condition(condition))
    assert workspace, mistakes
    given = Facts({**ALWAYS, **KNOWN[known]}, AT)
    assert decide(compile_workspace(workspace), given, AT).rules["call"] == answer
