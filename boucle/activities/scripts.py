"""Call scripts: `scripts/<id>.<language>.md`, open questions for whoever calls the customer.

A line that begins with `- ` is a question, one that begins with `#` a heading; variables stand in double
braces, as in a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import TemplateError

from boucle.activities.template_language import find_faults, make_environment
from boucle.activities.text_files import SCRIPTS, Fault, TextMistake
from boucle.errors import BoucleError, Mistake

VARIABLES: Mapping[str, frozenset[str]] = {
    "contact": frozenset({"name"}),
    "score": frozenset(),
    "company": frozenset(),
    "owner": frozenset({"name"}),
}
"""Every variable of a script, with its parts."""

_QUESTION, _HEADING = "- ", "#"


class ScriptFailedError(BoucleError):
    """A script cannot be written: a workspace that was checked has none such."""

    def __init__(self, script: str, language: str, detail: str) -> None:
        super().__init__(f"script '{script}' in '{language}': {detail}")


@dataclass(frozen=True)
class Script:
    """A script as it is read before a call: its questions in order."""

    id: str
    language: str
    questions: tuple[str, ...]


def find_script(
    folder: Path, script: str, languages: tuple[str, ...], values: Mapping[str, Any]
) -> Script | None:
    """The script in the first of the languages that it is written in; None where there is none."""
    for language in languages:
        path = folder / f"{script}.{language}.md"
        if path.is_file():
            return Script(script, language, _ask(path, script, language, values))
    return None


def _ask(path: Path, script: str, language: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        text = make_environment().from_string(path.read_text("utf-8")).render(values)
    except (TemplateError, UnicodeDecodeError) as error:
        raise ScriptFailedError(script, language, str(error)) from error
    return tuple(line.removeprefix(_QUESTION).strip() for line in text.splitlines() if _is_question(line))


def _is_question(line: str) -> bool:
    return line.startswith(_QUESTION) and bool(line.removeprefix(_QUESTION).strip())


# -- checking -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScriptMistake(TextMistake):
    """A call script that could not be read before a call."""

    code: ClassVar[str] = "T002"

    @property
    def help(self) -> str:
        """Where the form is said."""
        return "docs/plays.md says how a script is written, and lists its variables"


def check_scripts(folder: Path, language: str) -> list[Mistake]:
    """Every mistake of every script; `language` is the workspace's own, which each needs."""
    return [ScriptMistake(*found) for found in SCRIPTS.check_texts(folder, language, _check_source)]


def _check_source(source: str) -> Iterator[Fault]:
    yield from _check_lines(source)
    yield from find_faults(source, VARIABLES)


def _check_lines(source: str) -> Iterator[Fault]:
    lines = source.splitlines()
    for number, line in enumerate(lines, start=1):
        if line.strip() and not (_is_question(line) or line.startswith((_HEADING, "{%"))):
            yield number, f"'{line.strip()[:40]}' is neither a question ('- …') nor a heading ('# …')"
    if not any(map(_is_question, lines)):
        yield 1, "there is no question in it: a line that begins with '- '"
