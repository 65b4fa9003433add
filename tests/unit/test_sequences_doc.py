"""docs/sequences.md says every key of every step, and its example is a rule with a test that passes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from boucle.rules.compiler import compile_workspace
from boucle.rules.ruleset import Workspace
from boucle.rules.strict_yaml.source import Mapping_, read_yaml
from boucle.rules.testing.reader import read_tests
from boucle.rules.testing.runner import run_tests
from boucle.rules.workspace import load
from boucle.rules.writing.schema_parts import Names
from boucle.rules.writing.schema_rules import rules_schema
from boucle.workflows import play_params, sequence_steps
from tests.house.test_plays_page import parameters, rows
from tests.unit.small_workspace import FACTS, POLICY, TODAY
from tests.unit.test_schemas import _plain

DOC = (Path(__file__).parents[2] / "docs" / "sequences.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOC, re.DOTALL | re.MULTILINE))
KNOWN: Mapping[str, frozenset[str]] = {
    "template": frozenset({"apology", "follow-up"}),
    "team": frozenset({"csm"}),
    "person": frozenset({"lea"}),
}


def example(kind: str) -> str:
    found = re.search(rf"^```yaml {kind}\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def _load(rules: str) -> Workspace:
    texts = {"facts.yaml": FACTS, "policy.yaml": POLICY, "rules/nps.yaml": rules}
    workspace, mistakes = load(texts, play_params(), KNOWN, today=TODAY)
    assert workspace is not None, mistakes
    assert mistakes == []
    return workspace


def _failures(tests: str) -> list[str]:
    """What the tests of the example's rule complain of."""
    workspace = _load(example("rules"))
    files, mistakes = read_tests({"tests/nps.yaml": tests}, workspace, play_params())
    assert mistakes == []
    results = run_tests(compile_workspace(workspace), [test for file in files for test in file.tests])
    return [f"{failure.key}: {failure.found}" for result in results for failure in result.failures]


def test_the_example_is_sound_and_does_what_its_test_says() -> None:
    assert _failures(example("tests")) == []
    (failure,) = _failures(example("tests").replace("within: 14 days", "within: 15 days"))
    assert failure.startswith("with: ")


def test_a_test_cannot_name_a_step_that_is_not_there() -> None:
    tests = example("tests").replace("better-now:", "better-new:")
    _, (mistake,) = read_tests({"tests/nps.yaml": tests}, _load(example("rules")), play_params())
    assert "nothing there has the id 'better-new'; did you mean 'better-now'?" in mistake.message


def test_the_dearest_way_is_set_aside() -> None:
    """Two ways with one offer each: 15 and 40 euros."""
    dear = example("rules").replace(
        "        - id: silent-end\n",
        "        - id: more\n          offer:\n            kind: credit\n            value: 40.00 EUR\n"
        "            valid_for: 30 days\n        - id: silent-end\n",
    )
    late = dear.replace(
        "        - id: voucher\n          offer:\n            kind: voucher\n            value: 15.00 EUR\n"
        "            valid_for: 30 days\n",
        "",
    ).replace(
        "        - id: happy-end\n",
        "        - id: voucher\n          offer:\n            kind: voucher\n            value: 15.00 EUR\n"
        "            valid_for: 30 days\n        - id: happy-end\n",
    )
    (rule,) = _load(late).rule_sets[0].rules
    assert rule.spends is not None
    assert str(rule.spends.amount) == "40.00 EUR"


@pytest.mark.parametrize("verb", sequence_steps.VERBS)
def test_every_key_of_a_step_is_documented_as_it_is(verb: str) -> None:
    model = getattr(sequence_steps, f"{verb.capitalize()}Step")
    assert rows(SECTIONS[verb]) == parameters(model)
    assert SECTIONS[verb].strip().startswith(str(model.__doc__))


def _schema_problems(rules: str) -> list[str]:
    schema = rules_schema(play_params(), Names(people=("lea",)))
    plain = _plain(read_yaml(rules, "rules/nps.yaml")[0])
    return [error.json_path for error in Draft202012Validator(schema).iter_errors(plain)]


def test_editors_know_the_steps() -> None:
    assert isinstance(read_yaml(example("rules"), "rules/nps.yaml")[0], Mapping_)
    assert _schema_problems(example("rules")) == []
    assert _schema_problems(example("rules").replace("person: lea", "person: leo"))
    assert _schema_problems(example("rules").replace("message: apology", "mesage: apology"))
    assert _schema_problems(example("rules").replace("low: detractor", "low: promoter"))
