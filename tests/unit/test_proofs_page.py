"""docs/proofs.md shows what `rules prove` and `rules diff` really print."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from boucle.rules.analysis.changes import list_changes
from boucle.rules.analysis.difference_text import render_differences
from boucle.rules.analysis.differences import compare
from boucle.rules.analysis.guarantee_changes import list_guarantee_changes
from boucle.rules.analysis.guarantee_text import OUTSIDE, render_proofs
from boucle.rules.analysis.guarantees import prove
from boucle.rules.bundle import Bundle
from boucle.rules.ruleset import Workspace
from tests.unit.guaranteed_programme import read_programme, replaced

PAGE = (Path(__file__).parents[2] / "docs" / "proofs.md").read_text(encoding="utf-8")
DAY = date(2026, 3, 10)


def block(kind: str) -> str:
    found = re.search(rf"^```{re.escape(kind)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found, kind
    return found[1]


def programme(*edits: tuple[str, str]) -> tuple[Workspace, Bundle]:
    rules = replaced(block("yaml file=rules/nps.yaml"), *edits)
    return read_programme(rules, facts=block("yaml file=facts.yaml"), policy=block("yaml file=policy.yaml"))


def edited() -> tuple[Workspace, Bundle]:
    return programme((block("yaml before"), block("yaml after")))


def test_the_example_is_proved_as_the_page_says() -> None:
    assert render_proofs(prove(*programme(), DAY)) == block("text prove").rstrip("\n")


def test_the_edit_is_refuted_as_the_page_says() -> None:
    broken = [proof for proof in prove(*edited(), DAY) if proof.verdict != "PROVED"]
    assert render_proofs(broken) == block("text prove edited").rstrip("\n")


def test_the_edit_is_compared_as_the_page_says() -> None:
    (_, old), (_, new) = programme(), edited()
    text = render_differences(compare(old, new, DAY), list_changes(old, new))
    assert text == block("text diff").rstrip("\n")


def test_a_guarantee_that_is_gone_is_told_as_the_page_says() -> None:
    name = "  - id: every-detractor-whom-we-may-write-to-is-taken\n"
    gone = f"{name}    whenever: detractor and may_offer\n    taken: true\n"
    (before, old), (after, new) = programme(), programme((gone, ""))
    changes = [*list_changes(old, new), *list_guarantee_changes(before, after)]
    text = render_differences(compare(old, new, DAY), changes)
    assert text.endswith(f"\n\n{block('text diff guarantees').rstrip()}")


@pytest.mark.parametrize("verdict", ["PROVED", "REFUTED", "VACUOUS", "NOT ANALYSABLE", "GAVE UP"])
def test_every_verdict_has_its_line(verdict: str) -> None:
    assert f"| `{verdict}` |" in PAGE


def test_what_lies_outside_is_said_on_the_page_too() -> None:
    said = PAGE.partition("## What lies outside")[2].lower()
    assert len(OUTSIDE) == 3
    assert all(word in said for word in ("message arrives", "facts are true", "quarantine"))
