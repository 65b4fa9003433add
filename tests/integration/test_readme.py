"""The README shows what the product does today: its rule, its outputs, its commands, all pages of docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from boucle.commands import failures
from boucle.commands.output import now
from boucle.commands.starting import copy_starter
from boucle.registry import make_app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"^```(?:yaml|text|sh)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def block(beginning: str) -> str:
    [found] = [text for text in BLOCKS if text.startswith(beginning)]
    return found


def type_in(*words: str) -> int:
    return failures.run(lambda: make_app()(words))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_starter("nps", tmp_path / "shop", today=now().date())
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def test_the_rule_is_the_starters() -> None:
    assert block("  - id: detractor-apology") in (ROOT / "rules/nps/rules/nps.yaml").read_text(
        encoding="utf-8"
    )


def test_the_outputs_are_those_of_the_sample_file(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert type_in("import", "responses.csv", "--map", "map.yaml") == 0
    capsys.readouterr()
    for command, beginning in (
        (["explain", "r-002"], "starts apologize_with_offer\n"),
        (["explain", "r-009"], "nothing starts: no_consent"),
        (["rules", "prove"], "PROVED  no-offer-without-consent"),
    ):
        assert type_in(*command) == 0
        assert block(beginning) in capsys.readouterr().out
    assert (shop / ".boucle/boucle.db").exists()


def test_every_command_of_the_tour_exists() -> None:
    tour = block("boucle init shop")
    typed = re.findall(
        r"boucle ((?:[a-z]+ ?){1,2})", "\n".join(line.split("#")[0] for line in tour.splitlines())
    )
    assert len(tour.splitlines()) == 10
    for words in typed:
        command = get_command(make_app())
        for word in words.split()[:2]:
            known = getattr(command, "commands", None)
            if known is None:
                break
            assert word in known, words
            command = known[word]


def test_the_readme_leads_to_every_page() -> None:
    pages = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")}
    pages |= {str(page.relative_to(ROOT)) for page in (ROOT / "docs/fr").glob("*.md")}
    assert {page for page in pages if f"({page})" not in README} == set()


def test_every_link_of_the_docs_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
