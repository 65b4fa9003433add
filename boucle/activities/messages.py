"""Messages to the customer: each goes out at most once."""

from __future__ import annotations

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
from boucle.activities.templates import Templates
from boucle.engine import consent, effects, offers, privacy
from boucle.engine.tables import EffectRow, LoopRow
from boucle.model import EffectKind, EffectState, Money, Person, Plan


class MessageActivities:
    """Writes messages from templates and hands them over."""

    def __init__(self, post: Post, templates: Templates, head: Letterhead) -> None:
        self._post = post
        self._templates = templates
        self._head = head

    @activity.defn
    def send_message(self, call: Send) -> Delivery:
        """Send it unless it is sent, refused or in doubt; NotSentError when it may be tried again.

        Consent and legal hold are asked again: where either stands against it, it is refused for good.
        """
        with self._post.database.session() as session:
            state, letter = self._prepare(session, call)
            session.commit()
        if letter is None:
            return Delivery(state=state)
        try:
            return Delivery(state=self._post.hand_over(letter))
        except UncertainError:
            return self.send_message(call)  # finds an intent without a receipt: unconfirmed

    def _prepare(self, session: Session, call: Send) -> tuple[EffectState, Letter | None]:
        """The intent and the letter; no letter where the effect is over, or nobody can be written to."""
        key = effects.effect_key(call.loop, call.round, call.step)
        known = session.get(EffectRow, key)
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
        objection = consent.find_objection(session, session.get_one(LoopRow, call.loop))
        if objection is not None:
            return effects.refuse(session, key, objection, call.at), None
        try:
            return EffectState.INTENDED, self._write(session, call, key, template)
        except BadAddressError:
            return effects.refuse(session, key, "no_address", call.at), None

    def _write(self, session: Session, call: Send, key: str, template: str) -> Letter:
        loop = session.get_one(LoopRow, call.loop)
        person = privacy.find_person(session, loop.contact_id) if loop.contact_id else Person()
        if person.email is None:
            raise BadAddressError
        values = self._values(session, loop, person)
        text = self._templates.write(template, loop.language, values)
        recipient = Recipient(person.name, person.email, loop.language)
        return Letter(
            key, compose(self._head, recipient, text, effect=key, loop=loop.id, at=call.at), call.at
        )

    def _values(self, session: Session, loop: LoopRow, person: Person) -> dict[str, Any]:
        return {
            "contact": {"name": one_line(person.name) if person.name else None},
            "score": loop.first_score,
            "company": self._head.company,
            "offer": _describe_offer(session, loop),
            "loop": {"id": loop.id},
        }


def _describe_offer(session: Session, loop: LoopRow) -> dict[str, str] | None:
    offer = offers.find_offer(session, loop.id)
    if offer is None:
        return None
    timezone = Plan.model_validate_json(loop.plan).timezone
    value = Money(minor=offer.value_minor, currency=offer.currency)
    return {
        "code": offer.code,
        "value": write_money(value, loop.language),
        "valid_until": write_day(offer.valid_until, loop.language, timezone),
    }
