"""Writing something down for colleagues."""

from __future__ import annotations

from typing import ClassVar

from boucle.engine.acts.deed import Deed, Doing
from boucle.model import ActKind


class Note(Deed):
    """The actor wrote something down for colleagues; customers never see it."""

    kind: ClassVar = ActKind.NOTE
    needs_text: ClassVar = True

    def do(self, doing: Doing) -> None:
        """The text is kept."""
        doing.note()
