"""Evaluation of ever more rules that are spread over many keys: what is added must cost little.

A key is a metric's band at a touchpoint, as where each survey has rules of its own. Of a thousand rules
at most twenty then remain that the facts of one response do not prove false. The same responses are
evaluated by few rules and by many; rounds of both take turns.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from random import Random
from statistics import median
from typing import Any

from benchmarks.other_engine import seconds_each
from benchmarks.workload import FACTS, HERE, compile_conditions, make_facts, make_test
from boucle.model import FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.condition import And, Compare, Expr, Not, Within
from boucle.rules.encoding import encode
from boucle.rules.evaluation import Evaluator
from boucle.rules.index import Index, Sides

FEW, MANY = 10, 1_000
RESPONSES, ROUNDS, PASSES = 100, 25, 5
BAR = 5
"""So many times longer, at most, the many may take."""

MOST_CANDIDATES = 20

TOUCHPOINTS = tuple(f"touchpoint-{number}" for number in range(20))
BANDS = {
    "nps": ((0, 6), (7, 8), (9, 10)),
    "csat.delivery": ((1, 2), (3, 3), (4, 5)),
    "ces.onboarding": ((1, 3), (4, 4), (5, 7)),
}
KEYS = [
    (metric, band, place) for metric, bands in BANDS.items() for band, place in product(bands, TOUCHPOINTS)
]


def run() -> dict[str, Any]:
    """Measure both sizes; AssertionError where the index changes an answer or too many rules remain."""
    random = Random(2026)  # noqa: S311 # repeatable is wanted, not secret
    keys = random.sample(KEYS, len(KEYS))
    few, many = (_compile([keys[at % len(keys)] for at in range(count)], random) for count in (FEW, MANY))
    responses = [encode(many.catalogue, _make_response(random)) for _ in range(RESPONSES)]
    texts = [json.dumps(facts) for facts in responses]
    candidates = [_count_candidates(many, facts) for facts in responses]
    if max(candidates) > MOST_CANDIDATES:
        raise AssertionError(f"{max(candidates)} candidates at one response")
    plain = _check(few, texts), _check(many, texts)
    pairs = [(_round(few.conditions, texts), _round(many.conditions, texts)) for _ in range(ROUNDS)]
    ratio = median(long / short for short, long in pairs)
    return {
        "keys": len(keys),
        "candidates": {"median": median(candidates), "most": max(candidates)},
        "sizes": [
            {
                "rules": rules,
                "microseconds": _micro(median(pair[at] for pair in pairs)),
                "index_off": _micro(median(_round(plain[at], texts) for _ in range(3))),
            }
            for at, rules in enumerate((FEW, MANY))
        ],
        "ratio": round(ratio, 2),
        "bar": BAR,
        "met": ratio <= BAR,
    }


def _compile(keys: list[tuple[str, tuple[int, int], str]], random: Random) -> Bundle:
    facts = {fact.name: fact for fact in FACTS}
    facts["response.touchpoint"] = replace(facts["response.touchpoint"], values=TOUCHPOINTS)
    return compile_conditions([_condition(key, random) for key in keys], tuple(facts.values()))


def _condition(key: tuple[str, tuple[int, int], str], random: Random) -> Expr:
    metric, (low, high), touchpoint = key
    score = Within(metric, low, high, HERE, "")
    place = Compare("response.touchpoint", "==", touchpoint, HERE, "")
    return And((score, place, make_test(random), Not(make_test(random), HERE)), HERE)


def _make_response(random: Random) -> dict[str, FactValue]:
    """Its touchpoint and its scores are known; of all else as much as of any response."""
    scores = {metric: random.randint(bands[0][0], bands[-1][1]) for metric, bands in BANDS.items()}
    return {**make_facts(random), **scores, "response.touchpoint": random.choice(TOUCHPOINTS)}


def _count_candidates(bundle: Bundle, facts: dict[str, Any]) -> int:
    """How many rules the facts do not prove false."""
    index = Index([Sides(condition.true, condition.false) for condition in bundle.conditions.conditions])
    undecided, still_open = index.settle(facts)
    return (undecided | still_open).bit_count()


def _check(bundle: Bundle, texts: list[str]) -> Evaluator:
    """The same conditions without the index, which must answer the same."""
    plain = Evaluator(bundle.conditions.conditions, (), indexed=False)
    for text in texts:
        if bundle.conditions.evaluate_text(text) != plain.evaluate_text(text):
            raise AssertionError("the index changes an answer")
    return plain


def _round(evaluator: Evaluator, texts: list[str]) -> float:
    return seconds_each(evaluator.evaluate_text, texts * PASSES)


def _micro(seconds: float) -> float:
    return round(seconds * 1_000_000, 1)


def table(result: dict[str, Any]) -> str:
    """The result for a reader."""
    most, usual = result["candidates"]["most"], result["candidates"]["median"]
    head = (
        f"Evaluation of rules spread over {result['keys']} keys, {usual:g} candidates a response, "
        f"{most} at most; microseconds of processor time a response"
    )
    rows = [
        f"  boucle, {size['rules']} rules{size['microseconds']:>{73 - len(str(size['rules']))}.1f}"
        f"  {size['index_off']} with the index off"
        for size in result["sizes"]
    ]
    met = "met" if result["met"] else "NOT MET"
    return "\n".join([head, *rows, f"  {MANY} rules take {result['ratio']}x of {FEW} (bar {BAR}x: {met})"])
