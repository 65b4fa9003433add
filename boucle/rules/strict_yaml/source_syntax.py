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
    how_to_quote,
)
from boucle.rules.strict_yaml.source_text import GLUED_KEY, lines_of
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
        if _LONE_KEY.fullmatch(_line_before(text, at)):
            return _explain_lone_key(at, text, file), None
        return UnquotedColon(_place(at, file), how_to_quote(_line(text, at))), at.index
    return _explain(error, at, text, file), None


def _explain_lone_key(at: yaml.Mark, text: str, file: str) -> Mistake:
    """A key that cannot be one: the line above goes on here, which often lacks the space after its ':'."""
    lines = lines_of(text)
    above = next((number for number in range(at.line - 1, -1, -1) if lines[number].strip()), at.line)
    glued = GLUED_KEY.match(lines[above])
    if glued and above < at.line:
        return NoColon(Place(file, above + 1, glued.start("key") + 1))
    return BadIndentation(Place(file, at.line + 1, len(lines[at.line]) - len(lines[at.line].lstrip()) + 1))


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
        return BadStart(place, _char(text, at), how_to_quote(_line(text, at)))
    if "sequence entries" in problem or "mapping keys" in problem:
        return BadStart(place, f"{_char(text, at)} ", how_to_quote(_line(text, at)))
    return _explain_end(problem, at, text, place)


def _explain_flow(error: yaml.MarkedYAMLError, at: yaml.Mark, text: str, file: str) -> Mistake:
    opened = error.context_mark or at
    if at.line != opened.line:
        return UnclosedBracket(_place(opened, file), _char(text, opened))
    if _line_before(text, at).rstrip()[-1:] in {'"', "'"}:
        return TextAfterQuote(_place(at, file), how_to_quote(_line(text, at)))
    return CutInBraces(_place(at, file), _char(text, at))


def _explain_end(problem: str, at: yaml.Mark, text: str, place: Place) -> Mistake:
    before = _line_before(text, at).rstrip()
    if before.endswith(('"', "'")):
        return TextAfterQuote(place, how_to_quote(_line(text, at)))
    if not before and ("<block end>" in problem or "<document start>" in problem):
        return BadIndentation(place)
    if before.endswith(("]", "}")) or _char(text, at) in "]}":
        if before:
            return BadYaml(place, "text goes on after a bracket")
        return BadStart(place, _char(text, at), how_to_quote(_line(text, at)))
    return BadYaml(place, shortened(problem))


def _place(mark: yaml.Mark, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _char(text: str, mark: yaml.Mark) -> str:
    return text[mark.index : mark.index + 1]


def _line_before(text: str, mark: yaml.Mark) -> str:
    return _line(text, mark)[: mark.column]


def _line(text: str, mark: yaml.Mark) -> str:
    lines = lines_of(text)
    return lines[mark.line] if mark.line < len(lines) else ""
