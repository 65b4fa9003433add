"""An explanation as text: one line a part, its truth value, what was found, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from boucle.rules.explain import Cause, Explanation, Part

_WIDEST = 52
"""A column is padded to no more than this; longer texts push their own line."""


@dataclass(frozen=True)
class _Line:
    text: str
    truth: str = ""
    found: str = ""
    place: str = ""


def render_explanation(explanation: Explanation) -> str:
    """The explanation in lines, without a line break at the end."""
    lines = [*_head(explanation), *_others(explanation), *_unclaimed(explanation), *_gates(explanation)]
    table = _table(_with_short_places(lines))
    after = [explanation.because and f"because: {explanation.because}"]
    if explanation.from_record:
        after.append("Tests on personal facts are shown by the truth values in the record.")
    return "\n".join([explanation.outcome, *table, *(line for line in after if line)])


def _head(explanation: Explanation) -> Iterator[_Line]:
    cause = explanation.cause
    if cause is None:
        return
    yield _Line(cause.name, "TRUE", _kind(cause), cause.place or "")
    if cause.condition is not None:
        yield from _condition(cause.condition)


def _kind(cause: Cause) -> str:
    return {"rule": "", "undecided": "the fallback", "reason": "the reason"}[cause.kind]


def _condition(part: Part) -> Iterator[_Line]:
    """A rule's `all of` needs no line of its own: that is how its conditions are read."""
    below = part.parts if part.text == "all of" else (part,)
    for one in below:
        yield from _part(one, "  ")


def _part(part: Part, indent: str) -> Iterator[_Line]:
    yield _Line(indent + part.text, part.truth, part.found or "", part.place or "")
    for below in part.parts:
        yield from _part(below, indent + "  ")


def _others(explanation: Explanation) -> Iterator[_Line]:
    for passed in explanation.others:
        yield _Line(f"not taken: {passed.rule}", passed.truth, passed.why, passed.place or "")


def _unclaimed(explanation: Explanation) -> Iterator[_Line]:
    for one in explanation.unclaimed:
        yield _Line(f"only_when of {one.rule_set}", one.truth, one.why, one.place or "")


def _gates(explanation: Explanation) -> Iterator[_Line]:
    for gate in explanation.gates:
        yield _Line(f"gate: {gate.gate}", gate.result, gate.detail or "")


def _with_short_places(lines: list[_Line]) -> Iterator[_Line]:
    """A file is named once; after that only its lines."""
    last = ""
    for line in lines:
        file, colon, number = line.place.rpartition(":")
        short = f":{number}" if colon and file == last else line.place
        last = file or last
        yield _Line(line.text, line.truth, line.found, short)


def _table(lines: Iterator[_Line]) -> list[str]:
    every = list(lines)
    wide = min(max((len(line.text) for line in every), default=0), _WIDEST)
    found = min(max((len(line.found) for line in every), default=0), _WIDEST)
    return [
        f"{line.text:<{wide}}  {line.truth:<9}  {line.found:<{found}}  {line.place}".rstrip()
        for line in every
    ]
