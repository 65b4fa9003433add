"""The customer does not want to hear from us any more, or may not."""

from __future__ import annotations

from typing import ClassVar, Literal

from boucle.engine import inbox, notices
from boucle.engine.acts.closing import end
from boucle.engine.acts.deed import Deed, Doing
from boucle.engine.case_rows import find_case
from boucle.model import ActKind, Closure

Cause = Literal["asked", "consent", "erasure"]
"""`asked`: somebody says so of this loop; `consent`: it was withdrawn; `erasure`: the person was erased."""


class Withdraw(Deed):
    """Ends the loop, whatever it was doing: nothing of it goes out from then on."""

    kind: ClassVar = ActKind.WITHDRAW
    at_once: ClassVar = True
    cause: Cause = "asked"

    def do(self, doing: Doing) -> None:
        """Close the loop, and tell whoever owns its case that there is nothing to do any more."""
        inbox.finish_all(doing.session, doing.loop, doing.actor, doing.at)
        end(doing, Closure.WITHDRAWN, {"cause": self.cause})
        case = find_case(doing.session, doing.loop)
        if case is not None and case.owner not in {None, doing.actor}:
            step = notices.step("withdrawn", doing.command.id)
            notices.write_down(doing.session, doing.loop, step, doing.at)
