"""docs/own-plays.md shows the example package as it is, and promises only names that there are."""

from __future__ import annotations

import re
from importlib import import_module

from boucle.workflows.play import Play
from tests.house.source_tree import ROOT

PAGE = (ROOT / "docs" / "own-plays.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "thank_you_play"
SHOWN = re.findall(r"^```\w+ file=(\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PROMISED = PAGE.partition("## What you may rely on")[2].partition("\n## ")[0]


def test_the_example_is_shown_as_it_is() -> None:
    shown = dict(SHOWN)
    package = {f"thank_you_play/{path.name}" for path in (EXAMPLE / "thank_you_play").glob("*.py")}
    assert set(shown) == package | {"pyproject.toml"}
    for name, text in shown.items():
        assert (EXAMPLE / name).read_text(encoding="utf-8") == text, name


def test_what_is_promised_of_a_play_is_there() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PROMISED, re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(names) > 10
    assert [name for name in names if not hasattr(Play, name)] == []


def test_what_is_promised_of_the_model_is_there() -> None:
    after = PROMISED.partition("Besides them:")[2].partition("\n\n")[0]
    model = import_module("boucle.model")
    names = re.findall(r"`(\w+)`", after.partition("of `boucle.model`")[2])
    assert len(names) > 5
    assert [name for name in names if not hasattr(model, name)] == []
