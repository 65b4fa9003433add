"""`boucle cases`: the cases that people work, and what they do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.clocking import WHEN
from boucle.commands.loops import SHORT, context, heading, summary
from boucle.commands.options import (
    ActorOption,
    ChannelName,
    FormatOption,
    LimitOption,
    LoopArgument,
    LoopStateName,
    ResultName,
    TextOption,
    WorkspaceOption,
)
from boucle.commands.output import now, show, table, until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boucle.engine.tables import LoopRow
    from boucle.engine.work_tables import CaseRow

AtOption = Annotated[
    str | None, typer.Option("--at", help="When it happened, such as 2026-03-10T14:30; without it, now.")
]


def list_(
    *,
    owner: Annotated[str | None, typer.Option(help="Only cases of this person.")] = None,
    team: Annotated[str | None, typer.Option(help="Only cases of this team.")] = None,
    state: Annotated[
        LoopStateName | None, typer.Option(help="Only this state; without it, not closed.")
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option(help="Only cases of whoever's name, e-mail address, number or key has this in it."),
    ] = None,
    aside: Annotated[bool, typer.Option("--aside", help="Also cases that were put aside.")] = False,
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """List cases, what is due next first."""
    from boucle.commands.known import list_names
    from boucle.commands.opening import opened, require_person, require_team
    from boucle.engine.cases import list_cases
    from boucle.model import LoopState

    chosen = LoopState(state) if state else None
    with opened(workspace) as here, here.database.reading() as session:
        inbox = None if aside else now()
        rows = list_cases(
            session, owner=owner, team=team, state=chosen, at=inbox, about=customer, limit=limit
        )  # fmt: skip
        if owner and not rows:  # who has left can still own cases
            require_person(here.settings, owner)
        if team and not rows:
            require_team(here.settings, team)
        whom = list_names(session, [loop for _, loop in rows])
        told = [{**_summary(*row), "contact_name": whom.get(row[1].id)} for row in rows]
        show(told, lambda: _case_table(list(rows), whom), format_)


def show_(loop: LoopArgument, *, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Show one case: clocks, owner, what the customer said, questions, offer, every attempt, every note."""
    from boucle.commands.approvals import waiting_lines
    from boucle.commands.offers import find_told
    from boucle.commands.opening import opened
    from boucle.commands.scripting import read_script
    from boucle.commands.task_words import describe
    from boucle.engine.cases import get_case, list_attempts
    from boucle.engine.loops import find_loop
    from boucle.engine.tasks import list_tasks
    from boucle.engine.timeline import read_timeline

    with opened(workspace) as here, here.database.reading() as session:
        row = find_loop(session, loop)
        case = get_case(session, row)
        attempts = [attempt.model_dump() for attempt in list_attempts(session, row)]
        written = [entry for entry in read_timeline(session, row.id) if entry.texts]
        tasks = describe(session, list_tasks(session, loop_id=row.id, state=None))
        own = {"attempts": attempts, "tasks": tasks, "written": written}
        own |= {"offer": find_told(session, row), "script": read_script(here.settings, session, row)}
        own |= {"approvals": waiting_lines(session, row)}
        details = {**_summary(case, row), **context(session, row), **own}
        show(details, lambda: _case_text(details), format_)


def claim(
    loop: LoopArgument,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Take a case."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    act(loop, ActKind.CLAIM, {}, workspace=workspace, actor=actor, format_=format_)


def attempt(
    loop: LoopArgument,
    *,
    channel: Annotated[ChannelName, typer.Option(help="How the customer was tried.")],
    result: Annotated[ResultName, typer.Option(help="What came of it.")],
    at: AtOption = None,
    next_try: Annotated[str | None, typer.Option("--next", help=f"When to try again. {WHEN}")] = None,
    text: TextOption = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Log one try to reach the customer."""
    from boucle.commands.acting import act
    from boucle.commands.clocking import read_time
    from boucle.model import ActKind

    details: dict[str, Any] = {"channel": channel, "result": result}
    if next_try:
        details["next_try_at"] = read_time(workspace, loop, next_try)
    act(
        loop, ActKind.ATTEMPT, details, workspace=workspace, actor=actor, format_=format_, at=at, text=text
    )  # fmt: skip


def note(
    loop: LoopArgument,
    text: Annotated[str, typer.Argument(help="What colleagues should know; customers never see it.")],
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Write an internal note."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    act(loop, ActKind.NOTE, {}, workspace=workspace, actor=actor, format_=format_, text=text)


def assign(
    loop: LoopArgument,
    owner: Annotated[str, typer.Argument(help="Id of the person who gets the case.")],
    *,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why; needed to take the case from somebody.")
    ] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Give a case to somebody; to take it from somebody else needs a reason."""
    from boucle.commands.acting import act
    from boucle.commands.opening import get_settings, require_worker
    from boucle.model import ActKind

    require_worker(get_settings(workspace), owner)
    act(
        loop, ActKind.ASSIGN, {"owner": owner}, workspace=workspace, actor=actor, format_=format_, text=reason
    )


def _summary(case: CaseRow, loop: LoopRow) -> dict[str, Any]:
    own = case.model_dump(exclude={"loop_id", "opened_at", "round"})
    return {**summary(loop), **own, "case_opened_at": case.opened_at}


def _case_table(rows: list[tuple[CaseRow, LoopRow]], whom: Mapping[str, str]) -> str:
    if not rows:
        return "no cases"
    at = now()
    cells = [
        (
            loop.id[:SHORT],
            until(loop.next_due, at) if loop.next_due else "",
            whom.get(loop.id, "" if loop.contact_id else "anonymous"),
            case.severity,
            loop.first_score,
            case.owner or "nobody",
            case.team,
            loop.closure or ("waits" if case.waiting_until else loop.stage),
        )
        for case, loop in rows
    ]
    return table(("loop", "due", "contact", "severity", "score", "owner", "team", "stage"), cells)


def _case_text(details: dict[str, Any]) -> str:
    from boucle.commands.scripting import script_lines
    from boucle.commands.sentences import tell
    from boucle.commands.task_words import task_lines

    owner = details["owner"] or "nobody"
    raised = f", escalated to {details['escalated_to']}" if details["escalated_to"] else ""
    needs = f"needs {details['skill']}, " if details["skill"] else ""
    lines = [
        *heading(details),
        f"case      {details['severity']}, team {details['team']}, {needs}owner {owner}{raised}",
    ]
    if details["root_cause"]:
        lines.append(f"cause     {_cause(details)}")
    if details["offer"]:
        lines.append("offer     {kind} {worth}, {state}, code {code}".format(**details["offer"]))
    lines += details["approvals"]
    if details["script"]:
        lines += ["", "questions for the call", *script_lines(details["script"])]
    rows = [
        (one["happened_at"], one["channel"], one["result"], one["actor"], one["next_try_at"])
        for one in details["attempts"]
    ]
    attempts = table(("attempt", "channel", "result", "by", "next try"), rows) if rows else "no attempts yet"
    notes = ["", "what people wrote", *tell(details["written"])] if details["written"] else []
    asked = ["", *task_lines(details["tasks"])] if details["tasks"] else []
    return "\n".join([*lines, "", attempts, *asked, *notes])


def _cause(details: dict[str, Any]) -> str:
    reach = {None: None, True: "systemic", False: "isolated"}[details["systemic"]]
    return ", ".join(filter(None, (details["root_cause"], details["root_cause_detail"], reach)))
