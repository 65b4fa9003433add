"""Another response has joined the loop: what it changed is written already, its play is to look."""

from __future__ import annotations

from typing import ClassVar

from boucle.engine.acts.deed import Deed, Doing
from boucle.model import ActKind


class Join(Deed):
    """A response joined the loop, or one of its own was corrected. Taken by any loop, of whatever state."""

    kind: ClassVar = ActKind.JOIN
    on_closed: ClassVar = True
    at_once: ClassVar = True

    def do(self, doing: Doing) -> None:
        """Nothing more: the intake has written it down; the play is told where its loop stands now."""
        del doing
