"""Telling a colleague: of a new case, before a clock runs out, when it has.

The step of such an effect says what it is about, see `engine/notices.py`. Outside the
team's working time a notice waits for the next working instant, unless the case's severity is high or
critical.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select
from temporalio import activity

from boucle.activities.calls import Delivery, Tell
from boucle.activities.letters import BadAddressError, Letterhead, Recipient, compose, write_moment
from boucle.activities.people import Colleague, Directory
from boucle.activities.posting import Letter, Post
from boucle.activities.templates import Text
from boucle.engine import cases, effects, privacy
from boucle.engine.clock import next_worked
from boucle.engine.refusals import refusal
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.model import ClockKind, EffectKind, EffectState, LoopState, Plan

_URGENT = frozenset({"high", "critical"})


@dataclass(frozen=True)
class Wording:
    """The texts of one language. In braces: loop, customer, score, clock, due, severity."""

    notices: Mapping[str, Text]
    clocks: Mapping[ClockKind, str]
    unknown: str


_DETAILS_EN = "\n\nLoop: {loop}\nCustomer: {customer}\nScore: {score}\nSeverity: {severity}\n"
_DETAILS_FR = "\n\nBoucle : {loop}\nClient : {customer}\nScore : {score}\nGravité : {severity}\n"

WORDINGS: Mapping[str, Wording] = {
    "en": Wording(
        notices={
            "assigned": Text(
                "A case for you: {loop}", "A case is yours. Next due: {clock}, {due}." + _DETAILS_EN
            ),
            "reminder": Text(
                "Due soon: {clock}, {loop}", "A clock of your case runs out: {clock}, {due}." + _DETAILS_EN
            ),
            "missed": Text(
                "Missed: {clock}, {loop}",
                "A clock of this case has run out: {clock}, {due}. It comes to you as the team's lead."
                + _DETAILS_EN,
            ),
        },
        clocks={ClockKind.FIRST_CONTACT: "first contact", ClockKind.CLOSE: "closing"},
        unknown="not known",
    ),
    "fr": Wording(
        notices={
            "assigned": Text(
                "Un dossier pour vous : {loop}",
                "Un dossier vous est confié. Prochaine échéance : {clock}, {due}." + _DETAILS_FR,
            ),
            "reminder": Text(
                "Échéance proche : {clock}, {loop}",
                "Une échéance de votre dossier approche : {clock}, {due}." + _DETAILS_FR,
            ),
            "missed": Text(
                "Échéance manquée : {clock}, {loop}",
                "Une échéance de ce dossier est passée : {clock}, {due}. Il vous revient comme responsable "
                "de l'équipe." + _DETAILS_FR,
            ),
        },
        clocks={ClockKind.FIRST_CONTACT: "premier contact", ClockKind.CLOSE: "clôture"},
        unknown="inconnu",
    ),
}


@dataclass(frozen=True)
class _Notice:
    kind: str
    clock: ClockKind | None

    @classmethod
    def of(cls, step: str) -> _Notice:
        _, kind, about, *_ = step.split("-")
        return cls(kind, ClockKind(about) if kind in {"reminder", "missed"} else None)


class NoticeActivities:
    """Tells colleagues by mail. In doubt it tells them again."""

    def __init__(self, post: Post, directory: Directory, head: Letterhead) -> None:
        self._post = post
        self._directory = directory
        self._head = head

    @activity.defn
    def notify_staff(self, call: Tell) -> Delivery:
        """Tell whoever the step means; `later` when the team does not work now."""
        with self._post.database.session() as session:
            outcome = self._prepare(session, call)
            session.commit()
        if isinstance(outcome, Delivery):
            return outcome
        return Delivery(state=self._post.hand_over(outcome))

    def _prepare(self, session: Session, call: Tell) -> Delivery | Letter:
        loop = session.get_one(LoopRow, call.loop)
        case = cases.get_case(session, loop)
        if loop.state == LoopState.CLOSED:
            raise refusal("loop_closed")
        later = _find_later(loop, case, call.at)
        if later is not None:
            return Delivery(state=EffectState.INTENDED, later=later)
        effects.intend(
            session, loop_id=call.loop, round_=call.round, step=call.step, kind=EffectKind.STAFF, spec={},
            at=call.at,
        )  # fmt: skip
        key = effects.effect_key(call.loop, call.round, call.step)
        try:
            return self._write(session, loop, case, key, call)
        except BadAddressError:
            return Delivery(state=effects.refuse(session, key, "no_address", call.at))

    def _write(self, session: Session, loop: LoopRow, case: CaseRow, key: str, call: Tell) -> Letter:
        notice = _Notice.of(call.step)
        colleague = self._find_colleague(case, notice)
        if colleague is None:
            raise BadAddressError
        text = _word(session, loop, case, notice, colleague)
        recipient = Recipient(colleague.name, colleague.email, colleague.language)
        message = compose(self._head, recipient, text, effect=key, loop=loop.id, at=call.at)
        return Letter(key, message, call.at)

    def _find_colleague(self, case: CaseRow, notice: _Notice) -> Colleague | None:
        """The lead for a missed clock, else the owner, or the lead where nobody owns it."""
        lead = self._directory.find_lead(case.team)
        wanted = lead if notice.kind == "missed" else case.owner or lead
        return self._directory.people.get(wanted) if wanted else None


def _word(session: Session, loop: LoopRow, case: CaseRow, notice: _Notice, colleague: Colleague) -> Text:
    wording = WORDINGS.get(colleague.language, WORDINGS["en"])
    clock = _find_clock(session, loop, notice)
    person = privacy.find_person(session, loop.contact_id) if loop.contact_id else None
    values = {
        "loop": loop.id[:12],
        "customer": (person.name if person else None) or wording.unknown,
        "score": wording.unknown if loop.first_score is None else str(loop.first_score),
        "severity": case.severity,
        "clock": wording.clocks[ClockKind(clock.kind)] if clock else "-",
        "due": write_moment(clock.due_at, colleague.language, colleague.timezone) if clock else "-",
    }
    text = wording.notices[notice.kind]
    return Text(text.subject.format(**values), text.body.format(**values))


def _find_later(loop: LoopRow, case: CaseRow, at: datetime) -> datetime | None:
    """When the team works next, where it does not work now and the case can wait."""
    calendar = Plan.model_validate_json(loop.plan).calendar
    if calendar is None or case.severity in _URGENT:
        return None
    opening = next_worked(at, calendar)
    return opening if opening > at else None


def _find_clock(session: Session, loop: LoopRow, notice: _Notice) -> ClockRow | None:
    """The clock that the notice is about; of a new case the one that is due first."""
    if notice.clock is not None:
        return session.get(ClockRow, (loop.id, loop.round, notice.clock))
    rows = session.exec(select(ClockRow).where(ClockRow.loop_id == loop.id, ClockRow.round == loop.round))
    return min(rows, key=lambda row: row.due_at, default=None)
