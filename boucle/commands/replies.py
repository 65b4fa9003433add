"""`boucle replies`: mails of customers, and of mail servers, that came in about loops."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.options import ActorOption, FormatOption, LimitOption, LoopArgument, WorkspaceOption
from boucle.commands.output import local, now, show, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlmodel import Session

    from boucle.engine.replies import Taken
    from boucle.engine.work_tables import ReplyRow

MailArgument = Annotated[str, typer.Argument(help="The mail's id, or as much of it as is needed.")]
_SHORT = 10


def take(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Mails as they came (.eml), or an mbox; without any, standard input.", dir_okay=False
        ),
    ] = None,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Take mails in, each to its loop, each once. What fits no loop is kept and listed.

    A reply stops the automatic messages of its loop. Each mail is read whole before the next one.
    """
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import replies
    from boucle.intake.replies import read_mail

    with opened(workspace) as here:
        who = get_actor(here.settings, actor)
        colleagues = [one.email for one in here.settings.people.values()]
        taken = []
        for data in _read(files):
            mail = read_mail(data, here.settings.mail_domain)
            with here.database.session() as session:
                taken.append(replies.take(session, mail, by=who, at=now(), colleagues=colleagues))
                session.commit()
        show([_plain_taken(one) for one in taken], lambda: _taken_table(taken), format_)


def list_(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="All that came in, not only what waits for somebody.")
    ] = False,
    loop: Annotated[str | None, typer.Option(help="Only mails of this loop.")] = None,
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """List what came in and waits for somebody, the latest first: replies, bounces, what fits no loop."""
    from boucle.commands.opening import opened
    from boucle.engine import inbox
    from boucle.engine.loops import find_loop

    with opened(workspace) as here, here.database.reading() as session:
        loop_id = find_loop(session, loop).id if loop else None
        rows = inbox.list_mails(session, loop_id=loop_id, everything=everything, limit=limit)
        show([_plain(session, row) for row in rows], lambda: _mail_table(session, rows), format_)


def show_(mail: MailArgument, *, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Show one mail whole: who wrote it, when, what it is, and all of its text."""
    from boucle.commands.opening import opened
    from boucle.engine import inbox

    with opened(workspace) as here, here.database.reading() as session:
        told = _plain(session, inbox.find_mail(session, mail))
        show(told, lambda: _mail_text(told), format_)


def attach(
    mail: MailArgument,
    loop: LoopArgument,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say which loop a mail belongs to that fitted none."""
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import inbox, replies
    from boucle.engine.loops import find_loop

    with opened(workspace) as here, here.database.session() as session:
        who = get_actor(here.settings, actor)
        row, found = inbox.find_mail(session, mail), find_loop(session, loop)
        replies.attach(session, row, found, by=who, at=now())
        told = {"mail": row.id, "loop": found.id}
        session.commit()
    show(told, f"attached to {told['loop']}", format_)


def done(
    mail: MailArgument,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say that a mail was dealt with: its task is done, and automatic messages go out again."""
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import inbox, replies

    with opened(workspace) as here, here.database.session() as session:
        row = inbox.find_mail(session, mail)
        replies.settle(session, row, by=get_actor(here.settings, actor), at=now())
        told = {"mail": row.id, "loop": row.loop_id, "done_by": row.done_by}
        session.commit()
    show(told, "done", format_)


def _read(files: Sequence[Path] | None) -> Iterator[bytes]:
    from boucle.errors import NotFoundError
    from boucle.intake.replies import split

    for file in files or ():
        if not file.is_file():
            raise NotFoundError("file", str(file))
        yield from split(file.read_bytes())
    if not files:
        yield from split(sys.stdin.buffer.read())


def _plain_taken(taken: Taken) -> dict[str, Any]:
    row = taken.row
    return {
        "mail": row.id, "kind": row.kind, "loop": row.loop_id, "problem": row.problem, "again": taken.again,
    }  # fmt: skip


def _plain(session: Session, row: ReplyRow) -> dict[str, Any]:
    from boucle.engine.replies import read_content

    content = read_content(session, row)
    own = row.model_dump(exclude={"digest", "attachments"})
    return {
        **own, "sender": content.sender, "subject": content.subject, "text": content.text,
        "attachments": content.attachments,
    }  # fmt: skip


def _taken_table(taken: Sequence[Taken]) -> str:
    if not taken:
        return "no mail"
    cells = [
        (
            one.row.id[:_SHORT],
            one.row.kind,
            one.row.loop_id[:_SHORT] if one.row.loop_id else "none",
            "known already" if one.again else _PROBLEMS.get(one.row.problem or "", "taken in"),
        )
        for one in taken
    ]
    return table(("mail", "kind", "loop", "result"), cells)


def _mail_table(session: Session, rows: Sequence[ReplyRow]) -> str:
    if not rows:
        return "nothing waits"
    cells = [
        (
            row.id[:_SHORT],
            row.kind,
            row.loop_id[:_SHORT] if row.loop_id else "none",
            row.written_at,
            *_who(session, row),
        )
        for row in rows
    ]
    return table(("mail", "kind", "loop", "written", "from", "subject", "waits for"), cells)


def _who(session: Session, row: ReplyRow) -> tuple[str, str, str]:
    from boucle.engine.replies import read_content

    content = read_content(session, row)
    waits = (
        f"done by {row.done_by}"
        if row.done_by
        else _PROBLEMS.get(row.problem or "", _WAITS.get(row.kind, ""))
    )
    return content.sender, content.subject, waits


def _mail_text(told: dict[str, Any]) -> str:
    lines = [
        f"mail      {told['id']}",
        f"kind      {told['kind']}" + (f" ({told['status']})" if told["status"] else ""),
        f"loop      {told['loop_id'] or 'none: ' + _PROBLEMS.get(told['problem'] or '', '')}",
        f"written   {local(told['written_at'])}",
        f"from      {told['sender']}"
        + (" (not the loop's contact)" if told["from_contact"] is False else ""),
        f"subject   {told['subject']}",
    ]
    if told["attachments"]:
        lines.append(f"attached  {told['attachments']} (in your own mailbox)")
    if told["done_by"]:
        lines.append(f"done      by {told['done_by']}, {local(told['done_at'])}")
    return "\n".join([*lines, "", told["text"]])


_PROBLEMS = {
    "names_no_loop": "names no loop: boucle replies attach",
    "unknown_loop": "names a loop that is not here: boucle replies attach",
}
_WAITS = {"reply": "an answer", "complaint": "an answer", "bounce": "another way to reach them"}
