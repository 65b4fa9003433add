"""A JSONLogic implementation's own cases, `[rule, data, result]`, held against our reading of JSONLogic.

`python -m tests.oracles.official FILE` reads a JSON list of such cases; texts in it are comments. Each case
gets a catalogue inferred from its data, and its rule is the `when:` of a rule. Either it is refused, with
a code and a reason, or it means the stated result: anything else is wrong, and exits with 1. Since most cases
compare constants, each is judged a second time with facts in their place.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from boucle.model import FactValue, Truth
from boucle.rules.compiler import compile_workspace
from boucle.rules.reading import read_facts
from boucle.rules.workspace import load
from tests.oracles.lifting import lift
from tests.unit.handmade import response
from tests.unit.written import ALWAYS, PLAYS

_RULES = """\
boucle: rules/v1
ruleset: official
rules:
  - id: case
    when: {rule}
    start: csm_case
    with: {{team: csm}}
undecided: record
"""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_MEANT: Mapping[Truth, bool | None] = {"true": True, "false": False, "undecided": None}


@dataclass(frozen=True)
class Outcome:
    """What became of one case; `code` and `why` tell a refusal, or what we make of a wrong one."""

    kind: Literal["same", "refused", "wrong"]
    rule: str
    code: str = ""
    why: str = ""


def read_cases(text: str) -> list[tuple[Any, Any, Any]]:
    """The cases of a file, comments left out; numbers with decimals are exact."""
    return [(case[0], case[1], case[2]) for case in json.loads(text, parse_float=Decimal) if _is_case(case)]


def _is_case(case: object) -> bool:
    return isinstance(case, list)


def judge(rule: Any, data: Any, result: Any) -> Outcome:
    """Read the rule over a catalogue inferred from the data, and hold its meaning against the result."""
    facts = dict(_infer(data, _texts(rule)))
    written = _write(rule)
    texts = {
        "facts.yaml": _facts_file([declared for declared, _ in facts.values()]),
        "policy.yaml": "boucle: policy/v1\nmax_age: none\n",
        "rules/official.yaml": _RULES.format(rule=written),
    }
    workspace, mistakes = load(texts, PLAYS, {}, today=date(2026, 3, 1))
    if workspace is None:
        first = next(mistake for mistake in mistakes if mistake.severity == "error")
        return Outcome("refused", written, first.code, first.message)
    values = {**ALWAYS, **{name: value for name, (_, value) in facts.items()}}
    truth = read_facts(compile_workspace(workspace), response_of(values)).truths[0]
    if _MEANT[truth] is result:
        return Outcome("same", written)
    return Outcome("wrong", written, "", f"stated is {_write(result)}, ours is {truth}")


def response_of(values: Mapping[str, FactValue]) -> Any:
    """The facts of a response with exactly these values."""
    made = response(values)
    return type(made)(values, made.responded_at)


def _write(value: Any) -> str:
    """A value as JSON, decimals with their digits: they have none in Python's."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_write(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_write, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _texts(rule: Any) -> Iterator[str]:
    """Every text of a rule: what a set may be asked for."""
    if isinstance(rule, str):
        yield rule
    for part in rule.values() if isinstance(rule, dict) else rule if isinstance(rule, list) else ():
        yield from _texts(part)


# -- the catalogue ------------------------------------------------------------------------------


def _facts_file(declared: Sequence[str]) -> str:
    lines = "".join(f"  {line}\n" for line in declared or ["nothing: {type: bool, optional: true}"])
    return f"boucle: facts/v1\nfacts:\n{lines}"


def _infer(data: Any, texts: Iterator[str], above: str = "") -> Iterator[tuple[str, tuple[str, FactValue]]]:
    """The facts that the data holds by name: each declaration, and its value."""
    known = list(texts)
    for key, value in data.items() if isinstance(data, dict) else ():
        name = above + key
        if not _NAME.fullmatch(key):
            continue
        if isinstance(value, dict):
            yield from _infer(value, iter(known), f"{name}.")
            continue
        declared = _declare(value, known)
        if declared is not None:
            typed = tuple(sorted(set(value))) if isinstance(value, list) else value
            yield name, (f"{name}: {{{declared}, optional: true}}", typed)


def _declare(value: Any, texts: Sequence[str]) -> str | None:
    """The declaration of a value's type; None where it has none: null, and lists that are no sets."""
    match value:
        case bool():
            return "type: bool"
        case int():
            return "type: int"
        case Decimal():
            return f"type: decimal, digits: {max(0, -int(value.as_tuple().exponent))}"
        case str():
            return "type: text"
        case [str(), *rest] if all(isinstance(one, str) for one in rest):
            return f"type: set, of: {_write(sorted({*value, *texts} - {''}))}"
        case _:
            return None


# -- the table ----------------------------------------------------------------------------------


def tell(outcomes: Sequence[Outcome]) -> str:
    """The counts by outcome, refusals by code with one of their reasons, and every wrong case."""
    counts = Counter(outcome.kind for outcome in outcomes)
    codes = Counter(outcome.code for outcome in outcomes if outcome.kind == "refused")
    reasons = {outcome.code: outcome.why for outcome in reversed(outcomes)}
    lines = [f"{len(outcomes):>5} cases", f"{counts['same']:>5} with the stated result"]
    lines.append(f"{counts['refused']:>5} refused")
    lines.extend(f"{count:>9} {code}, such as: {reasons[code]}" for code, count in codes.most_common())
    lines.append(f"{counts['wrong']:>5} wrong")
    lines.extend(f"      {one.rule}: {one.why}" for one in outcomes if one.kind == "wrong")
    return "\n".join(lines)


def main(path: str) -> int:
    """Judge every case of a file in both forms and print the tables; 1 where a case is wrong."""
    cases = read_cases(Path(path).read_text(encoding="utf-8"))
    stated = [judge(*case) for case in cases]
    lifted = [judge(*lift(rule, data), result) for rule, data, result in cases]
    sys.stdout.write(f"as they stand\n{tell(stated)}\n\nwith facts for constants\n{tell(lifted)}\n")
    return int(any(outcome.kind == "wrong" for outcome in (*stated, *lifted)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
