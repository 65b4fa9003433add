"""Mails taken in: each once, to the loop whose message it answers, or where nobody can overlook it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, select

from boucle.engine import commands, effects, holding, inbox, loops, outbox, privacy, tasks
from boucle.engine.identity import new_id
from boucle.engine.mails import Mail
from boucle.engine.refusals import refusal
from boucle.engine.tables import CommandRow, EffectRow, LoopRow
from boucle.engine.work_tables import ReplyRow, TaskRow
from boucle.model import ActKind, EffectKind, LoopState, ReplyKind, TaskState

CUSTOMER = "customer"
"""The actor of what the customer does."""

_SCOPE = "reply"
_ACTED_ON = inbox.WORDS | {ReplyKind.BOUNCE}


@dataclass(frozen=True)
class Taken:
    """What became of a mail; `again`: it had come before, and nothing was done."""

    row: ReplyRow
    again: bool


@dataclass(frozen=True)
class Content:
    """What is personal of a mail, as far as it was not erased."""

    sender: str = ""
    subject: str = ""
    text: str = ""
    attachments: str = ""


def take(session: Session, mail: Mail, *, by: str, at: datetime, colleagues: Collection[str] = ()) -> Taken:
    """Keep a mail, once, and let it act on its loop. A reply holds back further automatic messages.

    What fits no loop is kept all the same, for somebody to attach or to be done with. What one of the
    `colleagues` writes, by their addresses, or answers to a notice, is no word of the customer.
    """
    known = session.exec(select(ReplyRow).where(ReplyRow.digest == mail.digest)).first()
    if known is not None:
        return Taken(known, again=True)
    effect = effects.find_marked(session, mail.marks)
    loop = _find_loop(session, mail, effect)
    kind = ReplyKind.OWN if _is_ours(mail, effect, colleagues) else mail.kind
    row = ReplyRow(
        id=new_id(), digest=mail.digest, kind=kind, effect=effect.key if effect else None,
        status=mail.status, attachments=len(mail.attachments), written_at=_date(mail, loop, at),
        taken_at=at, taken_by=by,
    )  # fmt: skip
    if loop is None:
        row.problem = "unknown_loop" if mail.loops or mail.marks else "names_no_loop"
    else:
        _name(session, row, mail, loop)
    session.add(row)
    session.flush()
    _keep(session, row, mail, loop)
    if loop is not None and kind is not ReplyKind.OWN:
        _act(session, row, loop, mail.said, at)
    return Taken(row, again=False)


def attach(session: Session, row: ReplyRow, loop: LoopRow, *, by: str, at: datetime) -> None:
    """Somebody says which loop a mail belongs to that fitted none; refused as `attached`."""
    if row.loop_id is not None:
        raise refusal("attached")
    content = read_content(session, row)
    loop = loops.lock_loop(session, loop.id)
    row.loop_id, row.round, row.problem = loop.id, loop.round, None
    session.flush()
    holding.forget(session)
    privacy.move(session, row.id, loops.subject_of(loop), _scope(row))
    if row.kind == ReplyKind.OWN:
        inbox.finish(row, by, at)
    else:
        _act(session, row, loop, content.text, at)


def settle(session: Session, row: ReplyRow, *, by: str, at: datetime) -> None:
    """Somebody has dealt with a mail; the task that it gave somebody is done."""
    inbox.finish(row, by, at)
    session.add(row)
    if row.loop_id is None:
        return
    loop = loops.lock_loop(session, row.loop_id)
    acts = select(CommandRow).where(CommandRow.loop_id == loop.id, CommandRow.kind == ActKind.REPLY)
    given = [session.get(TaskRow, act.id) for act in session.exec(acts) if act.details["reply"] == row.id]
    for task in given:
        if task is not None and task.state == TaskState.OPEN:
            tasks.finish_task(session, loop, task, by=by, at=at)
    session.flush()


def read_content(session: Session, row: ReplyRow) -> Content:
    """Who wrote a mail, and what; nothing of it after an erasure."""
    loop = session.get(LoopRow, row.loop_id) if row.loop_id else None
    held = privacy.read(session, loops.subject_of(loop) if loop else row.id, _scope(row))
    return Content(**{name: held.get(name, "") for name in ("sender", "subject", "text", "attachments")})


def _find_loop(session: Session, mail: Mail, effect: EffectRow | None) -> LoopRow | None:
    """By the address that it went to, else by the message that it answers; of merged loops the one left."""
    named = (*mail.loops, *((effect.loop_id,) if effect else ()))
    found = next((loop for name in named if (loop := session.get(LoopRow, name))), None)
    while found is not None and found.merged_into is not None:
        found = session.get(LoopRow, found.merged_into)
    return loops.lock_loop(session, found.id) if found else None


def _is_ours(mail: Mail, effect: EffectRow | None, colleagues: Collection[str]) -> bool:
    to_notice = effect is not None and effect.kind == EffectKind.STAFF
    known = mail.sender.casefold() in {one.casefold() for one in colleagues}
    return mail.kind in inbox.WORDS and (to_notice or known)


def _date(mail: Mail, loop: LoopRow | None, at: datetime) -> datetime:
    """When it says that it was written, as far as that can be: clocks of senders are set wrong."""
    earliest = loop.opened_at if loop else mail.written_at
    if mail.written_at is None or earliest is None or not earliest <= mail.written_at <= at:
        return at
    return mail.written_at


def _name(session: Session, row: ReplyRow, mail: Mail, loop: LoopRow) -> None:
    row.loop_id, row.round = loop.id, loop.round
    person = privacy.find_person(session, loop.contact_id) if loop.contact_id else None
    if person is not None and person.email and mail.kind in inbox.WORDS:
        row.from_contact = person.email.strip().casefold() == mail.sender.casefold()


def _keep(session: Session, row: ReplyRow, mail: Mail, loop: LoopRow | None) -> None:
    texts = {
        "sender": mail.sender, "subject": mail.subject, "text": mail.text,
        "attachments": ", ".join(mail.attachments),
    }  # fmt: skip
    said = {name: text for name, text in texts.items() if text}
    privacy.store(session, loops.subject_of(loop) if loop else row.id, _scope(row), said)


def _act(session: Session, row: ReplyRow, loop: LoopRow, said: str, at: datetime) -> None:
    """An act of the customer, or for what no person wrote a mere mention."""
    if row.kind in _ACTED_ON:
        words = row.kind in inbox.WORDS
        commands.record(
            session, loop_id=loop.id, kind=ActKind.REPLY, actor=CUSTOMER if words else loops.BOUCLE,
            at=row.written_at, recorded_at=at, details={"reply": row.id}, text=said if words else None,
        )  # fmt: skip
        if loop.state == LoopState.CLOSED:
            outbox.enqueue_start(session, loop, at, again=True)  # its play tells the owner, and ends
        return
    payload: dict[str, JsonValue] = {
        "reply": row.id, "kind": row.kind, "effect": row.effect, "status": row.status,
    }  # fmt: skip
    loops.append(session, loop, "loop.mailed", at=row.written_at, recorded_at=at, payload=payload)


def _scope(row: ReplyRow) -> str:
    return f"{_SCOPE}/{row.id}"
