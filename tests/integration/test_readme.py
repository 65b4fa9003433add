"""The README shows what the product does today: its rule, its outputs, its commands, all pages of docs."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from boucle.registry import make_app
from tests.integration.command_line import Call

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"^```(?:yaml|text|sh)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def block(beginning: str) -> str:
    [found] = [text for text in BLOCKS if text.startswith(beginning)]
    return found


def test_the_rule_is_the_starters() -> None:
    assert block("  - id: detractor-apology") in (ROOT / "rules/nps/rules/nps.yaml").read_text(
        encoding="utf-8"
    )


def test_the_outputs_are_those_of_the_sample_file(folder: Path, call: Call) -> None:
    assert call("import", "responses.csv", "--map", "map.yaml").code == 0
    for command, beginning in (
        (["explain", "r-002"], "starts apologize_with_offer\n"),
        (["explain", "r-009"], "nothing starts: no_consent"),
        (["rules", "prove"], "PROVED  no-offer-without-consent"),
    ):
        said = call(*command)
        assert said.code == 0
        assert block(beginning) in said.out
    assert (folder / ".boucle/boucle.db").exists()


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
