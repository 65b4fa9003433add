"""Whether every text of a workspace could be written: its messages and its call scripts."""

from __future__ import annotations

from pathlib import Path

from boucle.activities.scripts import check_scripts
from boucle.activities.templates import check_templates
from boucle.activities.text_files import SCRIPTS, TEMPLATES
from boucle.errors import Mistake


def check_texts(workspace: Path, language: str) -> list[Mistake]:
    """Every mistake of every text; `language` is the workspace's own, which each needs."""
    return [
        *check_templates(workspace / TEMPLATES.folder, language),
        *check_scripts(workspace / SCRIPTS.folder, language),
    ]
