"""Runs in another engine's own environment: answers a workload, times itself, and says who it is.

Reads JSON lines from the standard input, writes one for each; imports nothing of boucle. The first line
is the workload, answered with every form's answers; each further one names a form and is answered with
the processor seconds of one round. So the caller can time itself in turn with this engine. A form is a
way of using the engine: from the JSON text of the encoded facts to 1, 0 or -1 (undecided) for each rule.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

Form = Callable[[str], list[int]]


def qubit_forms(workload: dict[str, Any]) -> dict[str, Form]:
    """`json-logic-qubit`: T and F of each rule over the parsed facts."""
    evaluate = import_module("json_logic").jsonLogic
    rules = workload["rules"]

    def both(text: str) -> list[int]:
        facts = json.loads(text)
        return [sign(evaluate(true, facts), evaluate(false, facts)) for true, false in rules]

    return {"T and F of each rule": both}


def zen_forms(workload: dict[str, Any]) -> dict[str, Form]:
    """`zen-engine`: compiled once, in the ways in which it can be used from Python."""
    compile_expression = import_module("zen").compile_expression
    pairs = [(compile_expression(true), compile_expression(false)) for true, false in workload["zen"]]
    joined = [f"({false} ? 0 : {true} ? 1 : -1)" for true, false in workload["zen"]]
    single = [compile_expression(one) for one in joined]
    whole = compile_expression(f"[{', '.join(joined)}]")

    def from_facts(text: str) -> list[int]:
        facts = json.loads(text)
        return [sign(true.evaluate(facts), false.evaluate(facts)) for true, false in pairs]

    return {
        "T and F of each rule, facts as text": lambda text: [
            sign(true.evaluate(text), false.evaluate(text)) for true, false in pairs
        ],
        "T and F of each rule, facts as dict": from_facts,
        "one expression a rule (F ? 0 : T ? 1 : -1)": lambda text: [
            int(one.evaluate(text)) for one in single
        ],
        "all rules in one array, as boucle does": lambda text: [int(one) for one in whole.evaluate(text)],
    }


def sign(true: object, false: object) -> int:
    """1 true, 0 false, -1 undecided."""
    if true is True:
        return 1
    return 0 if false is True else -1


def seconds_each(form: Callable[[str], object], texts: list[str]) -> float:
    """Processor seconds for one response, over one round of all of them."""
    start = time.process_time()
    for text in texts:
        form(text)
    return (time.process_time() - start) / len(texts)


def main(engine: str) -> None:
    """Answer the workload of the first line, then time a round for each further one."""
    workload = json.loads(sys.stdin.readline())
    forms = {"json-logic-qubit": qubit_forms, "zen-engine": zen_forms}[engine](workload)
    texts = workload["facts"]
    answers = {name: [form(text) for text in texts] for name, form in forms.items()}
    _say({"engine": engine, "version": version(engine), "answers": answers})
    for line in sys.stdin:
        _say(seconds_each(forms[json.loads(line)], texts))


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
