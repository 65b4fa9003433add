from __future__ import annotations

import re

import pytest

from boucle.engine.refusals import REFUSALS, refusal
from boucle.model import ActKind, AssignReason, ClockKind, Closure, EffectState, LoopState
from tests.house.source_tree import ROOT

PAGE = (ROOT / "docs" / "loops.md").read_text(encoding="utf-8")


def listed(section: str) -> dict[str, str]:
    """The first column of a section's table with the second one."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text, re.MULTILINE))


def test_the_page_lists_every_refusal_with_its_text() -> None:
    assert listed("Refusals") == dict(REFUSALS)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("States", LoopState),
        ("Closures", Closure),
        ("Clocks", ClockKind),
        ("Who gets a case", AssignReason),
        ("Acts", ActKind),
        ("Effects", EffectState),
    ],
)
def test_the_page_lists_every_value(section: str, values: type[LoopState]) -> None:
    assert set(listed(section)) == {str(value) for value in values}


def test_every_refusal_is_used_and_every_used_one_is_listed() -> None:
    """A code stands in quotes in the engine outside the table, or nobody is ever refused with it."""
    sources = [path for path in (ROOT / "boucle" / "engine").rglob("*.py") if path.name != "refusals.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert {code for code in REFUSALS if f'"{code}"' not in text} == set()
    assert set(re.findall(r'refusal\("(\w+)"\)', text)) <= set(REFUSALS)


def test_a_refusal_has_its_fixed_text() -> None:
    error = refusal("already_claimed")
    assert (error.reason, str(error), error.exit_code) == (
        "already_claimed",
        "somebody else owns this case",
        1,
    )
