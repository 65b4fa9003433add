"""The JSON Schemas take every good file of ours, and refuse what has wrong keys or shapes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from boucle.errors import Mistake
from boucle.intake.map_schema import customers_schema, map_schema
from boucle.rules.declarations import derived_facts, fact_entry, policy_file, rule_entry, rules_file
from boucle.rules.ruleset import Workspace
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_, read_yaml
from boucle.rules.testing import reader
from boucle.rules.testing.expectation import EXPECT_KEYS
from boucle.rules.writing import schema_tests
from boucle.rules.writing.schema_facts import facts_schema
from boucle.rules.writing.schema_models import settings_schema
from boucle.rules.writing.schema_parts import Names, Schema
from boucle.rules.writing.schema_policy import policy_schema
from boucle.rules.writing.schema_rules import rules_schema
from boucle.rules.writing.schema_tests import cases_schema
from boucle.settings import Settings
from boucle.workflows import play_params
from tests.unit.small_workspace import FACTS, KNOWN, PLAYS, POLICY, RULES, read
from tests.unit.test_mutations import GOOD
from tests.unit.test_wrong_files import WRONG, _read_wrong

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def _schemas(plays: Mapping[str, Any], names: Names) -> dict[str, Schema]:
    every = frozenset(plays)
    return {
        "facts": facts_schema(every, names),
        "policy": policy_schema(every),
        "rules": rules_schema(plays, names),
        "tests": cases_schema(every, names),
        "map": map_schema(names),
        "customers": customers_schema(names),
        "settings": settings_schema(Settings),
    }


def _names(workspace: Workspace) -> Names:
    return Names(
        KNOWN["template"], KNOWN["team"], workspace.catalogue.facts, workspace.policy, workspace.rule_sets
    )


def _small() -> Names:
    workspace, mistakes = read({"facts.yaml": FACTS, "policy.yaml": POLICY, "rules/nps.yaml": RULES})
    assert workspace is not None, mistakes
    return _names(workspace)


ANYWHERE = _schemas(play_params(), Names())
SMALL = _schemas(PLAYS, Names())
NAMED = _schemas(PLAYS, _small())


def _plain(node: Node | None) -> Any:
    """A tree as an editor's YAML reader sees it."""
    match node:
        case Mapping_():
            return {key.text: _plain(value) for key, value in reversed(node.entries)}
        case Sequence_():
            return [_plain(item) for item in node.items]
        case Scalar(value=Decimal() as value):
            return float(value)
        case Scalar():
            return node.value
        case _:
            return None


def _kind_of(path: Path) -> str:
    return path.parent.name if path.parent.name == "rules" else path.stem


def _problems(schema: Schema, text: str) -> list[str]:
    plain = _plain(read_yaml(text, "file.yaml")[0])
    return [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(plain)
    ]


@pytest.mark.parametrize("schemas", [ANYWHERE, SMALL, NAMED], ids=["anywhere", "small", "named"])
@pytest.mark.parametrize("kind", sorted(ANYWHERE))
def test_each_schema_is_one(schemas: Mapping[str, Schema], kind: str) -> None:
    Draft202012Validator.check_schema(schemas[kind])


def _good_files() -> list[Path]:
    found = [
        path
        for folder in ("rules", "examples")
        for path in (ROOT / folder).glob("*/**/*.yaml")
        if path.parent.name != "tests"
    ]
    return sorted(found)


def test_there_are_good_files_of_each_kind() -> None:
    assert {_kind_of(path) for path in _good_files()} == {"facts", "policy", "rules", "map"}


@pytest.mark.parametrize("path", _good_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_good_file_of_ours_is_taken(path: Path) -> None:
    assert _problems(ANYWHERE[_kind_of(path)], path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/*/boucle.toml")), ids=lambda path: path.parent.name)
def test_good_settings_of_ours_are_taken(path: Path) -> None:
    values = tomllib.loads(path.read_text("utf-8"))
    errors = Draft202012Validator(ANYWHERE["settings"]).iter_errors(values)
    assert [error.message for error in errors] == []


def test_settings_with_a_wrong_key_or_shape_are_refused() -> None:
    validator = Draft202012Validator(ANYWHERE["settings"])
    for wrong in (
        "compny = 'x'",
        "language = 'french'",
        "[teams.csm]\nname = 'x'",
        "[smtp]\nhost = 'x'\nport = 0",
    ):
        assert list(validator.iter_errors(tomllib.loads(wrong))) != [], wrong


def test_the_map_of_customers_of_its_page_is_taken() -> None:
    page = (ROOT / "docs" / "customers.md").read_text(encoding="utf-8")
    [text] = re.findall(r"^```yaml\n(boucle: customers/v1.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert _problems(ANYWHERE["customers"], text) == []
    assert _problems(NAMED["customers"], text) == []


@pytest.mark.parametrize("path", sorted(GOOD))
def test_files_that_say_every_key_are_taken(path: str) -> None:
    kind = path.partition("/")[0].removesuffix(".yaml")
    assert _problems(SMALL[kind], GOOD[path]) == []
    workspace, _ = read(GOOD)
    assert workspace is not None
    assert _problems(_schemas(PLAYS, _names(workspace))[kind], GOOD[path]) == []


@pytest.mark.parametrize(
    ("path", "text"), re.findall(r"^```yaml file=(\S+)\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)
)
def test_the_example_of_the_reference_is_taken(path: str, text: str) -> None:
    assert _problems(SMALL[path.partition("/")[0].removesuffix(".yaml")], text) == []


# -- what is wrong ------------------------------------------------------------------------------

SHAPES = {"B030", "B031", "B032", "B037", "B038", "B039", "B080", "B081", "B083", "B084", "B085", "B086",
          "B089", "B092", "B110", "B111", "M002", "M003", "M004", "M005"}  # fmt: skip
"""Mistakes of keys and shapes."""

BEYOND = {
    "rules.effective_without_timezone",
    "policy.budget_without_zone",
    "map.no_zone",
    "customers.no_zone",
    "tests.no_instant",
}
"""Wrong files of these codes whose mistake is a key that another part of the file makes necessary."""


def _wrong_shapes() -> list[Path]:
    return [path for path in sorted(WRONG.glob("*.bad.yaml")) if _is_shape(_read_wrong(path)[0])]


def _is_shape(mistakes: list[Mistake]) -> bool:
    return any(mistake.code in SHAPES for mistake in mistakes)


@pytest.mark.parametrize("path", _wrong_shapes(), ids=lambda path: path.name.removesuffix(".bad.yaml"))
def test_a_wrong_key_or_shape_is_refused(path: Path) -> None:
    kind = path.name.partition(".")[0]
    problems = _problems(NAMED[kind], path.read_bytes().decode("utf-8", "surrogateescape"))
    assert bool(problems) != (path.name.removesuffix(".bad.yaml") in BEYOND)


# -- names, and every key -----------------------------------------------------------------------

CASE = """\
boucle: rule-tests/v1
ruleset: nps
defaults:
  now: "2026-03-10T09:00:00Z"
  facts: {response.origin: direct, customer.segment: null, customer.tags: [vip], customer.arr: 15.50}
tests:
  - name: one
    facts: {nps: 3}
    expect: {rule: call, starts: csm_case, with: {team: csm}, also_matched: []}
  - name: table
    columns: [nps, customer.segment, rule]
    rows: [[6, key, call], [7, key, null]]
  - name: steps
    contact: c-1
    steps:
      - {at: "2026-03-01T10:00Z", facts: {nps: 7}, close: true}
      - {at: "2026-03-02T10:00Z", facts: {nps: 5}, expect: {starts: null, blocked_by: budgets/goodwill}}
"""


def test_a_file_of_tests_is_taken_with_the_workspaces_names() -> None:
    assert _problems(SMALL["tests"], CASE) == []
    assert _problems(NAMED["tests"], CASE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{nps: 3}", "{npz: 3}"), ("{nps: 3}", "{nps: 11}"), ("[vip]", "[vap]"), ("rule: call", "rule: cal"),
        ("columns: [nps,", "columns: [npz,"), ("budgets/goodwill", "caps/goodwill"), ("direct", "null"),
        ("ruleset: nps", "ruleset: csat"), ("close: true", "close: 1"), ("name: steps", "now: steps"),
        ("starts: csm_case", "starts: csm"),
    ],
)  # fmt: skip
def test_a_name_that_the_workspace_does_not_have_is_refused(old: str, new: str) -> None:
    assert _problems(NAMED["tests"], CASE.replace(old, new)) != []


def test_names_of_a_rule_file_are_those_of_the_workspace() -> None:
    assert _problems(NAMED["rules"], RULES) == []
    for old, new in (("team: csm", "team: cms"), ("    when", "    spends: good\n    when")):
        text = RULES.replace(old, new)
        assert _problems(NAMED["rules"], text) != []
        assert _problems(SMALL["rules"], text) == []


def test_every_key_of_the_readers_is_in_the_schemas_with_a_line_of_doc() -> None:
    assert set(SMALL["policy"]["properties"]) == policy_file.KEYS
    assert set(SMALL["rules"]["properties"]) == rules_file.KEYS
    rule = SMALL["rules"]["properties"]["rules"]["items"]["properties"]
    assert set(rule) == rule_entry.RULE_KEYS
    assert set(SMALL["rules"]["properties"]["defaults"]["properties"]) == rule_entry.DEFAULTS
    assert set(SMALL["rules"]["properties"]["undecided"]["then"]["properties"]) == rule_entry.UNDECIDED_KEYS
    fact = SMALL["facts"]["properties"]["facts"]["additionalProperties"]["properties"]
    assert set(fact) == fact_entry.EVERYWHERE_KEYS.union({"score", "scale"}, *fact_entry.ONLY_KEYS.values())
    derived = SMALL["facts"]["properties"]["derived"]["additionalProperties"]["properties"]
    assert set(derived) == derived_facts.KEYS
    for properties in (*(ANYWHERE[kind]["properties"] for kind in ANYWHERE), rule, fact, derived):
        assert [key for key, schema in properties.items() if not schema.get("description")] == []


def test_every_key_of_a_test_is_in_the_schema() -> None:
    pairs = [
        (schema_tests.DEFAULTS_KEYS, reader._DEFAULTS), (schema_tests.CASE_KEYS, reader._SINGLE),
        (schema_tests.TABLE_KEYS, reader._TABLE), (schema_tests.STEPPED_KEYS, reader._STEPPED),
        (schema_tests.STEP_KEYS, reader._STEP), (schema_tests.CELL_KEYS, reader._CELLS),
    ]  # fmt: skip
    assert [sorted(ours) for ours, _ in pairs] == [sorted(theirs) for _, theirs in pairs]
    case = SMALL["tests"]["properties"]["tests"]["items"]["else"]["else"]["properties"]
    assert set(case["expect"]["properties"]) == EXPECT_KEYS
    assert schema_tests.HEADER == reader.HEADER
    described = {**case, **case["expect"]["properties"]}
    assert [key for key, schema in described.items() if not schema.get("description")] == []
