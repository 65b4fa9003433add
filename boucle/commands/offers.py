"""`boucle offers`: what customers were granted, what they used of it, and what they still can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from boucle.commands.options import ActorOption, FormatOption, LimitOption, WorkspaceOption
from boucle.commands.output import local, now, show, table, to_csv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel import Session

    from boucle.engine.offers import Outstanding
    from boucle.engine.tables import LoopRow
    from boucle.engine.work_tables import OfferRow

OfferStateName = Literal["granted", "redeemed", "expired", "cancelled"]
ListFormat = Literal["text", "json", "csv"]
ListFormatOption = Annotated[ListFormat, typer.Option("--format", help="How to print the result.")]
CodeArgument = Annotated[str, typer.Argument(help="The offer's code, as the customer reads it out.")]

_COLUMNS = (
    "code",
    "state",
    "kind",
    "value",
    "granted_at",
    "valid_until",
    "redeemed_at",
    "granted_by",
    "loop",
)
_SUMS = ("kind", "currency", "count", "value")


def list_(
    *,
    state: Annotated[OfferStateName | None, typer.Option(help="Only offers in this state.")] = None,
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    format_: ListFormatOption = "text",
) -> None:
    """List offers, the latest granted first."""
    from boucle.commands.opening import opened
    from boucle.engine.offers import list_offers
    from boucle.model import OfferState

    at = now()
    chosen = OfferState(state) if state else None
    with opened(workspace) as here, here.database.reading() as session:
        told = [tell_offer(*row, at) for row in list_offers(session, at, state=chosen, limit=limit)]
    _print(told, _COLUMNS, "no offers", format_)


def show_(code: CodeArgument, *, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Show one offer: what it is, until when it can be used, whether it was."""
    from boucle.commands.opening import opened
    from boucle.engine.offers import get_offer
    from boucle.engine.tables import LoopRow

    with opened(workspace) as here, here.database.reading() as session:
        offer = get_offer(session, code)
        told = tell_offer(offer, session.get_one(LoopRow, offer.loop_id), now())
        show(told, lambda: "\n".join(f"{name:<13} {_plain(value)}" for name, value in told.items()), format_)


def redeem(
    code: CodeArgument,
    *,
    at: Annotated[
        str | None, typer.Option("--at", help="When it was used, such as 2026-03-10T14:30; without it, now.")
    ] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Record that the customer has used an offer; it cannot be used again."""
    _end(code, "redeem", at, None, workspace=workspace, actor=actor, format_=format_)


def cancel(
    code: CodeArgument,
    text: Annotated[str, typer.Argument(help="Why it is taken back.")],
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Take an offer back that was not used: its code is no longer taken."""
    _end(code, "cancel", None, text, workspace=workspace, actor=actor, format_=format_)


def outstanding(*, workspace: WorkspaceOption = None, format_: ListFormatOption = "text") -> None:
    """Add up what customers can still use, by kind and currency."""
    from boucle.commands.opening import opened
    from boucle.engine.offers import sum_outstanding

    with opened(workspace) as here, here.database.reading() as session:
        told = [_tell_sum(line) for line in sum_outstanding(session, now())]
    _print(told, _SUMS, "nothing is outstanding", format_)


def find_told(session: Session, loop: LoopRow) -> dict[str, Any] | None:
    """The loop's offer as a case shows it; None where it has none."""
    from boucle.engine.offers import find_offer

    offer = find_offer(session, loop.id)
    if offer is None:
        return None
    told = tell_offer(offer, loop, now())
    return {**told, "worth": told["value"] or told["label"] or "without a value"}


def tell_offer(offer: OfferRow, loop: LoopRow, at: datetime) -> dict[str, Any]:
    """An offer as JSON tells it."""
    from boucle.engine.offers import label_of, state_of, value_of

    value = value_of(offer)
    return {
        "code": offer.code,
        "state": str(state_of(offer, at)),
        "kind": offer.kind,
        "value": str(value) if value else None,
        "label": label_of(offer, loop.language),
        "granted_at": offer.granted_at,
        "granted_by": offer.granted_by,
        "valid_until": offer.valid_until,
        "redeemed_at": offer.redeemed_at,
        "cancelled_at": offer.cancelled_at,
        "loop": loop.id,
    }


def _end(code: str, kind: str, at: str | None, text: str | None, **how: Any) -> None:
    from boucle.commands.acting import act, read_instant
    from boucle.commands.opening import opened
    from boucle.engine.offers import get_offer
    from boucle.model import ActKind

    with opened(how["workspace"]) as here, here.database.reading() as session:
        loop = get_offer(session, code).loop_id
    details = {"at": read_instant(at) if at else now()}
    act(loop, ActKind(kind), details, at=at, text=text, **how)


def _tell_sum(line: Outstanding) -> dict[str, Any]:
    amount = str(line.value).split()[0] if line.value else None
    return {"kind": str(line.kind), "currency": line.currency, "count": line.count, "value": amount}


def _print(told: Sequence[dict[str, Any]], columns: Sequence[str], nothing: str, format_: ListFormat) -> None:
    rows = [[one[column] for column in columns] for one in told]
    if format_ == "csv":
        typer.echo(to_csv(columns, rows), nl=False)
        return
    headings = [column.replace("_", " ") for column in columns]
    show(told, lambda: table(headings, rows) if rows else nothing, format_)


def _plain(value: object) -> str:
    from datetime import datetime

    return local(value) if isinstance(value, datetime) else "" if value is None else str(value)
