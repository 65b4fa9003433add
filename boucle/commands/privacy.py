"""`boucle privacy`: whoever does not want to hear from us, and whoever wants to be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import ActorOption, FormatOption, WorkspaceOption
from boucle.commands.output import now, show
from boucle.errors import BoucleError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlmodel import Session

    from boucle.engine.erasure import Erased
    from boucle.engine.tables import Contact

ContactArgument = Annotated[
    str, typer.Argument(help="The contact's id or as much of it as is needed, SOURCE/KEY, or e-mail address.")
]


class NotConfirmedError(BoucleError):
    """Somebody is about to be erased, and nobody has said that this is meant."""

    def __init__(self, contact: str) -> None:
        super().__init__(
            f"this deletes for good all that is personal of contact {contact}; if it is meant, add --yes"
        )


def withdraw(
    contact: ContactArgument,
    *,
    reason: Annotated[str | None, typer.Option(help="How you know.")] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Note that a contact does not want to be contacted: their open loops end at once, as withdrawn.

    What was handed to the mail server before cannot be called back.
    """
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import withdrawals

    with opened(workspace) as here, here.database.session() as session:
        who = get_actor(here.settings, actor)
        found = _find_contact(session, contact)
        told = {"contact": found.id}
        ended = withdrawals.withdraw(session, found.id, actor=who, at=now(), text=reason)
        session.commit()
    show(told | {"ended": ended}, f"noted; {len(ended)} open loop(s) ended as withdrawn", format_)


def erase(
    contact: ContactArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="It is meant: nothing brings it back.")] = False,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Delete all that is personal of a contact, for good; their open loops end at once, as withdrawn.

    Scores, figures and the history stay, and the ledger still verifies.
    """
    from boucle.commands.opening import get_actor, opened
    from boucle.engine.erasure import erase as erase_contact

    with opened(workspace) as here, here.database.session() as session:
        who = get_actor(here.settings, actor)
        found = _find_contact(session, contact)
        if not yes:
            raise NotConfirmedError(found.id)
        erased = erase_contact(session, found.id, actor=who, at=now())
        session.commit()
        files = _delete_mails(here.settings.mailbox_folder, erased)
    show({**vars(erased), "files": files}, lambda: _said(erased, files), format_)


def _find_contact(session: Session, name: str) -> Contact:
    """By address, which may be several contacts' of several sources, or as everywhere."""
    from boucle.engine.customer_lists import find_party, follow
    from boucle.engine.privacy import find_contact_by_email
    from boucle.engine.tables import Contact

    by_address = find_contact_by_email(session, name) if "@" in name and "/" not in name else None
    return follow(
        session, session.get_one(Contact, by_address) if by_address else find_party(session, Contact, name)
    )


def _delete_mails(folder: Path, erased: Erased) -> int:
    """Messages that lie in the mailbox folder because no mail server is set."""
    files = [file for loop in erased.loops for file in folder.glob(f"{loop}.*.eml")]
    for file in files:
        file.unlink()
    return len(files)


def _said(erased: Erased, files: int) -> str:
    lines = [
        f"erased: {erased.values:,} personal value(s), of {erased.responses:,} response(s)",
        f"open loops that ended: {len(erased.ended)}; messages deleted from the mailbox folder: {files}",
    ]
    if erased.quarantined:
        lines.append(f"emptied in quarantine: {erased.quarantined}")
    return "\n".join(
        [*lines, "what lies in backups, and in other people's mailboxes, is not reached from here"]
    )
