"""The export means the same to every JSONLogic engine, each in an environment of its own.

`BOUCLE_DIFFERENTIAL=full` asks for more than 100,000 truth values instead of 10,000; `-s` shows the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import pytest
from pydantic import JsonValue

from boucle.model import Truth
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.encoding import encode, nest
from boucle.rules.reading import read_facts
from boucle.rules.ruleset import Undecided
from boucle.rules.writing.export import export_bundle, folded_facts
from tests.oracles import environments
from tests.oracles.cases import random_definitions, random_expression, random_facts
from tests.unit.handmade import place, reason, response, rule, rule_set, workspace

FULL = os.environ.get("BOUCLE_DIFFERENTIAL") == "full"
BUNDLES = 640 if FULL else 65
RULES, RESPONSES = 5, 20
CONDITIONS = RULES + 3
"""Beside the rules: what the set decides, the fallback, and a reason."""

UNKNOWN = 0.3
Pair = tuple[bool, bool]
"""Whether "is true" holds, and whether "is false" does."""

PAIRS: Mapping[Truth, Pair] = {
    "true": (True, False),
    "false": (False, True),
    "undecided": (False, False),
}


@dataclass(frozen=True)
class Case:
    """A bundle's exported expressions, the data of some responses, and the truth values that we give them."""

    expressions: list[JsonValue]
    data: list[JsonValue]
    ours: list[list[Pair]]

    @cached_property
    def question(self) -> str:
        return json.dumps({"expressions": self.expressions, "data": self.data})


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    random = Random(20_260_310)  # noqa: S311 # repeatable is wanted, not secret
    return [make_case(random) for _ in range(BUNDLES)]


def make_case(random: Random) -> Case:
    bundle = make_bundle(random)
    responses = [response(random_facts(random, UNKNOWN)) for _ in range(RESPONSES)]
    folded = folded_facts(bundle)
    return Case(
        expressions=[side for condition in exported(bundle) for side in condition],
        data=[nest(encode(bundle.catalogue, facts.values), folded) for facts in responses],
        ours=[[PAIRS[truth] for truth in read_facts(bundle, facts).truths] for facts in responses],
    )


def make_bundle(random: Random) -> Bundle:
    definitions = random_definitions(random)
    names = tuple(definition.name for definition in definitions)
    only_when, fallback, why = (random_expression(random, 3, names) for _ in range(3))
    rules = [rule(f"rule-{number}", random_expression(random, 3, names)) for number in range(RULES)]
    written = rule_set(
        *rules,
        definitions=definitions,
        only_when=only_when,
        undecided=Undecided(place(30), fallback, "csm_case", {"team": "csm"}),
        otherwise=(reason("why", why),),
    )
    return compile_workspace(workspace(written))


def exported(bundle: Bundle) -> Iterator[tuple[JsonValue, JsonValue]]:
    """The "is true" and "is false" of each condition, in the order in which the bundle answers."""
    copy: Any = json.loads(json.dumps(export_bundle(bundle)))
    (written,) = copy["rule_sets"]
    conditions = [
        written["only_when"], *written["rules"], written["undecided"]["condition"], *written["otherwise"],
    ]  # fmt: skip
    return ((condition["is_true"], condition["is_false"]) for condition in conditions)


Answers = list[list[list[Pair]]]


@pytest.fixture(scope="module")
def answers(cases: list[Case]) -> dict[str, Answers]:
    """Each engine's answers to each case, all engines at work at once."""
    engines = environments.list_engines()
    with ThreadPoolExecutor() as pool:
        asked = {engine: pool.submit(ask, engine, cases) for engine in engines}
    return {engine: answer.result() for engine, answer in asked.items()}


def ask(engine: str, cases: Sequence[Case]) -> Answers:
    """The engine's answers; the distribution that answers must be the one asked."""
    questions = "\n".join(case.question for case in cases) + "\n"
    command = environments.answering(engine)
    asked = subprocess.run(command, input=questions, capture_output=True, text=True, check=True)
    introduction, *answers = asked.stdout.splitlines()
    assert json.loads(introduction)["distributions"] == [engine]
    return [[list(zip(row[::2], row[1::2], strict=True)) for row in json.loads(line)] for line in answers]


def test_there_are_enough_evaluations_with_enough_unknown_and_each_truth_value_occurs(
    cases: list[Case],
) -> None:
    counts = Counter(pair for case in cases for row in case.ours for pair in row)
    assert counts.total() == BUNDLES * RESPONSES * CONDITIONS >= (100_000 if FULL else 10_000)
    assert counts[True, True] == 0
    assert min(counts[pair] for pair in PAIRS.values()) > counts.total() / 10


def test_the_engines_of_node_are_asked_exactly_where_there_is_node() -> None:
    asked = environments.list_engines()
    assert set(environments.NODE).issubset(asked) is environments.has_node()
    assert {environments.OURS, *environments.JSONLOGIC} <= set(asked)


@pytest.mark.parametrize("engine", environments.list_engines())
def test_every_engine_gives_the_same_truth_values(
    engine: str, cases: list[Case], answers: dict[str, Answers]
) -> None:
    asked = 0
    different: list[tuple[list[JsonValue], JsonValue, Pair]] = []
    for case, rows in zip(cases, answers[engine], strict=True):
        for row, (theirs, ours) in enumerate(zip(rows, case.ours, strict=True)):
            asked += len(ours)
            different.extend(
                (case.expressions[2 * at : 2 * at + 2], case.data[row], pair)
                for at, pair in enumerate(theirs)
                if pair[0] is not ours[at][0] or pair[1] is not ours[at][1]
            )
    print(f"{engine}: {asked:,} truth values, {len(different)} different")  # noqa: T201 # the figures, with -s
    assert asked == BUNDLES * RESPONSES * CONDITIONS
    assert different == []
