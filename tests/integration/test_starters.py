"""The workspaces that `boucle init` makes: sound, tested in full, proved, alike in both languages."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from boucle.activities.scripts import check_scripts
from boucle.activities.text_files import SCRIPTS, TEMPLATES
from boucle.commands.ruling import check_workspace
from boucle.commands.starting import NotInLanguageError, copy_starter
from boucle.rules.analysis.guarantees import prove
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.ruleset import Workspace
from boucle.rules.writing.condition_text import write_condition
from tests.integration.command_line import Call

STARTERS = Path(__file__).parents[2] / "rules"
PROGRAMMES = ("csat", "effort", "nps")
NAMES = (*PROGRAMMES, "together")
MUTATED = NAMES if os.environ.get("BOUCLE_STARTER_MUTANTS") == "full" else PROGRAMMES
"""The rules of `together` are those of the three; only its long form changes them once more."""

DAY = date(2026, 3, 10)
DRY_RUN = ("import", "responses.csv", "--map", "map.yaml", "--dry-run")


pytestmark = pytest.mark.usefixtures("claire")


@pytest.fixture
def claire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who types, and what a dry run leaves lies in a folder of the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("BOUCLE_ACTOR", "claire")


def begin(call: Call, monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, language: str) -> Path:
    """Make the workspace; it is the present folder from now on."""
    made = call("init", str(folder / "shop"), "--starter", name, "--lang", language)
    assert made.code == 0, made.err
    monkeypatch.chdir(folder / "shop")
    return folder / "shop"


def compiled(folder: Path) -> tuple[Workspace, Bundle]:
    checked = check_workspace(folder)
    assert checked.workspace is not None, checked.mistakes
    return checked.workspace, compile_workspace(checked.workspace)


def test_there_is_no_starter_without_a_test() -> None:
    found = {path.name for path in STARTERS.iterdir() if path.is_dir()}
    assert found == {*NAMES, "demo"}


# -- every starter, in both languages -----------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", NAMES)
def test_a_starter_is_checked_tested_and_proved(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, language: str
) -> None:
    begin(call, monkeypatch, tmp_path, name, language)
    checked = json.loads(call("rules", "check", "--format", "json").out)
    assert [found for found in checked if found["severity"] != "info"] == []
    assert {found["code"] for found in checked} <= {"B303", "B305"}
    tested = call("rules", "test", "--strict")
    assert tested.code == 0, tested.out
    proved = call("rules", "prove", "--as-of", DAY.isoformat())
    assert proved.code == 0, proved.out
    assert call("rules", "format", "--check").code == 0


@pytest.mark.parametrize("name", MUTATED)
def test_no_small_change_of_a_starters_rules_passes_its_tests(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    begin(call, monkeypatch, tmp_path, name, "en")
    tried = call("rules", "test", "--mutate", "--format", "json")
    mutants = json.loads(tried.out)["mutants"]
    assert [one for one in mutants if one["survivors"]] == []
    assert all(one["killed"] > 50 for one in mutants)
    assert tried.code == 0


@pytest.mark.parametrize(
    ("name", "outcomes", "loops"),
    [
        (
            "nps",
            {"starts": 6, "nothing": 6},
            {"key-account-case": 2, "detractor-apology": 2, "repeat-detractor": 1, "undecided": 1},
        ),
        (
            "csat",
            {"starts": 5, "joined": 1, "nothing": 6},
            {"undecided": 2, "support-apology": 1, "urgent-call": 1, "let-down-again": 1},
        ),
        (
            "effort",
            {"starts": 5, "nothing": 7},
            {"undecided": 2, "hard-start": 1, "became-harder": 1, "stuck-after-help": 1},
        ),
        (
            "together",
            {"starts": 7, "nothing": 5},
            {
                "key-account-case": 1, "detractor-apology": 1, "support-apology": 1, "urgent-call": 1,
                "repeat-detractor": 1, "hard-start": 1, "undecided": 1,
            },
        ),
    ],
)  # fmt: skip
def test_the_sample_comes_in_and_starts_something_of_each_kind(
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    outcomes: dict[str, int],
    loops: dict[str, int],
) -> None:
    begin(call, monkeypatch, tmp_path, name, "fr")
    brought = json.loads(call(*DRY_RUN, "--format", "json").out)
    assert (brought["new"], brought["quarantined"], brought["rows_rejected"]) == (12, 0, 0)
    assert brought["outcomes"] == outcomes
    assert {loop["rule"].partition("/")[2]: loop["count"] for loop in brought["loops"]} == loops


@pytest.mark.parametrize("name", NAMES)
def test_scripts_are_there_in_english_and_french(name: str) -> None:
    found = SCRIPTS.find_texts(STARTERS / name / "scripts")
    assert found == dict.fromkeys(("csm_case", "escalate"), frozenset({"en", "fr"}))
    for language in ("en", "fr"):
        assert check_scripts(STARTERS / name / "scripts", language) == []


@pytest.mark.parametrize("name", NAMES)
def test_templates_are_there_in_english_and_french(name: str) -> None:
    found = TEMPLATES.find_texts(STARTERS / name / "templates")
    assert found
    assert set(found.values()) == {frozenset({"en", "fr"})}


# -- French -------------------------------------------------------------------------------------

_TEXTS = frozenset(("title", "because", "text", "reason"))


def _without_texts(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_texts(below) for key, below in value.items() if key not in _TEXTS}
        case list():
            return [_without_texts(below) for below in value]
        case _:
            return value


def _texts(workspace: Workspace) -> list[str | None]:
    """All that is written for people, in its order."""
    found: list[str | None] = []
    for rule_set in workspace.rule_sets:
        found.append(rule_set.description)
        for rule in rule_set.rules:
            found += [rule.title, rule.because, rule.exempt.reason if rule.exempt else None]
        found += [reason.text for reason in rule_set.otherwise]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_say_the_same_programme_in_other_words(tmp_path: Path, name: str) -> None:
    copy_starter(name, tmp_path / "en", today=DAY)
    copy_starter(name, tmp_path / "fr", today=DAY, language="fr")
    (english, ours), (french, theirs) = compiled(tmp_path / "en"), compiled(tmp_path / "fr")
    names = _english_names(english, french)
    same = _renamed(theirs.canonical(), names, '"')
    assert _without_texts(json.loads(ours.canonical())) == _without_texts(json.loads(same))
    assert repr(_promises(english)) == _renamed(repr(_promises(french)), names, r"\b")
    for one, other in zip(_texts(english), _texts(french), strict=True):
        assert (one is None) == (other is None)
        assert one is None or one != other


def _english_names(english: Workspace, french: Workspace) -> dict[str, str]:
    """What each French definition is called in English: names are the author's words, their order is not."""
    names: dict[str, str] = {}
    for ours, theirs in zip(english.rule_sets, french.rule_sets, strict=True):
        for one, other in zip(ours.definitions, theirs.definitions, strict=True):
            assert names.setdefault(other, one) == one
    assert len(set(names.values())) == len(names)
    return names


def _renamed(text: str, names: dict[str, str], beside: str) -> str:
    """The text with each name that has `beside` on both sides in English."""
    return re.sub(
        f"{beside}({'|'.join(names)}){beside}", lambda one: one[0].replace(one[1], names[one[1]]), text
    )


def _promises(workspace: Workspace) -> list[tuple[object, ...]]:
    every = [one for rule_set in workspace.rule_sets for one in rule_set.guarantees]
    return [(one.id, write_condition(one.whenever), one.starts, one.never_starts, one.taken) for one in every]


BILINGUAL = frozenset({"fr", "scripts"})
"""Folders of a starter whose files say themselves in which language they are."""


@pytest.mark.parametrize("name", NAMES)
def test_a_french_file_replaces_an_english_one_and_no_other_is_there(name: str) -> None:
    french = {path.relative_to(STARTERS / name / "fr") for path in (STARTERS / name / "fr").rglob("*.*")}
    english = {path.relative_to(STARTERS / name) for path in (STARTERS / name).rglob("*.*")}
    assert french <= english
    told = {
        path
        for path in english
        if path.suffix in {".md", ".yaml", ".toml"} and path.parts[0] not in BILINGUAL
    }
    assert french == told


@pytest.mark.parametrize("path", sorted(STARTERS.glob("[!d]*/**/*.yaml")), ids=str)
def test_no_brace_and_no_odd_space_waits_for_french_punctuation(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.findall(r"^[^\"'#\n]*\{.*", text, re.MULTILINE) == []
    assert re.findall("[\u00a0\u202f\u201c\u201d]", text) == []


def test_a_starter_that_is_not_written_in_a_language_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotInLanguageError, match="'demo' is not written in 'fr'"):
        copy_starter("demo", tmp_path / "shop", today=DAY, language="fr")
    assert not (tmp_path / "shop").exists()


# -- together -----------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["", "fr"])
@pytest.mark.parametrize("name", PROGRAMMES)
def test_together_holds_the_same_rules_for_fewer_responses(name: str, folder: str) -> None:
    alone = (STARTERS / name / folder / f"rules/{name}.yaml").read_text("utf-8")
    together = (STARTERS / "together" / folder / f"rules/{name}.yaml").read_text("utf-8")
    narrowed = re.compile(r"(?: and nps is unknown(?: and csat\.support is unknown)?)$", re.MULTILINE)
    assert narrowed.sub("", together) == alone


# -- the README ---------------------------------------------------------------------------------


def _commands(readme: Path) -> list[list[str]]:
    block = readme.read_text("utf-8").partition("```sh\n")[2].partition("```")[0]
    return [shlex.split(line, comments=True)[1:] for line in block.splitlines()]


def test_the_commands_of_a_readme_run_in_their_order(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = begin(call, monkeypatch, tmp_path, "nps", "fr")
    commands = _commands(folder / "README.md")
    assert commands[6] == ["up"]
    for arguments in (*commands[:6], *commands[7:-1]):
        said = call(*arguments)
        assert said.code == 0, (arguments, said)
    for path in (folder / "rules/nps.yaml", folder / "tests/nps.yaml"):
        path.write_text(path.read_text("utf-8").replace("15.00 EUR", "20.00 EUR"), "utf-8")
    assert "is in force, in place of" in call(*commands[-1]).out


@pytest.mark.parametrize("name", NAMES)
def test_every_readme_shows_the_same_commands(name: str) -> None:
    shown: list[list[str]] = []
    for path in (STARTERS / name / "README.md", STARTERS / name / "fr/README.md"):
        commands = _commands(path)
        sample = (STARTERS / name / "responses.csv").read_text("utf-8")
        assert f"\n{commands[7][1]}," in sample
        shown.append([" ".join(arguments[:2]) for arguments in commands])
    assert shown[0] == shown[1]
    assert shown[0][:7] == [
        "rules check",
        "rules test",
        "rules prove",
        "rules process",
        "import responses.csv",
        "import responses.csv",
        "up",
    ]


# -- what the analysis says of edits of the NPS programme ---------------------------------------


def _edit_rules(folder: Path, edit: Callable[[str], str]) -> Path:
    shutil.copytree(STARTERS / "nps", folder)
    path = folder / "rules/nps.yaml"
    before = path.read_text("utf-8")
    path.write_text(edit(before), "utf-8")
    assert path.read_text("utf-8") != before
    return folder


def _repeated_last(text: str) -> str:
    """The repeated detractor after the key account and the other detractor."""
    start, end = text.index("  - id: repeat-detractor"), text.index("  - id: key-account-case")
    after = text.index("undecided:  ")
    return text[:start] + text[end:after] + text[start:end] + text[after:]


def test_a_rule_that_two_others_shadow_together_is_told_with_exactly_these_two(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def edit(text: str) -> str:
        return _repeated_last(text).replace("not key_account and may_offer", "not key_account")

    monkeypatch.chdir(_edit_rules(tmp_path / "shop", edit))
    found = json.loads(call("rules", "check", "--format", "json").out)
    (error,) = [one for one in found if one["severity"] == "error"]
    assert error["code"] == "B301"
    assert re.findall("'([a-z-]+)'", error["message"]) == [
        "repeat-detractor",
        "key-account-case",
        "detractor-apology",
    ]


def test_a_rule_that_is_shadowed_in_part_is_told_where_it_still_wins(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(_edit_rules(tmp_path / "shop", _repeated_last))
    found = json.loads(call("rules", "check", "--format", "json").out)
    assert {one["severity"] for one in found} == {"info"}
    (left,) = [one["message"] for one in found if "'repeat-detractor' gives way" in one["message"]]
    assert "it wins where" in left
    assert "not consent.marketing" in left


def test_without_its_safety_net_a_guarantee_is_refuted_by_an_unknown_segment(tmp_path: Path) -> None:
    def edit(text: str) -> str:
        text = text.replace('has "vip"\'\n    if_unknown: false\n', 'has "vip"\'\n', 1)
        start, end = text.index("undecided:  "), text.index("otherwise:  ")
        return f"{text[:start]}undecided: record\n{text[end:]}"

    workspace, bundle = compiled(_edit_rules(tmp_path / "shop", edit))
    (broken,) = [proof for proof in prove(workspace, bundle, DAY) if proof.verdict != "PROVED"]
    assert (broken.guarantee.id, broken.verdict) == ("every-callable-detractor-is-taken", "REFUTED")
    assert broken.witness is not None
    assert broken.witness.facts.get("customer.segment") is None


def test_each_guarantee_is_proved_within_two_seconds() -> None:
    """Of processor time: what else runs on the machine does not count."""
    workspace, bundle = compiled(STARTERS / "nps")
    (rule_set,) = workspace.rule_sets
    for guarantee in rule_set.guarantees:
        before = time.process_time()
        (proof,) = prove(workspace, bundle, DAY, guarantee.id)
        assert (proof.verdict, time.process_time() - before < 2.0) == ("PROVED", True)
