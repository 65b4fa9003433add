"""`boucle loops`: the follow-ups, where each stands, and what happened in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.options import (
    ActorOption,
    ClosureName,
    FormatOption,
    LimitOption,
    LoopArgument,
    LoopStateName,
    WorkspaceOption,
)
from boucle.commands.output import local, now, show, table, until

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from boucle.engine.joining import Met
    from boucle.engine.knowledge import Known
    from boucle.engine.tables import LoopRow

SHORT = 10
"""How much of a loop's id lists show: enough to name it."""


def list_(
    *,
    state: Annotated[LoopStateName | None, typer.Option(help="Only loops in this state.")] = None,
    play: Annotated[str | None, typer.Option(help="Only loops of this play.")] = None,
    closure: Annotated[ClosureName | None, typer.Option(help="Only loops that ended so.")] = None,
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """List loops, what is due next first."""
    from boucle.commands.opening import opened
    from boucle.engine.loops import list_loops
    from boucle.model import Closure, LoopState

    with opened(workspace) as here, here.database.reading() as session:
        rows = list_loops(
            session,
            state=LoopState(state) if state else None,
            play=play,
            closure=Closure(closure) if closure else None,
            limit=limit,
        )
        show([summary(row) for row in rows], lambda: _loop_table(list(rows)), format_)


def show_(loop: LoopArgument, *, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Show one loop: where it stands, its clocks, and all that happened in it."""
    from boucle.commands.opening import opened
    from boucle.commands.sentences import tell
    from boucle.engine.loops import find_loop
    from boucle.engine.timeline import read_timeline

    with opened(workspace) as here, here.database.reading() as session:
        row = find_loop(session, loop)
        entries = read_timeline(session, row.id)
        details = {**summary(row), **context(session, row), "timeline": entries}
        show(details, lambda: "\n".join([*heading(details), "history", *tell(entries)]), format_)


def story(
    loop: LoopArgument,
    *,
    output: Annotated[
        Path | None, typer.Option(help="The file to write; without it, story-LOOP.html here.")
    ] = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Write one loop as a page that tells it to somebody who was not there."""
    from boucle.commands.opening import opened
    from boucle.commands.stories import read_story, write_story
    from boucle.commands.story_words import Teller
    from boucle.engine.loops import find_loop

    with opened(workspace) as here, here.database.reading() as session:
        row = find_loop(session, loop)
        names = {key: one.name for key, one in here.settings.people.items()}
        teams = {key: one.name for key, one in here.settings.teams.items()}
        told = read_story(session, row, Teller(names, teams))
        text = write_story(told, here.settings.company, now())
        path = output or Path(f"story-{row.id[:SHORT]}.html")
    path.write_text(text, encoding="utf-8")
    show({"loop": row.id, "file": str(path)}, f"written: {path}", format_)
    if not told.proof.whole:
        raise typer.Exit(1)


def answer(
    loop: LoopArgument,
    score: Annotated[int, typer.Argument(help="The score that the customer gave.")],
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Record the customer's answer to the follow-up question."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    act(loop, ActKind.ANSWER, {"score": score}, workspace=workspace, actor=actor, format_=format_)


def summary(row: LoopRow) -> dict[str, Any]:
    """A loop's own columns as JSON tells them."""
    return {
        "loop": row.id,
        "state": row.state,
        "stage": row.stage,
        "round": row.round,
        "play": row.play,
        "rule_set": row.rule_set,
        "rule": row.rule,
        "response": row.response_id,
        "score": row.first_score,
        "answer": row.answer,
        "language": row.language,
        "opened_at": row.opened_at,
        "deferred_until": row.deferred_until,
        "next_due": row.next_due,
        "closed_at": row.closed_at,
        "closure": row.closure,
        "closed_by": row.closed_by,
        "merged_into": row.merged_into,
    }


def context(session: Session, row: LoopRow) -> dict[str, Any]:
    """Who a loop is about, what they said, and its clocks."""
    from boucle.engine import privacy
    from boucle.engine.clock_views import view_clocks
    from boucle.engine.duplicates import list_merged
    from boucle.engine.joining import list_met
    from boucle.engine.responses import tell
    from boucle.engine.tables import ResponseRow
    from boucle.engine.waits import find_waits
    from boucle.model import Person

    response = session.get_one(ResponseRow, row.response_id)
    person = privacy.find_person(session, row.contact_id) if row.contact_id else Person()
    return {
        "source_id": response.source_id,
        "responded_at": response.responded_at,
        "customer": row.customer_id,
        "contact": person,
        "known": _list_known(session, row),
        "verbatims": tell(session, response).verbatims,
        "others": list_met(session, row.id),
        "merged": [summary(merged) for merged in list_merged(session, row.id)],
        "clocks": view_clocks(session, row, now()),
        **find_waits(session, row),
    }


def _list_known(session: Session, row: LoopRow) -> list[Known]:
    """What is known of the loop's customer and contact today."""
    from boucle.engine.knowledge import list_known
    from boucle.engine.tables import Contact, Customer

    customer = session.get(Customer, row.customer_id) if row.customer_id else None
    contact = session.get(Contact, row.contact_id) if row.contact_id else None
    return [*list_known(customer), *list_known(contact)]


def heading(details: dict[str, Any]) -> list[str]:
    """The first lines of a loop or a case: what, where it stands, who, what they said, the clocks."""
    from boucle.commands.clock_words import tell_clocks
    from boucle.commands.known import tell_known

    at = now()
    person = details["contact"]
    who = ", ".join(filter(None, (person.name, person.email, person.phone))) or "anonymous"
    ended = f", {details['closure']} by {details['closed_by']}" if details["closure"] else ""
    score = "none" if details["score"] is None else details["score"]
    after = f", then {details['answer']}" if details["answer"] is not None else ""
    lines = [
        f"loop      {details['loop']}",
        f"state     {details['state']} ({details['stage']}), round {details['round']}{ended}",
        f"play      {details['play']}, by rule {details['rule_set']}/{details['rule']}",
        f"response  {details['source_id']} of {local(details['responded_at'])}",
        f"score     {score}{after}",
        f"contact   {who}",
        *(f"known     {tell_known(known, at)}" for known in details["known"]),
    ]
    lines += [f"verbatim  “{verbatim.text}”" for verbatim in details["verbatims"]]
    lines += [line for other in details["others"] for line in _other(other)]
    if details["merged_into"]:
        lines.append(f"merged    into {details['merged_into']}")
    for one in details["merged"]:
        lines.append(f"merged    {one['loop'][:SHORT]} of {local(one['opened_at'])} goes on here")
    if details["state"] == "open" and details["deferred_until"]:
        lines.append(f"deferred  starts when the window ends, {local(details['deferred_until'])}")
    return [*lines, *tell_clocks(details, at)]


def _other(met: Met) -> list[str]:
    """A response that came while the loop was open, and what was written in it."""
    scores = ", ".join(f"{name} {score}" for name, score in met.scores.items()) or "no score"
    how = "joined" if met.joined else "also"
    lines = [f"{how:<9} {met.source_id} of {local(met.responded_at)}: {scores}"]
    return [*lines, *(f"verbatim  “{verbatim.text}”" for verbatim in met.verbatims)]


def _due(row: LoopRow, at: datetime) -> str:
    """When something is due; of a loop that has yet to begin, when it does."""
    if row.next_due:
        return until(row.next_due, at)
    begins = row.deferred_until if row.state == "open" else None
    return f"starts {until(begins, at)}" if begins and begins > at else ""


def _loop_table(rows: list[LoopRow]) -> str:
    if not rows:
        return "no loops"
    at = now()
    cells = [
        (
            row.id[:SHORT],
            row.closure or row.state,
            row.play,
            f"{row.rule_set}/{row.rule}",
            row.first_score,
            _due(row, at),
            row.opened_at,
        )
        for row in rows
    ]
    return table(("loop", "state", "play", "rule", "score", "due", "opened"), cells)
