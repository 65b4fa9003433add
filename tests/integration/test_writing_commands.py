"""`rules format` and `rules export` on a workspace as `boucle init` makes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from boucle.rules.files import read_workspace
from boucle.rules.writing.format import format_files
from boucle.workflows import play_params
from tests.house.source_tree import ROOT
from tests.integration.command_line import Call

pytestmark = pytest.mark.usefixtures("folder")


def _rewrite(folder: Path, old: str, new: str) -> bytes:
    path = folder / "rules/nps.yaml"
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())
    return path.read_bytes()


def test_the_starter_is_formatted_already(call: Call) -> None:
    said = call("rules", "format", "--check")
    assert (said.code, said.out) == (0, "")


def test_a_check_names_the_files_and_changes_nothing_and_without_it_they_change(
    call: Call, folder: Path
) -> None:
    before = (folder / "rules/nps.yaml").read_bytes()
    changed = _rewrite(folder, "nps is known", '{"!==": [{"var": "nps"}, null]}')
    said = call("rules", "format", "--check", "--format", "json")
    assert said.code == 1
    assert json.loads(said.out) == {"changed": ["rules/nps.yaml"]}
    assert (folder / "rules/nps.yaml").read_bytes() == changed
    said = call("rules", "format")
    assert (said.code, said.out) == (0, "rules/nps.yaml\n")
    assert (folder / "rules/nps.yaml").read_bytes() == before
    assert call("rules", "format").out == ""


@pytest.mark.parametrize("command", [("format",), ("export", "--jsonlogic")])
def test_files_with_errors_are_neither_formatted_nor_exported(
    call: Call, folder: Path, command: tuple[str, ...]
) -> None:
    wrong = _rewrite(folder, "nps is known", "npss   is known")
    said = call("rules", *command)
    assert (said.code, said.out) == (2, "")
    assert "unknown fact 'npss'" in said.err
    assert (folder / "rules/nps.yaml").read_bytes() == wrong


def test_the_export_is_json_and_is_asked_for_by_its_form(call: Call) -> None:
    exported = json.loads(call("rules", "export", "--jsonlogic").out)
    assert exported["boucle"] == "rules-export/v1"
    assert exported["rule_sets"][0]["only_when"]["is_true"] == {"!==": [{"var": "nps"}, None]}
    assert call("rules", "export").code == 2


SHIPPED = sorted(
    path.parent for folder in ("rules", "examples") for path in (ROOT / folder).glob("*/facts.yaml")
)


@pytest.mark.parametrize("shipped", SHIPPED, ids=[path.name for path in SHIPPED])
def test_what_is_shipped_is_formatted(shipped: Path) -> None:
    assert format_files(read_workspace(shipped), frozenset(play_params())) == {}
