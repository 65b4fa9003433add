"""Granting the loop's one offer."""

from __future__ import annotations

from temporalio import activity

from boucle.activities.calls import Delivery, Grant
from boucle.engine import consent, effects, offers
from boucle.engine.clock import due
from boucle.engine.database import Database
from boucle.engine.tables import EffectRow, LoopRow
from boucle.model import EffectKind, EffectState, Plan


class OfferActivities:
    """Grants offers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    def grant_offer(self, call: Grant) -> Delivery:
        """One code per loop for ever. Intent, code and receipt are one transaction: never in doubt.

        Refused for good where consent was withdrawn, or a legal hold laid, since the decision.
        """
        key = effects.effect_key(call.loop, call.round, call.step)
        with self._database.session() as session:
            verdict = effects.intend(
                session,
                loop_id=call.loop,
                round_=call.round,
                step=call.step,
                kind=EffectKind.OFFER,
                spec={"kind": call.kind, "value": str(call.value)},
                at=call.at,
            )
            loop = session.get_one(LoopRow, call.loop)
            objection = consent.find_objection(session, loop) if verdict == "go" else None
            if objection is not None:
                effects.refuse(session, key, objection, call.at)
            elif verdict == "go":
                plan = Plan.model_validate_json(loop.plan)
                until = due(call.at, call.valid_for, plan.calendar)
                offers.grant(session, call.loop, call.kind, call.value, until, call.at)
                effects.receipt(session, key, {}, call.at)
            state = EffectState(session.get_one(EffectRow, key).state)
            session.commit()
        return Delivery(state=state)
