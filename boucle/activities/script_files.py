"""Which call scripts a workspace has, by their files' names: nothing is read for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

FOLDER = "scripts"
FILE_NAME = re.compile(r"(?P<id>[a-z0-9][a-z0-9_-]*)\.(?P<language>[a-z]{2})\.md")


def find_scripts(folder: Path) -> dict[str, frozenset[str]]:
    """Every script by its id, with the languages it is written in."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.md")):
        if match := FILE_NAME.fullmatch(path.name):
            found.setdefault(match["id"], set()).add(match["language"])
    return {name: frozenset(languages) for name, languages in found.items()}


def name_script(play: str, params: Mapping[str, JsonValue]) -> str:
    """The script of a case: the one that its rule names, else the one that is called like its play."""
    case = params.get("case")
    named = params.get("script") or (case.get("script") if isinstance(case, dict) else None)
    return named if isinstance(named, str) else play
