"""From a workspace's files to the rules in force: all green or nothing, who and why, and back again."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.product import Product

FACTS = """\
boucle: facts/v1
facts:
  nps:
    score: nps
"""
POLICY = """\
boucle: policy/v1
max_age: 14 days
"""
RULES = """\
boucle: rules/v1
ruleset: nps
only_when: nps is known
rules:
  - id: call
    when: nps in 0..6
    start: csm_case
    with:
      team: csm
undecided: record
otherwise:
  - code: fine
    when: nps in 7..10
    text: Nothing to mend
guarantees:
  - id: low-scores-are-taken
    whenever: nps in 0..6
    taken: true
"""
TESTS = """\
boucle: rule-tests/v1
ruleset: nps
tests:
  - name: a low score is called
    now: "2026-03-10T09:00:00Z"
    facts:
      nps: 6
    expect:
      rule: call
"""
SETTINGS = """\
company = "Acme"
language = "en"
timezone = "Europe/Paris"
sender = "Acme <care@example.com>"

[quarantine]
owner = "anna"
within = "2 days"

[people.anna]
name = "Anna"
email = "anna@example.com"
language = "en"

[teams.csm]
name = "Customer success"
lead = "anna"
members = ["anna"]
"""
MAP = """\
boucle: map/v1
source: survey
id: id
responded_at:
  column: at
facts:
  nps: nps
"""


def make(folder: Path) -> Product:
    texts = {
        "facts.yaml": FACTS, "policy.yaml": POLICY, "rules/nps.yaml": RULES, "tests/nps.yaml": TESTS,
        "boucle.toml": SETTINGS, "map.yaml": MAP,
    }  # fmt: skip
    for path, text in texts.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return Product(folder)


def edit(folder: Path, path: str, old: str, new: str) -> None:
    text = (folder / path).read_text(encoding="utf-8")
    assert old in text
    (folder / path).write_text(text.replace(old, new), encoding="utf-8")


def in_force(product: Product) -> str | None:
    listed = product.ask("bundles", "list")
    return listed[0]["bundle"] if listed else None


def test_rules_are_put_in_force_all_green_or_not_at_all(tmp_path: Path) -> None:
    product = make(tmp_path)
    done = product.call("bundles", "activate", "--as", "anna", "--reason", "the beginning")
    assert done.returncode == 0, done.stderr
    assert "1 rule(s) checked; 1 test(s): 1 passed, 0 failed; 1 guarantee(s) proved" in done.stderr
    first = in_force(product)

    edit(tmp_path, "rules/nps.yaml", "when: nps in 0..6\n", "when: nps in 0..5\n")
    refused = product.call("bundles", "activate", "--as", "anna", "--reason", "fewer calls")
    assert refused.returncode == 1
    assert "FAILED a low score is called" in refused.stderr
    assert "low-scores-are-taken" in refused.stderr
    assert "REFUTED" in refused.stderr
    assert in_force(product) == first

    edit(tmp_path, "tests/nps.yaml", "nps: 6", "nps: 5")
    edit(tmp_path, "rules/nps.yaml", "whenever: nps in 0..6", "whenever: nps in 0..5")
    edit(tmp_path, "rules/nps.yaml", "when: nps in 7..10", "when: nps in 6..10")
    product.run("bundles", "activate", "--as", "anna", "--reason", "fewer calls")
    assert in_force(product) not in {first, None}

    edit(tmp_path, "rules/nps.yaml", "nps in 0..5\n    start", "nsp in 0..5\n    start")
    broken = product.call("bundles", "activate", "--as", "anna", "--reason", "a typo")
    assert broken.returncode == 2
    assert "B011" in broken.stderr
    again = product.call("bundles", "activate", "--as", "nobody", "--reason", "x")
    assert again.returncode == 4

    assert first is not None
    product.run("bundles", "rollback", "--as", "anna", "--reason", "too few calls")
    assert in_force(product) == first
    shown = json.loads(product.run("bundles", "show", first[:8], "--format", "json"))
    assert [rule["id"] for rule in shown["rule_sets"][0]["rules"]] == ["call"]
    assert [row["reason"] for row in product.ask("bundles", "list")] == [
        "too few calls", "fewer calls", "the beginning",
    ]  # fmt: skip


def test_an_import_uses_what_is_in_force_and_says_what_is_not_yet(tmp_path: Path) -> None:
    product = make(tmp_path)
    (tmp_path / "answers.csv").write_text("id,at,nps\na,2026-03-01T10:00:00Z,6\n", encoding="utf-8")
    arguments = ("import", "answers.csv", "--map", "map.yaml", "--act-on-old")
    first = product.call(*arguments)
    assert "no rules were in force yet" in first.stderr
    edit(tmp_path, "rules/nps.yaml", "nps in 0..6\n    start", "nps in 0..5\n    start")
    (tmp_path / "answers.csv").write_text("id,at,nps\nb,2026-03-01T10:00:00Z,6\n", encoding="utf-8")
    second = product.call(*arguments)
    assert second.returncode == 0, second.stderr
    assert "the workspace's files hold other rules" in second.stderr
    assert product.ask("explain", "b")["decision"]["winner"] == "call"
    told = product.ask("rules", "explain", "b", "--bundle", str(tmp_path))
    assert (told["decision"]["winner"], told["decision"]["reason"]) == (None, "no_rule")
    edit(tmp_path, "rules/nps.yaml", "ruleset: nps", "ruleset: [nps]")
    third = product.call(*arguments)
    assert third.returncode == 0
    assert "have mistakes" in third.stderr
