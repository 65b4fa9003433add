"""pyyaml's own complaints, turned into mistakes with a place and the probable mend."""

from __future__ import annotations

import re

import yaml

from boucle.errors import Mistake, Place
from boucle.rules.strict_yaml.source_mistakes import (
    BadEscape,
    BadIndentation,
    BadStart,
    BadYaml,
    CutInBraces,
    NoColon,
    TextAfterQuote,
    UnclosedBracket,
    UnclosedQuote,
    UnquotedColon,
)
from boucle.rules.strict_yaml.source_text import lines_of
from boucle.rules.worded import shortened

_COLON = "mapping values are not allowed here"
_LONE_KEY = re.compile(r"[ ]*(?:- +)*[\w.-]*")


def explain_syntax(
    error: yaml.MarkedYAMLError | ValueError, mark: yaml.Mark, text: str, file: str
) -> tuple[Mistake, int | None]:
    """The mistake behind an error, and the index of a colon that can be masked to read on."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return BadEscape(_place(mark, file)), None
    at = error.problem_mark or error.context_mark or mark
    if error.problem == _COLON:
        lone = _LONE_KEY.fullmatch(_line_before(text, at))
        place = _place(at, file)
        return (BadIndentation(place), None) if lone else (UnquotedColon(place), at.index)
    return _explain(error, at, text, file), None


def _explain(error: yaml.MarkedYAMLError, at: yaml.Mark, text: str, file: str) -> Mistake:
    context, problem = error.context or "", error.problem or ""
    begun = _place(error.context_mark or at, file)
    place = _place(at, file)
    if "escape" in problem or "escape" in context or "hexadecimal" in problem:
        return BadEscape(place)
    if "quoted scalar" in context:
        return UnclosedQuote(begun)
    if "simple key" in context:
        return NoColon(begun)
    if "flow" in context:
        return _explain_flow(error, at, text, file)
    return _explain_block(problem, at, text, place)


def _explain_block(problem: str, at: yaml.Mark, text: str, place: Place) -> Mistake:
    if "cannot start any token" in problem or "expected the node content" in problem:
        return BadStart(place, _char(text, at))
    if "sequence entries" in problem or "mapping keys" in problem:
        return BadStart(place, f"{_char(text, at)} ")
    return _explain_end(problem, at, text, place)


def _explain_flow(error: yaml.MarkedYAMLError, at: yaml.Mark, text: str, file: str) -> Mistake:
    opened = error.context_mark or at
    if at.line != opened.line:
        return UnclosedBracket(_place(opened, file), _char(text, opened))
    if _line_before(text, at).rstrip()[-1:] in {'"', "'"}:
        return TextAfterQuote(_place(at, file))
    return CutInBraces(_place(at, file), _char(text, at))


def _explain_end(problem: str, at: yaml.Mark, text: str, place: Place) -> Mistake:
    before = _line_before(text, at).rstrip()
    if before.endswith(('"', "'")):
        return TextAfterQuote(place)
    if not before and ("<block end>" in problem or "<document start>" in problem):
        return BadIndentation(place)
    if before.endswith(("]", "}")) or _char(text, at) in "]}":
        return (
            BadStart(place, _char(text, at)) if not before else BadYaml(place, "text goes on after a bracket")
        )
    return BadYaml(place, shortened(problem))


def _place(mark: yaml.Mark, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _char(text: str, mark: yaml.Mark) -> str:
    return text[mark.index : mark.index + 1]


def _line_before(text: str, mark: yaml.Mark) -> str:
    lines = lines_of(text)
    return lines[mark.line][: mark.column] if mark.line < len(lines) else ""
