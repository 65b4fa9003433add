"""What became of rule tests, as people, programs and build systems read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from xml.etree import ElementTree as ET

from pydantic import JsonValue

from boucle.rules.bundle import Bundle
from boucle.rules.explain import explain
from boucle.rules.explain_text import render_explanation
from boucle.rules.testing.cases import Answer, RuleTest
from boucle.rules.testing.runner import Failure, TestResult

_WHY_LINES = 24


def render_text(bundle: Bundle, results: Sequence[TestResult]) -> str:
    """Every failed test with what was expected, what came, and why; nothing of those that passed."""
    return "\n\n".join("\n".join(_lines(bundle, result)) for result in results if not result.passed)


def summarise(results: Sequence[TestResult]) -> str:
    """How many tests passed, in one line."""
    failed = sum(not result.passed for result in results)
    return f"{len(results)} test(s): {len(results) - failed} passed, {failed} failed"


def _lines(bundle: Bundle, result: TestResult) -> Iterator[str]:
    test = result.test
    yield f"{test.place}: FAILED {test.name}"
    for answered, failures in groupby(result.failures, key=lambda failure: failure.answered):
        if len(test.steps) > 1:
            yield f"  step {test.steps.index(answered.step) + 1}, {word(answered.step.at)}:"
        yield from (f"  {_headline(failure)}" for failure in failures)
        if answered.decision is not None:
            said = render_explanation(explain(bundle, answered.decision)).splitlines()
            yield "  why:"
            yield from (f"    {line}".rstrip() for line in said[:_WHY_LINES])
            yield from ["    …"] if len(said) > _WHY_LINES else []


def _headline(failure: Failure) -> str:
    expected, found = failure.expected, failure.found
    if isinstance(expected, dict) and isinstance(found, dict):
        found = {key: found.get(key, _absent(failure)) for key in expected}
    wanted = f"text with {word(expected)}" if failure.key == "because" else word(expected)
    return f"{failure.key}: expected {wanted}, got {word(found)}  ({failure.place})"


def _absent(failure: Failure) -> str | None:
    """What to say of something that is not among what came out; of a gate: that it had no say."""
    decision = failure.answered.decision
    if failure.key != "gates" or decision is None:
        return None
    return "not asked, it does not concern what starts" if decision.outcome == "starts" else "not asked"


def word(answer: Answer) -> str:
    """What was expected or found, in words."""
    match answer:
        case None:
            return "nothing"
        case bool():
            return "true" if answer else "false"
        case datetime():
            return answer.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case dict():
            return ", ".join(f"{key}: {word(value)}" for key, value in answer.items()) or "nothing"
        case list():
            return f"[{', '.join(word(one) for one in answer)}]"
        case _:
            return str(answer)


# -- for programs -------------------------------------------------------------------------------


def to_json(results: Sequence[TestResult]) -> dict[str, JsonValue]:
    """Every test with its failures."""
    failed = sum(not result.passed for result in results)
    return {
        "tests": [_as_json(result) for result in results],
        "passed": len(results) - failed,
        "failed": failed,
    }


def _as_json(result: TestResult) -> JsonValue:
    test = result.test
    return {
        "name": test.name,
        "ruleset": test.rule_set,
        "file": test.place.file,
        "line": test.place.line,
        "column": test.place.column,
        "passed": result.passed,
        "failures": [
            {
                "key": failure.key,
                "expected": _plain(failure.expected),
                "found": _plain(failure.found),
                "step": test.steps.index(failure.answered.step) + 1,
                "line": failure.place.line,
                "column": failure.place.column,
            }
            for failure in result.failures
        ],
    }


def _plain(answer: Answer) -> JsonValue:
    return word(answer) if isinstance(answer, datetime) else answer


def to_junit(results: Sequence[TestResult], extra: Sequence[tuple[str, str, str | None]] = ()) -> str:
    """One test case each, one suite for each file; `extra` are (suite, name, what is wrong or None)."""
    root = ET.Element("testsuites", name="boucle rules test")
    cases: list[tuple[str, str, RuleTest | None, str | None]] = [
        (result.test.place.file, result.test.name, result.test, _fault(result)) for result in results
    ]
    cases += [(suite, name, None, fault) for suite, name, fault in extra]
    for name, found in groupby(cases, key=lambda case: case[0]):
        suite = ET.SubElement(root, "testsuite", name=name)
        every = list(found)
        for _, case, test, fault in every:
            _add_case(suite, case, test, fault)
        suite.set("tests", str(len(every)))
        suite.set("failures", str(sum(fault is not None for *_, fault in every)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def _fault(result: TestResult) -> str | None:
    return None if result.passed else "\n".join(_headline(failure) for failure in result.failures)


def _add_case(suite: ET.Element, name: str, test: RuleTest | None, fault: str | None) -> None:
    case = ET.SubElement(suite, "testcase", classname=_clean(suite.get("name", "")), name=_clean(name))
    if test is not None:
        case.set("file", test.place.file)
        case.set("line", str(test.place.line))
    if fault is not None:
        said = _clean(fault)
        ET.SubElement(case, "failure", message=said.partition("\n")[0]).text = said


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")
