"""Evaluation of rules, ours against others: the same facts in, the same answers out, in one run.

From the JSON text of the encoded facts to true, false or undecided of each of 100 rules of about four
tests; 30 % of the optional facts unknown. The others read the facts nested, as JSONLogic's dotted names
need them; boucle reads them flat, as its records hold them. Every side has compiled its rules before;
each engine runs in its own environment. Times are processor time. Ours, with the index and without it,
and the other's rounds take turns, and each ratio is the median over such turns, so that a machine that
slows down slows all.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from statistics import median
from typing import IO, Any

import datalogic_py
from pydantic import JsonValue

from benchmarks import other_engine
from benchmarks.other_engine import seconds_each
from benchmarks.workload import compile_rules, make_facts
from benchmarks.zen_language import translate
from boucle.rules.bundle import Bundle
from boucle.rules.decide import decide
from boucle.rules.encoding import encode
from boucle.rules.evaluation import Evaluator
from boucle.rules.reading import Facts
from tests.oracles.environments import create

RULES, RESPONSES, ROUNDS = 100, 100, 15
PASSES = 20
"""Ours goes so often over the responses in one round: a round as short as one pass would mostly show
that the other process has just had the processor's caches."""
SIZES = (10, 100, 1_000)
DECISION_RULES = 20
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)

BARS = {
    ("zen-engine", "T and F of each rule, facts as dict"): 15,
    ("json-logic-qubit", "T and F of each rule"): 100,
}
"""How many times faster ours must be than each engine, used as its own documentation uses it."""

_SIGNS = {"true": 1, "false": 0, "undecided": -1}


@dataclass(frozen=True)
class Workload:
    """The rules, with the index and without it, and the facts of each response."""

    bundle: Bundle
    plain: Evaluator
    responses: list[dict[str, JsonValue]]
    texts: list[str]


def run() -> dict[str, Any]:
    """Measure all, and check that every side gives the same answers."""
    random = Random(2026)  # noqa: S311 # repeatable is wanted, not secret
    work = make_workload(RULES, random)
    others = [one for engine in ("zen-engine", "json-logic-qubit") for one in compare(engine, work)]
    return {
        "rules": RULES,
        "responses": RESPONSES,
        "rounds": ROUNDS,
        "engine": f"datalogic-py {datalogic_py.__version__}",
        **_measure(work),
        "others": others,
        "sizes": [{"rules": count, **_measure(make_workload(count, random))} for count in SIZES],
        "decision": _decision(random),
    }


def make_workload(count: int, random: Random) -> Workload:
    """So many rules, and responses for them."""
    bundle = compile_rules(count, random)
    responses = [encode(bundle.catalogue, make_facts(random)) for _ in range(RESPONSES)]
    plain = Evaluator(bundle.conditions.conditions, (), indexed=False)
    return Workload(bundle, plain, responses, [json.dumps(facts) for facts in responses])


def _measure(work: Workload) -> dict[str, float]:
    """For one response, from JSON text to the truth value of every rule; medians of the rounds."""
    rounds = [(_round(work.bundle.conditions, work.texts), _round(work.plain, work.texts)) for _ in range(5)]
    return {
        "microseconds": _micro(median(indexed for indexed, _ in rounds)),
        "index_off": _micro(median(plain for _, plain in rounds)),
    }


def _round(evaluator: Evaluator, texts: list[str]) -> float:
    return seconds_each(evaluator.evaluate_text, texts * PASSES)


def compare(engine: str, work: Workload) -> Iterator[dict[str, Any]]:
    """Each way of using the engine, in turn with ours; AssertionError where it answers otherwise."""
    expected = _answer(work.bundle.conditions, work.texts)
    if expected != _answer(work.plain, work.texts):
        raise AssertionError("the index changes an answer")
    with _asking(engine) as (ask, answer):
        told = _exchange(ask, answer, _questions(work))
        for form, answers in told["answers"].items():
            if answers != expected:
                raise AssertionError(f"{engine} ({form}) answers otherwise than boucle")
            turns = [
                (
                    _exchange(ask, answer, form),
                    _round(work.bundle.conditions, work.texts),
                    _round(work.plain, work.texts),
                )
                for _ in range(ROUNDS)
            ]
            yield _compared(f"{engine} {told['version']}", form, turns, BARS.get((engine, form)))


def _answer(evaluator: Evaluator, texts: list[str]) -> list[list[int]]:
    return [[_SIGNS[truth] for truth in evaluator.evaluate_text(text)] for text in texts]


def _questions(work: Workload) -> dict[str, Any]:
    conditions = work.bundle.conditions.conditions
    return {
        "rules": [(one.true, one.false) for one in conditions],
        "zen": [(translate(one.true), translate(one.false)) for one in conditions],
        "facts": [json.dumps(work.bundle.conditions.data(facts, {})) for facts in work.responses],
    }


@contextmanager
def _asking(engine: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """The engine's process, in its own environment: where to write questions, where to read answers."""
    command = [str(create(engine)), other_engine.__file__, engine]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 # our own script in an environment of ours
        assert process.stdin is not None  # noqa: S101 # both are pipes
        assert process.stdout is not None  # noqa: S101 # both are pipes
        yield process.stdin, process.stdout


def _exchange(ask: IO[str], answer: IO[str], question: Any) -> Any:
    ask.write(json.dumps(question) + "\n")
    ask.flush()
    return json.loads(answer.readline())


def _compared(
    engine: str, form: str, turns: list[tuple[float, float, float]], bar: float | None
) -> dict[str, Any]:
    ratio = median(other / ours for other, ours, _ in turns)
    return {
        "engine": engine,
        "form": form,
        "microseconds": _micro(median(other for other, _, _ in turns)),
        "ours": _micro(median(ours for _, ours, _ in turns)),
        "times_ours": round(ratio, 1),
        "times_index_off": round(median(other / plain for other, _, plain in turns), 1),
        "bar": bar,
        "met": None if bar is None else ratio >= bar,
    }


def _decision(random: Random) -> dict[str, Any]:
    """A whole decision: typed facts in, the record of the decision out, digest and reasons included."""
    bundle = compile_rules(DECISION_RULES, random)
    facts = [Facts(make_facts(random), AT) for _ in range(RESPONSES)]
    usual = median(_seconds_of(bundle, facts) for _ in range(ROUNDS))
    return {"rules": DECISION_RULES, "microseconds": _micro(usual)}


def _seconds_of(bundle: Bundle, responses: list[Facts]) -> float:
    return seconds_each(lambda _: _decide_all(bundle, responses), [""]) / len(responses)


def _decide_all(bundle: Bundle, responses: list[Facts]) -> list[int]:
    return [len(decide(bundle, facts, AT).rules) for facts in responses]


def _micro(seconds: float) -> float:
    return round(seconds * 1_000_000, 1)


# -- as a table ---------------------------------------------------------------------------------


def table(result: dict[str, Any]) -> str:
    """The result for a reader."""
    rows = [(f"boucle ({result['engine']})", result["microseconds"], _word_off(result))]
    rows += [
        (f"{one['engine']}: {one['form']}", one["microseconds"], _word_ratio(one)) for one in result["others"]
    ]
    rows += [
        (f"boucle, {size['rules']} rules", size["microseconds"], _word_off(size)) for size in result["sizes"]
    ]
    decision = result["decision"]
    rows.append((f"a whole decision, {decision['rules']} rules", decision["microseconds"], "aim 500"))
    head = f"Evaluation of {result['rules']} rules; microseconds of processor time a response, medians"
    return "\n".join([head, *(f"  {name:<66} {time:>9.1f}  {note}".rstrip() for name, time, note in rows)])


def _word_off(measured: dict[str, Any]) -> str:
    return f"{measured['index_off']} with the index off"


def _word_ratio(other: dict[str, Any]) -> str:
    bar = "" if other["bar"] is None else f" (bar {other['bar']}x: {'met' if other['met'] else 'NOT MET'})"
    return f"{other['times_ours']}x ours{bar}, {other['times_index_off']}x with the index off"
