"""What only a sequence does: telling colleagues what a step of its rule says."""

from __future__ import annotations

from temporalio import activity

from boucle.activities.calls import TellStep
from boucle.engine import notices
from boucle.engine.database import Database
from boucle.engine.loops import lock_loop
from boucle.engine.standing import get_standing
from boucle.model import LoopState
from boucle.standing import Standing


class SequenceActivities:
    """Writes down what steps tell colleagues; the notices go out like all others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(no_thread_cancel_exception=True)
    def tell_step(self, call: TellStep) -> Standing:
        """Once for each step of a round, to a team or to a person; nobody is told of a closed loop."""
        with self._database.session() as session:
            loop = lock_loop(session, call.loop)
            if loop.round == call.round and loop.state != LoopState.CLOSED:
                to = notices.team(call.team) if call.team else notices.person(call.person or "")
                notices.write_down(
                    session, loop, notices.step("step", call.step), call.at, to=to,
                    values={"text": call.text} if call.text else None, template=call.template,
                )  # fmt: skip
            standing = get_standing(session, call.loop)
            session.commit()
            return standing
