"""Mistakes as people, editors and build systems read them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from boucle.errors import Mistake
from boucle.rules.strict_yaml.source_text import lines_of

ReportFormat = Literal["text", "concise", "json", "sarif", "github"]

_WIDTH = 110
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_NOTICES = {"error": "error", "warning": "warning", "info": "notice"}


def render(mistakes: Sequence[Mistake], texts: Mapping[str, str], format_: ReportFormat = "text") -> str:
    """All mistakes in one of five formats; `texts` are the files, for the lines that `text` shows."""
    renderers: Mapping[ReportFormat, Callable[[], str]] = {
        "text": lambda: "\n\n".join(_in_full(mistake, texts) for mistake in mistakes),
        "concise": lambda: "\n".join(_headline(mistake) for mistake in mistakes),
        "json": lambda: json.dumps([_as_json(mistake) for mistake in mistakes], indent=2, ensure_ascii=False),
        "sarif": lambda: json.dumps(_as_sarif(mistakes), indent=2, ensure_ascii=False),
        "github": lambda: "\n".join(_as_annotation(mistake) for mistake in mistakes),
    }
    return renderers[format_]()


def _headline(mistake: Mistake) -> str:
    return f"{mistake.place}: {mistake.severity}[{mistake.code}] {mistake.message}"


def _in_full(mistake: Mistake, texts: Mapping[str, str]) -> str:
    shown = [_headline(mistake)]
    lines = lines_of(texts.get(mistake.place.file, "").removeprefix("\ufeff"))
    if 0 < mistake.place.line <= len(lines):
        shown.extend(_point_at(lines[mistake.place.line - 1], mistake.place.column))
    if mistake.help:
        shown.append(f"  help: {mistake.help}")
    return "\n".join(shown)


def _point_at(line: str, column: int) -> list[str]:
    """The line and a caret under its column; of a long line, the part around it."""
    if not line.strip():
        return []
    first = max(0, min(column - 1, len(line)) - _WIDTH // 2) if len(line) > _WIDTH else 0
    part = "".join(_visible(char) for char in line[first : first + _WIDTH])
    before = "…" if first else ""
    after = "…" if first + _WIDTH < len(line) else ""
    indent = sum(_columns(char) for char in part[: column - 1 - first]) + len(before)
    return [f"  | {before}{part.rstrip()}{after}", f"  | {' ' * indent}^"]


def _visible(char: str) -> str:
    if char == "\t":
        return " "
    if char in "\u00a0\u202f":
        return "\u2423"
    return char if char.isprintable() or unicodedata.combining(char) else "\ufffd"


def _columns(char: str) -> int:
    """How many columns of a terminal a character takes (Unicode Standard Annex 11)."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _as_json(mistake: Mistake) -> JsonValue:
    return {
        "file": mistake.place.file,
        "line": mistake.place.line,
        "column": mistake.place.column,
        "severity": mistake.severity,
        "code": mistake.code,
        "message": mistake.message,
        "help": mistake.help,
    }


def _as_sarif(mistakes: Sequence[Mistake]) -> JsonValue:
    """A SARIF 2.1.0 log with one run."""
    kinds = {mistake.code: type(mistake) for mistake in mistakes}
    rules: list[JsonValue] = [
        {"id": code, "shortDescription": {"text": (kinds[code].__doc__ or code).strip()}}
        for code in sorted(kinds)
    ]
    results: list[JsonValue] = [_as_result(mistake) for mistake in mistakes]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "boucle", "rules": rules}}, "results": results}],
    }


def _as_result(mistake: Mistake) -> JsonValue:
    text = mistake.message if mistake.help is None else f"{mistake.message}. {mistake.help}"
    region: JsonValue = {"startLine": mistake.place.line, "startColumn": mistake.place.column}
    return {
        "ruleId": mistake.code,
        "level": _LEVELS[mistake.severity],
        "message": {"text": text},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": mistake.place.file}, "region": region}}
        ],
    }


def _as_annotation(mistake: Mistake) -> str:
    """A workflow command of GitHub Actions, which shows the mistake beside the line."""
    place = mistake.place
    text = mistake.message if mistake.help is None else f"{mistake.message}\n{mistake.help}"
    where = f"file={_escaped(place.file, ':,')},line={place.line},col={place.column}"
    return f"::{_NOTICES[mistake.severity]} {where},title={mistake.code}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    """Percent-encoded where a workflow command would end."""
    for char in f"%\r\n{more}":
        text = text.replace(char, f"%{ord(char):02X}")
    return text
