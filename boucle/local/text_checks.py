"""Whether messages and call scripts could be written now."""

from __future__ import annotations

from boucle.activities import text_checks
from boucle.local.findings import Finding, counted
from boucle.settings import Settings


def check_texts(settings: Settings) -> Finding:
    """A text is read when it is needed, also one that was edited since the rules were activated."""
    mistakes = text_checks.check_texts(settings.workspace, settings.language)
    if not mistakes:
        return Finding("texts", "ok", "every message and call script can be written", "boucle rules check")
    first = f"{mistakes[0].place}: {mistakes[0].message}"
    text = f"{counted(len(mistakes), 'mistake')} in messages and call scripts, which wait for a mend: {first}"
    return Finding("texts", "problem", text, "boucle rules check")
