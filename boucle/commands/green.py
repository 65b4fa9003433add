"""Whether a workspace's rules may be put in force: no error, no test that fails, every guarantee proved."""

from __future__ import annotations

from boucle.commands.opening import MistakesError
from boucle.commands.ruling import check_workspace
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.settings import Settings


def require_green(settings: Settings) -> Bundle:
    """The workspace's bundle, all green; otherwise an error that says what is not."""
    checked = check_workspace(settings.workspace)
    if checked.workspace is None or checked.errors:
        raise MistakesError(checked.errors, checked.texts)
    return compile_workspace(checked.workspace)
