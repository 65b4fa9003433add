"""The workspaces under examples/: sound, with every rule's team and template, and their samples come in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from boucle.activities.text_files import TEMPLATES
from boucle.commands.ruling import analyse, check_workspace
from boucle.intake.batch import Batch, read_import
from boucle.rules.files import read_workspace
from boucle.rules.ruleset import Workspace
from boucle.rules.workspace import load
from boucle.settings_file import read_settings
from boucle.workflows import play_params
from tests.integration.command_line import Call

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("jardinerie", "nhs", "promoters", "sfo")


def _load(name: str) -> Workspace:
    folder = EXAMPLES / name
    settings, mistakes = read_settings(folder)
    assert settings is not None, mistakes
    known = {
        "team": frozenset(settings.teams),
        "person": frozenset(settings.people),
        "template": frozenset(TEMPLATES.find_texts(folder / "templates")),
    }
    workspace, mistakes = load(read_workspace(folder), play_params(), known, today=date(2026, 1, 1))
    assert workspace is not None
    assert mistakes == []
    return workspace


def _read(name: str) -> Batch:
    folder = EXAMPLES / name
    batch, mistakes = read_import(folder / "map.yaml", folder / "sample.csv", _load(name).catalogue)
    assert batch is not None, mistakes
    assert batch.rejections == []
    assert not batch.counts.unlisted
    return batch


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_sound_workspace(name: str) -> None:
    assert _load(name).policy.max_age is not None
    assert (EXAMPLES / name / "README.md").is_file()


@pytest.mark.parametrize("folder", [*(EXAMPLES / name for name in NAMES), EXAMPLES.parent / "rules/demo"])
def test_the_analysis_has_nothing_to_warn_of(folder: Path) -> None:
    found = analyse(check_workspace(folder)).mistakes
    assert [str(mistake.place) for mistake in found if mistake.severity != "info"] == []


def test_the_rules_for_promoters_and_passives_are_tested_in_full_and_proved(call: Call) -> None:
    folder = str(EXAMPLES / "promoters")
    assert _read("promoters").counts.responses == 5
    assert call("rules", "test", folder, "--coverage").code == 0
    assert call("rules", "prove", folder).code == 0


def test_there_is_no_example_without_a_test() -> None:
    assert sorted(path.parent.name for path in EXAMPLES.glob("*/boucle.toml")) == sorted(NAMES)


def test_templates_are_there_in_english_and_french() -> None:
    found = TEMPLATES.find_texts(EXAMPLES / "jardinerie" / "templates")
    assert set(found.values()) == {frozenset({"en", "fr"})}


def test_the_airport_reads_effort_the_right_way_round() -> None:
    batch = _read("sfo")
    first = next(response for response in batch.responses if response.source_id == "sample-1")
    assert (first.facts["ces.security"], first.facts["nps"]) == (1, 2)
    assert (batch.counts.responses, batch.counts.without_score) == (5, 1)
    assert all(response.customer is None for response in batch.responses)


def test_the_garden_centre_takes_the_stated_clock_and_keeps_its_french() -> None:
    batch = _read("jardinerie")
    assert dict(batch.counts.dating) == {"stated": 5}
    assert batch.counts.scores["nps"] == 4
    assert "Plantes abîmées à l'arrivée, et personne pour répondre." in [
        verbatim.text for response in batch.responses for verbatim in response.verbatims
    ]


def test_the_garden_centre_reads_mixed_bytes_or_refuses_them(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    header = b'"","id","nps","satisfaction","intention","explication","NbPassageKS","CaTicket","t"\n'
    good = b'"1",1,9,8,9,"tr\xe8s d\x82cor\x82, c\x93t\x82",3,41,1\n"2",2,NA,8,9,NA,3,-4,NA\n'
    path.write_bytes(header + good + b'"3",3,9,8,9,"TR\xd4S BIEN",3,41,1\n')
    batch, _ = read_import(EXAMPLES / "jardinerie" / "map.yaml", path, _load("jardinerie").catalogue)
    assert batch is not None
    assert [verbatim.text for found in batch.responses for verbatim in found.verbatims] == [
        "très décoré, côté"
    ]
    assert [(found.numbers, found.column) for found in batch.rejections] == [((4,), "explication")]


def test_the_trusts_join_rows_turn_the_scale_and_settle_dates() -> None:
    batch = _read("nhs")
    scores = {response.source_id: response.facts.get("csat") for response in batch.responses}
    assert scores == {"NEAS X 1": 5, "NEAS X 2": 2, "NHFT 7": None, "NHFT 8": 1}
    assert dict(batch.counts.dating) == {"given": 3, "ambiguous": 1}
    assert dict(batch.counts.orders) == {"day_first": 3, "month_first": 1, "either": 1}
    assert "Did not answer" in [v.text for found in batch.responses for v in found.verbatims]
