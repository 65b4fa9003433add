"""Messages to the customer: each goes out at most once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session
from temporalio import activity

from boucle.activities.calls import Delivery, Send
from boucle.activities.letters import (
    BadAddressError,
    Letterhead,
    Recipient,
    compose,
    one_line,
    write_day,
    write_money,
)
from boucle.activities.mail import UncertainError
from boucle.activities.posting import Letter, Post
from boucle.activities.templates import VARIABLES, Templates
from boucle.activities.tries import at_this_try
from boucle.engine import (
    asking,
    consent,
    effects,
    holding,
    inbox,
    offers,
    privacy,
    promotions,
    questions,
    quiet_hours,
)
from boucle.engine.clock import due
from boucle.engine.links import Links
from boucle.engine.loops import lock_loop
from boucle.engine.tables import EffectRow, LoopRow
from boucle.model import EffectKind, EffectState, OfferState, Person, Plan


class MessageActivities:
    """Writes messages from templates and hands them over."""

    def __init__(self, post: Post, templates: Templates, head: Letterhead, links: Links) -> None:
        self._post = post
        self._templates = templates
        self._head = head
        self._links = links

    @activity.defn(no_thread_cancel_exception=True)
    def send_message(self, call: Send) -> Delivery:
        """Send it unless it is sent, refused or in doubt; NotSentError when it may be tried again.

        In the customer's quiet hours nothing is begun: `later` says when they are over.
        Consent and legal hold are asked again: where either stands against it, it is refused for good.
        """
        call = call.model_copy(update={"at": at_this_try(call.at)})
        with self._post.database.session() as session:
            later = quiet_hours.find_end(session, lock_loop(session, call.loop), call.at)
            if later is not None:
                return Delivery(state=EffectState.INTENDED, later=later)
            state, letter = self._prepare(session, call)
            session.commit()
        if letter is None:
            return Delivery(state=state)
        try:
            return Delivery(state=self._post.hand_over(letter))
        except UncertainError:
            return self._settle(call)  # finds an intent without a receipt: unconfirmed

    def _settle(self, call: Send) -> Delivery:
        with self._post.database.session() as session:
            state, _ = self._prepare(session, call)
            session.commit()
            return Delivery(state=state)

    def _prepare(self, session: Session, call: Send) -> tuple[EffectState, Letter | None]:
        """The intent and the letter; no letter where the effect is over, or nobody can be written to."""
        key = effects.effect_key(call.loop, call.round, call.step)
        loop = lock_loop(session, call.loop)
        known = holding.read(session, EffectRow, key)
        template = call.template or (known.spec["template"] if known else "")
        verdict = effects.intend(
            session,
            loop_id=call.loop,
            round_=call.round,
            step=call.step,
            kind=EffectKind.CUSTOMER,
            spec={"template": template},
            at=call.at,
        )
        if verdict != "go":
            return EffectState(session.get_one(EffectRow, key).state), None
        objection = _find_objection(session, loop, call)
        if objection is not None:
            return effects.refuse(session, key, objection, call.at), None
        _ask(session, loop, call)
        try:
            return EffectState.INTENDED, self._write(session, loop, call, key, template)
        except BadAddressError:
            return effects.refuse(session, key, "no_address", call.at), None

    def _write(self, session: Session, loop: LoopRow, call: Send, key: str, template: str) -> Letter:
        person = privacy.find_person(session, loop.contact_id) if loop.contact_id else Person()
        if person.email is None:
            raise BadAddressError
        values = self._values(session, loop, person, call)
        text = self._templates.write(template, loop.language, values)
        recipient = Recipient(person.name, person.email, loop.language)
        return Letter(
            key, compose(self._head, recipient, text, effect=key, loop=loop.id, at=call.at), call.at
        )

    def _values(self, session: Session, loop: LoopRow, person: Person, call: Send) -> dict[str, Any]:
        question = questions.find_question(session, loop, call.about) if call.about else None
        referral = promotions.find_referral(session, loop.id) if call.refers else None
        return {
            "link": self._links.write(question.id, question.expires_at) if question else None,
            "referral": {"code": referral.code if referral else None},
            "contact": {"name": one_line(person.name) if person.name else None},
            "score": loop.first_score,
            "company": self._head.company,
            "offer": _describe_offer(session, loop, call.at),
            "loop": {"id": loop.id},
            "case": dict.fromkeys(VARIABLES["case"]),
        }


def _find_objection(session: Session, loop: LoopRow, call: Send) -> str | None:
    """The code of what stands against sending; nobody is reminded of what they have answered, or cannot."""
    if call.about and questions.is_over(session, loop, call.about):
        return questions.ANSWERED
    if call.about and questions.has_expired(session, loop, call.about, call.at):
        return questions.EXPIRED
    return consent.find_objection(session, loop) or inbox.find_stop(session, loop)


def _ask(session: Session, loop: LoopRow, call: Send) -> None:
    """Write down the question that the message asks, and the code that it names, once for all tries."""
    if call.asks is not None and call.answer_within is not None:
        calendar = Plan.model_validate_json(loop.plan).calendar
        expires_at = due(call.at, call.answer_within, calendar)
        asking.ask(session, loop, step=call.step, kind=call.asks, at=call.at, expires_at=expires_at)
    if call.refers:
        promotions.invite(session, loop, call.at)


def _describe_offer(session: Session, loop: LoopRow, at: datetime) -> dict[str, str | None] | None:
    """The loop's offer as a message names it; none that cannot be used any more."""
    offer = offers.find_offer(session, loop.id)
    if offer is None or offers.state_of(offer, at) != OfferState.GRANTED:
        return None
    timezone = Plan.model_validate_json(loop.plan).timezone
    value = offers.value_of(offer)
    return {
        "code": offer.code,
        "value": write_money(value, loop.language) if value else None,
        "label": offers.label_of(offer, loop.language),
        "valid_until": write_day(offer.valid_until, loop.language, timezone),
    }
