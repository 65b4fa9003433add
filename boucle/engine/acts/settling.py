"""Saying whether an unconfirmed effect was sent."""

from __future__ import annotations

from typing import ClassVar

from boucle.engine import effects
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.tables import EffectRow
from boucle.model import ActKind, EffectState

_SETTLED = {True: EffectState.SETTLED_SENT, False: EffectState.SETTLED_NOT_SENT}


class Settle(Deed):
    """The actor says whether an unconfirmed effect was sent. `effect` is its key."""

    kind: ClassVar = ActKind.SETTLE
    on_closed: ClassVar = True
    effect: str
    sent: bool

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """Only what waits for it is settled, and only one way."""
        del actor
        effect = situation.session.get(EffectRow, self.effect)
        if effect is None or effect.loop_id != situation.loop.id:
            return "no_effect"
        if effect.state == EffectState.UNCONFIRMED or effect.state == _SETTLED[self.sent]:
            return None
        return "already_settled" if effect.state in _SETTLED.values() else "not_unconfirmed"

    def do(self, doing: Doing) -> None:
        """It counts as sent; or it is sent by the next try."""
        effects.settle(doing.session, self.effect, sent=self.sent, by=doing.actor, at=doing.at)
        doing.note()
