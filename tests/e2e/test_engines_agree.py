"""The compiled form means the same to every JSONLogic engine, each in its own environment."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from random import Random

import pytest
from pydantic import JsonValue

from boucle.model import Truth
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.encoding import encode
from boucle.rules.evaluation import Evaluator
from boucle.rules.reading import read_facts
from tests.oracles import answer, environments
from tests.oracles.cases import random_definitions, random_expression, random_facts
from tests.unit.handmade import response, rule, rule_set, workspace

BUNDLES, CONDITIONS, RESPONSES = 155, 5, 20
UNKNOWN = 0.3


@dataclass(frozen=True)
class Case:
    """T and F of some conditions, the engine's data of some responses, and what we make of each."""

    expressions: list[JsonValue]
    data: list[JsonValue]
    ours: list[list[bool]]

    @cached_property
    def question(self) -> str:
        return json.dumps({"expressions": self.expressions, "data": self.data})


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    random = Random(20_260_310)  # noqa: S311 # repeatable is wanted, not secret
    return [case for _ in range(BUNDLES) for case in make_cases(random)]


def make_cases(random: Random) -> Iterator[Case]:
    """The conditions of a bundle, and its tests on personal facts, which are evaluated before them."""
    bundle = make_bundle(random)
    responses = [response(random_facts(random, UNKNOWN)) for _ in range(RESPONSES)]
    readings = [read_facts(bundle, facts) for facts in responses]
    data = [bundle.conditions.data(reading.known, reading.personal) for reading in readings]
    yield make_case(bundle.conditions, data, [reading.truths for reading in readings])
    if bundle.personal:
        encoded = [encode(bundle.catalogue, facts.values) for facts in responses]
        truths = [tuple(reading.personal.values()) for reading in readings]
        yield make_case(
            bundle.personal_atoms, [bundle.personal_atoms.data(one, {}) for one in encoded], truths
        )


def make_bundle(random: Random) -> Bundle:
    definitions = random_definitions(random)
    names = tuple(definition.name for definition in definitions)
    rules = [rule(f"rule-{number}", random_expression(random, 3, names)) for number in range(CONDITIONS)]
    return compile_workspace(workspace(rule_set(*rules, definitions=definitions)))


def make_case(
    evaluator: Evaluator, data: Sequence[dict[str, JsonValue]], truths: Sequence[Sequence[Truth]]
) -> Case:
    conditions = evaluator.conditions
    expressions = [side for condition in conditions for side in (condition.true, condition.false)]
    ours = [[truth == word for truth in row for word in ("true", "false")] for row in truths]
    return Case(expressions, [*data], ours)


Answers = list[list[list[JsonValue]]]


@pytest.fixture(scope="module")
def answers(cases: list[Case]) -> dict[str, Answers]:
    """Each engine's answers to each case, all engines at work at once."""
    with ThreadPoolExecutor() as pool:
        asked = {engine: pool.submit(ask, engine, cases) for engine in environments.JSONLOGIC}
    return {engine: answer.result() for engine, answer in asked.items()}


def ask(engine: str, cases: Sequence[Case]) -> Answers:
    """The engine's answers; the distribution that answers must be the one asked."""
    command = [str(environments.get_python(engine)), answer.__file__, engine]
    questions = "\n".join(case.question for case in cases)
    asked = subprocess.run(command, input=questions, capture_output=True, text=True, check=True)
    introduction, *answers = asked.stdout.splitlines()
    assert json.loads(introduction)["distributions"] == [engine]
    return [json.loads(line) for line in answers]


def test_there_are_enough_evaluations_with_enough_unknown_and_each_truth_value_occurs(
    cases: list[Case],
) -> None:
    evaluations = [
        (row[at], row[at + 1]) for case in cases for row in case.ours for at in range(0, len(row), 2)
    ]
    assert len(evaluations) >= 20_000
    counts = Counter(evaluations)
    assert counts[True, True] == 0
    assert min(counts[True, False], counts[False, True], counts[False, False]) > 2_000


@pytest.mark.parametrize("engine", environments.JSONLOGIC)
def test_every_engine_gives_the_same_truth_values(
    engine: str, cases: list[Case], answers: dict[str, Answers]
) -> None:
    different = [
        (case.expressions[column], case.data[row], value)
        for case, rows in zip(cases, answers[engine], strict=True)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not case.ours[row][column]
    ]
    assert different == []
