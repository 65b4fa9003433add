"""Granting the loop's one offer, and asking for the approval that it may need first."""

from __future__ import annotations

from sqlmodel import Session
from temporalio import activity

from boucle.activities.calls import Approval, Delivery, Grant, Propose
from boucle.activities.people import Directory
from boucle.engine import approvals, consent, effects, notices, offers, reservations
from boucle.engine.approval_rows import find_approval
from boucle.engine.clock import due
from boucle.engine.database import Database
from boucle.engine.loops import lock_loop
from boucle.engine.offers import Offered
from boucle.engine.standing import get_standing
from boucle.engine.tables import EffectRow, LoopRow
from boucle.model import EffectKind, EffectState, LoopState, OfferKind, OfferState, Plan
from boucle.standing import Standing

_OVER = "offer_over"
"""The code with which an offer is refused that the loop granted once, and that cannot be used any more."""


class OfferActivities:
    """Grants offers, and proposes those that need approval."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    @activity.defn(no_thread_cancel_exception=True)
    def grant_offer(self, call: Grant) -> Delivery:
        """One code per loop for ever. Intent, code and receipt are one transaction: never in doubt.

        Refused for good where consent was withdrawn, or a legal hold laid, since the decision; and where
        the loop's offer of an earlier round cannot be used any more.
        """
        key = effects.effect_key(call.loop, call.round, call.step)
        with self._database.session() as session:
            verdict = effects.intend(
                session,
                loop_id=call.loop,
                round_=call.round,
                step=call.step,
                kind=EffectKind.OFFER,
                spec={"kind": call.kind, **({"value": str(call.value)} if call.value else {})},
                at=call.at,
            )
            if verdict == "go":
                self._grant(session, call, key)
            state = EffectState(session.get_one(EffectRow, key).state)
            session.commit()
        return Delivery(state=state)

    def _grant(self, session: Session, call: Grant, key: str) -> None:
        loop = session.get_one(LoopRow, call.loop)
        objection = consent.find_objection(session, loop) or _find_end(session, call)
        if objection is not None:
            effects.refuse(session, key, objection, call.at)
            reservations.give_back(session, call.loop, call.at)
            return
        until = due(call.at, call.valid_for, Plan.model_validate_json(loop.plan).calendar)
        offers.grant(session, call.loop, _offered(call), valid_until=until, at=call.at)
        reservations.take_again(session, call.loop)
        if call.kind == OfferKind.CALL_BACK:
            notices.write_down(session, loop, notices.step("call-back", call.step), call.at)
        effects.receipt(session, key, {}, call.at)

    @activity.defn(no_thread_cancel_exception=True)
    def propose_offer(self, call: Propose) -> Standing:
        """Write the proposal down, once; a loop that has its offer already needs no approval for it."""
        offer = call.offer
        with self._database.session() as session:
            loop = lock_loop(session, offer.loop)
            if loop.state != LoopState.CLOSED and offers.find_offer(session, loop.id) is None:
                approver = self._directory.find_approver(call.team or _team_of(loop), offer.value)
                proposal = approvals.Proposal(_offered(offer), offer.valid_for, call.within)
                approvals.propose(session, loop, offer.step, proposal, at=offer.at, approver=approver)
            standing = get_standing(session, offer.loop)
            session.commit()
            return standing

    @activity.defn(no_thread_cancel_exception=True)
    def remind_of_approval(self, call: Approval) -> Standing:
        """Ask again, or write down that nobody has decided in time."""
        with self._database.session() as session:
            loop = lock_loop(session, call.loop)
            row = find_approval(session, loop, call.step)
            if row is not None and loop.state != LoopState.CLOSED:
                if call.reminder is None:
                    approvals.lapse(session, loop, row, call.at)
                else:
                    approvals.remind(session, loop, row, call.reminder, call.at)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing


def _team_of(loop: LoopRow) -> str | None:
    """The team that works the loop's case, as its plan says."""
    team = Plan.model_validate_json(loop.plan).params.get("team")
    return team if isinstance(team, str) else None


def _offered(call: Grant) -> Offered:
    return Offered(OfferKind(call.kind), call.value, call.label)


def _find_end(session: Session, call: Grant) -> str | None:
    """The code for an offer of an earlier round that is over."""
    known = offers.find_offer(session, call.loop)
    return _OVER if known and offers.state_of(known, call.at) != OfferState.GRANTED else None
