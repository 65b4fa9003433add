"""Which message templates a workspace has, by their files' names: nothing is read for it."""

from __future__ import annotations

import re
from pathlib import Path

FILE_NAME = re.compile(r"(?P<id>[a-z0-9][a-z0-9-]*)\.(?P<language>[a-z]{2})\.txt")


def find_templates(folder: Path) -> dict[str, frozenset[str]]:
    """Every template by its id, with the languages it is written in."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.txt")):
        if match := FILE_NAME.fullmatch(path.name):
            found.setdefault(match["id"], set()).add(match["language"])
    return {name: frozenset(languages) for name, languages in found.items()}
