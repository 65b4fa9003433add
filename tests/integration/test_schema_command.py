"""`rules schema`, outside of a workspace and inside one as `boucle init` makes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boucle.commands.starting import copy_starter
from boucle.registry import make_app
from tests.unit.small_workspace import TODAY

KINDS = ["customers", "facts", "map", "policy", "rules", "settings", "tests"]


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(make_app(), ["rules", "schema", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_starter("nps", tmp_path / "shop", today=TODAY)
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def test_outside_of_a_workspace_any_name_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = _run("rules")
    assert code == 0
    assert "enum" not in json.loads(out)["$defs"]["with_csm_case"]["properties"]["team"]


def test_inside_of_a_workspace_its_own_names_are_listed(folder: Path) -> None:
    assert (folder / "boucle.toml").is_file()
    code, out, _ = _run("rules")
    assert code == 0
    team = json.loads(out)["$defs"]["with_csm_case"]["properties"]["team"]
    assert team["enum"] == ["cs-leads", "csm", "triage"]
    facts = json.loads(_run("tests")[1])["properties"]["defaults"]["properties"]["facts"]
    assert "nps" in facts["properties"]


def test_a_folder_takes_the_schemas_of_all_kinds(folder: Path) -> None:
    code, out, _ = _run("--out", str(folder / ".schemas"), "--format", "json")
    assert code == 0
    written = sorted((folder / ".schemas").iterdir())
    assert sorted(json.loads(out)) == [str(path) for path in written]
    assert [path.name for path in written] == [f"{kind}.schema.json" for kind in KINDS]
    assert all(
        json.loads(path.read_text("utf-8"))["title"] == path.name.partition(".")[0] for path in written
    )


def test_a_broken_workspace_still_gives_what_its_settings_say(folder: Path) -> None:
    (folder / "facts.yaml").write_text("boucle: facts/v1\n", "utf-8")
    code, out, err = _run("rules")
    assert code == 0
    assert "boucle rules check" in err
    assert "csm" in json.loads(out)["$defs"]["with_csm_case"]["properties"]["team"]["enum"]


def test_nothing_asked_for_is_wrong_usage(folder: Path) -> None:
    code, _, err = _run()
    assert code == 2
    assert "--out FOLDER" in err
    assert not (folder / ".schemas").exists()
