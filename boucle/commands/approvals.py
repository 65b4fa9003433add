"""`boucle approvals`: offers that wait for somebody to approve them; and granting one by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from boucle.commands.loops import SHORT
from boucle.commands.options import ActorOption, FormatOption, LoopArgument, TextOption, WorkspaceOption
from boucle.commands.output import now, say, show, table, until

if TYPE_CHECKING:
    from pathlib import Path

    from sqlmodel import Session

    from boucle.commands.acting import Acted
    from boucle.engine.tables import LoopRow
    from boucle.engine.work_tables import ApprovalRow
    from boucle.settings import Settings

OfferKindName = Literal["voucher", "credit", "call_back", "custom"]
StepOption = Annotated[
    str | None, typer.Option("--step", help="Which proposal of the loop; without it, the one that waits.")
]


def list_(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """List the offers that wait for approval, what is due first at the top."""
    from boucle.commands.known import list_names
    from boucle.commands.opening import opened
    from boucle.engine.approval_rows import list_waiting

    with opened(workspace) as here, here.database.reading() as session:
        rows = list_waiting(session)
        whom = list_names(session, [loop for _, loop in rows])
        told = [{**_tell(row, loop), "contact_name": whom.get(loop.id)} for row, loop in rows]
    show(told, lambda: _approval_table(told), format_)


def approve(
    loop: LoopArgument,
    *,
    step: StepOption = None,
    text: TextOption = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Approve an offer that somebody else, or a rule, proposes."""
    _decide(loop, "approve", step, text, workspace=workspace, actor=actor, format_=format_)


def refuse(
    loop: LoopArgument,
    text: Annotated[str, typer.Argument(help="Why not.")],
    *,
    step: StepOption = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Decline an offer that waits for approval, with the reason."""
    _decide(loop, "refuse", step, text, workspace=workspace, actor=actor, format_=format_)


def grant(
    loop: LoopArgument,
    *,
    offer: Annotated[OfferKindName, typer.Option("--kind", help="What it is.")],
    valid_for: Annotated[str, typer.Option(help="How long it can be used, such as 30 days.")],
    value: Annotated[str | None, typer.Option(help="What it is worth, such as 15.00 EUR.")] = None,
    text: TextOption = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Grant the customer of a case an offer; above your limit it waits for somebody to approve it."""
    from boucle.commands.acting import act
    from boucle.commands.opening import get_actor, get_settings
    from boucle.model import ActKind

    settings = get_settings(workspace)
    who = get_actor(settings, actor)
    details: dict[str, Any] = {
        "offer": offer,
        "valid_for": valid_for,
        "authority": settings.authority_of(who),
        "approver": _find_approver(settings, who, value),
        **({"value": value} if value else {}),
    }
    acted = act(
        loop, ActKind.GRANT, details, workspace=workspace, actor=who, format_=format_, text=text
    )  # fmt: skip
    for line in _tell_outcome(workspace, acted) if acted.state == "applied" else ():
        say(line)


def _tell_outcome(workspace: Path | None, acted: Acted) -> list[str]:
    """What came of granting: the code to read out, or who has to approve it first."""
    from boucle.commands.offers import find_told
    from boucle.commands.opening import opened
    from boucle.engine.loops import find_loop

    with opened(workspace) as here, here.database.reading() as session:
        row = find_loop(session, acted.loop)
        told = find_told(session, row)
        if told is None:
            waits = waiting_lines(session, row)
            return [f"not granted yet: {line.removeprefix('approval').strip()}" for line in waits]
        return ["{kind} {worth}, {state}, code {code}".format(**told)]


def _decide(
    loop: str, kind: str, step: str | None, text: str | None, *, workspace: Path | None, actor: str | None,
    format_: Any,
) -> None:  # fmt: skip
    from boucle.commands.acting import act
    from boucle.commands.opening import get_actor, opened
    from boucle.engine.loops import find_loop
    from boucle.model import ActKind

    with opened(workspace) as here:
        who = get_actor(here.settings, actor)
        authority = here.settings.authority_of(who)
        with here.database.reading() as session:
            which = step or _find_step(session, find_loop(session, loop))
    details = {"step": which, "authority": authority}
    act(loop, ActKind(kind), details, workspace=workspace, actor=who, format_=format_, text=text)


def _find_step(session: Session, loop: LoopRow) -> str:
    """The proposal that waits, or the last one: what became of it is then said."""
    from boucle.engine.approval_rows import list_approvals

    rows = list_approvals(session, loop)
    waiting = [row.step for row in rows if row.state == "waiting"]
    return (waiting or [row.step for row in rows] or ["offer"])[-1]


def _find_approver(settings: Settings, actor: str, value: str | None) -> str | None:
    """Somebody else whose limit suffices, leads of the actor's teams first; a bad value is told later."""
    from boucle.model import Money

    try:
        amount = Money.parse(value) if value else None
    except ValueError:
        return None
    leads = [team.lead for team in settings.teams.values() if actor in team.members]
    others = (person for person in (*leads, *settings.people) if person != actor)
    return next((person for person in others if settings.authority_of(person).approves(amount)), None)


def waiting_lines(session: Session, loop: LoopRow) -> list[str]:
    """What of a loop waits for approval, as lines of its case."""
    from boucle.engine.approval_rows import list_approvals, value_of
    from boucle.engine.offers import describe

    at = now()
    return [
        f"approval  {describe(row.kind, value_of(row))} waits for {row.approver or 'somebody'}, "
        f"{until(row.due_at, at)}"
        for row in list_approvals(session, loop)
        if row.state == "waiting"
    ]


def _tell(row: ApprovalRow, loop: LoopRow) -> dict[str, Any]:
    from boucle.engine.approval_rows import value_of

    value = value_of(row)
    return {
        "loop": loop.id,
        "step": row.step,
        "kind": row.kind,
        "value": str(value) if value else None,
        "proposed_by": row.proposed_by,
        "proposed_at": row.proposed_at,
        "rule": f"{loop.rule_set}/{loop.rule}",
        "first_score": loop.first_score,
        "approver": row.approver,
        "due_at": row.due_at,
    }


def _approval_table(told: list[dict[str, Any]]) -> str:
    if not told:
        return "nothing waits for approval"
    at = now()
    rows = [
        (
            one["loop"][:SHORT],
            until(one["due_at"], at),
            one["contact_name"],
            one["first_score"],
            one["kind"],
            one["value"],
            one["proposed_by"],
            one["approver"] or "nobody",
            one["rule"],
        )
        for one in told
    ]
    return table(("loop", "due", "contact", "score", "offer", "value", "proposed by", "asked", "rule"), rows)
