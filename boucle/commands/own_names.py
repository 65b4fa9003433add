"""What a workspace calls its own, beside what its rule files declare: the names that a rule can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boucle.settings import Settings


def list_own_names(settings: Settings) -> Mapping[str, frozenset[str]]:
    """The names of templates, teams, people, skills and call scripts, by what they name."""
    from boucle.activities.text_files import SCRIPTS, TEMPLATES

    folder = settings.workspace
    return {
        "template": frozenset(TEMPLATES.find_texts(folder / TEMPLATES.folder)),
        "team": frozenset(settings.teams),
        "person": frozenset(settings.people),
        "skill": settings.skills,
        "script": frozenset(SCRIPTS.find_texts(folder / SCRIPTS.folder)),
    }
