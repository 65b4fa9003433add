"""`boucle referrals`, `boucle testimonials`: what promoters do for us, and what may be published of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.loops import SHORT
from boucle.commands.options import (
    ActorOption,
    FormatOption,
    LimitOption,
    LoopArgument,
    WorkspaceOption,
)
from boucle.commands.output import show, table

if TYPE_CHECKING:
    from pathlib import Path

    from boucle.commands.output import Format
    from boucle.engine.promotions import Told
    from boucle.engine.work_tables import ReferralRow

CodeArgument = Annotated[str, typer.Argument(help="The referral code.")]


def list_referrals(
    *, limit: LimitOption = 100, workspace: WorkspaceOption = None, format_: FormatOption = "text"
) -> None:
    """List referrals, and how far each has come, the latest invited first."""
    from boucle.commands.opening import opened
    from boucle.engine import promotions

    with opened(workspace) as here, here.database.reading() as session:
        rows = promotions.list_referrals(session, limit)
        show([row.model_dump() for row in rows], lambda: _referral_table(list(rows)), format_)


def made(
    code: CodeArgument,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Record that somebody has come by a referral."""
    _refer(code, "made", workspace, actor, format_)


def converted(
    code: CodeArgument,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Record that somebody has become a customer by a referral."""
    _refer(code, "converted", workspace, actor, format_)


def list_testimonials(
    *,
    publishable: Annotated[
        bool, typer.Option("--publishable", help="Only those that may be published today.")
    ] = False,
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """List testimonials, and whether each may be published, the latest first."""
    from boucle.commands.opening import opened
    from boucle.engine import promotions

    with opened(workspace) as here, here.database.reading() as session:
        found = promotions.list_testimonials(session, publishable=publishable, limit=limit)
        show(found, lambda: _testimonial_table(found), format_)


def add(
    loop: LoopArgument,
    *,
    text: Annotated[str, typer.Option("--text", help="What the customer says of us.")],
    publish: Annotated[
        bool, typer.Option("--publish/--no-publish", help="Whether the customer agrees to publishing it.")
    ],
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Record a testimonial, with whether the customer agrees that it is published."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    details: dict[str, Any] = {"publish": publish}
    act(loop, ActKind.TESTIFY, details, workspace=workspace, actor=actor, format_=format_, text=text)


def withdraw(
    loop: LoopArgument,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Record that a customer does not want their testimonial to be published any more."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    act(loop, ActKind.TESTIFY, {"publish": False}, workspace=workspace, actor=actor, format_=format_)


def _refer(code: str, outcome: str, workspace: Path | None, actor: str | None, format_: Format) -> None:
    from boucle.commands.acting import act
    from boucle.commands.opening import opened
    from boucle.engine import promotions
    from boucle.model import ActKind

    with opened(workspace) as here, here.database.reading() as session:
        loop = promotions.get_referral(session, code).loop_id
    act(loop, ActKind.REFER, {"outcome": outcome}, workspace=workspace, actor=actor, format_=format_)


def _referral_table(rows: list[ReferralRow]) -> str:
    if not rows:
        return "no referrals"
    cells = [
        (row.code, row.loop_id[:SHORT], row.invited_at, row.made_at or "", row.converted_at or "")
        for row in rows
    ]
    return table(("code", "loop", "invited", "somebody came", "became a customer"), cells)


def _testimonial_table(found: list[Told]) -> str:
    if not found:
        return "no testimonials"
    cells = [
        (one.loop[:SHORT], one.given_at, "yes" if one.publishable else "no", one.text or "erased")
        for one in found
    ]
    return table(("loop", "given", "publishable", "text"), cells)
