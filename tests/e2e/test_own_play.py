"""A play of one's own: the example, built and installed for real, started by a rule, run to its end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product, product, wait_for

EXAMPLE = Path(__file__).parents[2] / "examples" / "thank_you_play"
RULE = """\
  - id: promoter-thanks
    title: Promoter is thanked
    when: promoter and consent.follow_up
    start: thank_you
    with:
      template: thanks
      open_for: 10 days
"""
ROW = "{id},{at},9,,,email,,acc-{id},p-{id},Paul,paul-{id}@client.example,en,user,standard,,,yes,no\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the example is installed, without any network."""
    folder = tmp_path_factory.mktemp("own-play")
    source = shutil.copytree(EXAMPLE, folder / "source")
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--target", str(folder / "site"), str(source)],
        capture_output=True, text=True, check=False, timeout=300, cwd=folder,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    return folder / "site"


@pytest.fixture
def made(tmp_path: Path, site: Path) -> Iterator[Product]:
    """A workspace whose promoters are thanked, in an environment with the example."""
    workspace = tmp_path / "shop"
    Product(tmp_path).run("init", str(workspace))
    rules = workspace / "rules" / "nps.yaml"
    before, after = rules.read_text("utf-8").split("  - id: repeat-detractor\n")
    rules.write_text(f"{before}{RULE}\n  - id: repeat-detractor\n{after}", "utf-8")
    for language in ("en", "fr"):
        letter = workspace / "templates" / f"thanks.{language}.txt"
        letter.write_text("Subject: Thank you, {{ contact.name }}\n\n{{ company }}\n", "utf-8")
    with product(workspace, {"PYTHONPATH": str(site)}) as made:
        yield made


def without(made: Product) -> Product:
    """The same workspace where the package is not installed."""
    return Product(made.workspace)


def answer(made: Product) -> str:
    """A promoter answers now: the loop that thanks them."""
    from datetime import UTC, datetime  # noqa: PLC0415 the sample's dates follow the clock

    header = (made.workspace / "responses.csv").read_text("utf-8").splitlines()[0]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    (made.workspace / "one.csv").write_text(f"{header}\n{ROW.format(id='x1', at=at)}", "utf-8")
    brought = made.ask("import", "one.csv", "--map", "map.yaml")
    assert [loop["play"] for loop in brought["loops"]] == ["thank_you"], brought
    [loop] = made.ask("loops", "list", "--play", "thank_you")
    return str(loop["loop"])


def test_its_own_test_passes(site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests"),
         "--rootdir", str(EXAMPLE)],
        capture_output=True, text=True, check=False, timeout=120, cwd=site,
        env={**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{EXAMPLE.parents[1]}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_starts_it_and_its_parameters_are_checked_and_told(made: Product) -> None:
    assert made.call("rules", "check").returncode == 0, made.call("rules", "check").stdout
    told = made.run("rules", "process")
    assert "the contact is thanked (message “thanks”); the loop stays open for 10 days." in told
    french = made.run("rules", "process", "--lang", "fr")
    assert "l'interlocuteur est remercié (message « thanks ») ; la boucle reste ouverte 10 jours." in french
    assert '"thank_you"' in made.run("rules", "schema", "rules")
    rules = made.workspace / "rules" / "nps.yaml"
    rules.write_text(rules.read_text("utf-8").replace("open_for: 10 days", "open_for: soon"), "utf-8")
    refused = made.call("rules", "check")
    assert (refused.returncode, "soon" in refused.stdout) == (1, True)
    assert "thank_you" in without(made).call("rules", "check").stdout  # unknown where it is not installed


def test_it_runs_to_its_end_and_the_doctor_sees_where_it_is_missing(made: Product) -> None:
    loop = answer(made)
    running = made.start_up()
    wait_for(lambda: made.query("SELECT 1 FROM loop WHERE stage = 'thanked'"), "the thanks", 60)
    assert made.ask("loops", "show", loop)["stage"] == "thanked"
    mails = list((made.data / "mailbox").rglob("*.eml"))
    assert any("Thank you, Paul" in mail.read_text("utf-8", "replace") for mail in mails), mails
    assert [found["verdict"] for found in made.ask("doctor") if found["check"] == "plays"] == ["ok"]
    assert made.stop(running.pid) == 0
    missing = without(made)
    doctor = missing.read(missing.call("doctor", "--format", "json").stdout)
    [said] = [found["text"] for found in doctor if found["check"] == "plays"]
    assert said == "1 open loop(s) run the play 'thank_you', which is not installed: they stand still"
    made.start_up()
    assert "done" in made.run("loops", "answer", loop, "10", "--as", "claire")
    shown = made.ask("loops", "show", loop)
    wait_for(lambda: made.query("SELECT 1 FROM loop WHERE state = 'closed'"), f"its end, after {shown}", 60)
    assert made.ask("loops", "show", loop)["state"] == "closed"
