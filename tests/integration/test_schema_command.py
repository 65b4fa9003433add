"""`rules schema`, outside of a workspace and inside one as `boucle init` makes it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from tests.integration.command_line import Call

KINDS = ["customers", "facts", "map", "policy", "rules", "settings", "tests"]


@pytest.fixture
def schema(call: Call) -> Call:
    """Run `boucle rules schema` in the present folder."""
    return partial(call, "rules", "schema")


def test_outside_of_a_workspace_any_name_will_do(
    schema: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = schema("rules")
    assert code == 0
    assert "enum" not in json.loads(out)["$defs"]["with_csm_case"]["properties"]["team"]


def test_inside_of_a_workspace_its_own_names_are_listed(schema: Call, folder: Path) -> None:
    assert (folder / "boucle.toml").is_file()
    code, out, _ = schema("rules")
    assert code == 0
    team = json.loads(out)["$defs"]["with_csm_case"]["properties"]["team"]
    assert team["enum"] == ["cs-leads", "csm", "triage"]
    facts = json.loads(schema("tests")[1])["properties"]["defaults"]["properties"]["facts"]
    assert "nps" in facts["properties"]


def test_a_folder_takes_the_schemas_of_all_kinds(schema: Call, folder: Path) -> None:
    code, out, _ = schema("--out", str(folder / ".schemas"), "--format", "json")
    assert code == 0
    written = sorted((folder / ".schemas").iterdir())
    assert sorted(json.loads(out)) == [str(path) for path in written]
    assert [path.name for path in written] == [f"{kind}.schema.json" for kind in KINDS]
    assert all(
        json.loads(path.read_text("utf-8"))["title"] == path.name.partition(".")[0] for path in written
    )


def test_a_broken_workspace_still_gives_what_its_settings_say(schema: Call, folder: Path) -> None:
    (folder / "facts.yaml").write_text("boucle: facts/v1\n", "utf-8")
    code, out, err = schema("rules")
    assert code == 0
    assert "boucle rules check" in err
    assert "csm" in json.loads(out)["$defs"]["with_csm_case"]["properties"]["team"]["enum"]


def test_nothing_asked_for_is_wrong_usage(schema: Call, folder: Path) -> None:
    code, _, err = schema()
    assert code == 2
    assert "--out FOLDER" in err
    assert not (folder / ".schemas").exists()
