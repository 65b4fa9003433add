"""What the doctor reads in the database."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from boucle.engine import loops, outbox, quarantine, reconciliation
from boucle.local.findings import Finding, counted
from boucle.worker.installed_workflows import load_workflows
from boucle.workflows import list_plays


def check_counts(session: Session) -> list[Finding]:
    """Revisions = decisions, starting decisions = loops, closed rounds = closings."""
    counts = reconciliation.read_counts(session)
    text = (
        f"{counted(counts.revisions, 'revision')} = {counted(counts.decisions, 'decision')}, "
        f"{counted(counts.starting_decisions, 'starting decision')} = {counted(counts.loops, 'loop')}, "
        f"{counted(counts.closed_rounds, 'closed round')} = {counted(counts.closing_events, 'closing event')}"
    )
    if counts.agree:
        return [Finding("accounts", "ok", text, "boucle report")]
    return [Finding("accounts", "problem", text.replace(" = ", " and "), "boucle audit verify")]


def check_findings(session: Session, at: datetime) -> list[Finding]:
    """Where the database contradicts itself, and what has waited for long."""
    return [
        Finding(
            found.code,
            "problem" if found.wrong else "attention",
            f"{found.count:,} {found.text}: {_listed(found.ids, found.count)}",
            found.command,
        )
        for found in reconciliation.check(session, at)
    ]


def check_plays(session: Session) -> list[Finding]:
    """Plays of installed packages that cannot be run, and loops whose play nobody here can run."""
    installed = load_workflows()
    found = [
        Finding("plays", "problem", str(one), "mend or update the package, then boucle up")
        for one in installed.unusable
    ]
    for play, count in loops.count_open_by_play(session).items():
        if play not in installed.workflows:
            text = f"{count:,} open loop(s) run the play '{play}', which is not installed: they stand still"
            found.append(Finding("plays", "problem", text, "install its package again, then boucle up"))
    own = len(installed.workflows) - len(list_plays())
    text = f"{counted(len(list_plays()), 'play')} of boucle, {own:,} of installed packages"
    return found or [Finding("plays", "ok", text, "boucle rules process")]


def check_outbox(session: Session, at: datetime) -> list[Finding]:
    """What Temporal has yet to be told, and since when."""
    waiting = outbox.waiting(session, at)
    if waiting.oldest_at is None:
        later = f"; {counted(waiting.deferred, 'start')} deferred by the policy" if waiting.deferred else ""
        return [Finding("outbox", "ok", f"nothing waits for Temporal{later}", "boucle loops list")]
    seconds = int((at - waiting.oldest_at).total_seconds())
    text = (
        f"{counted(waiting.starts, 'start')} and {counted(waiting.acts, 'act')} wait for Temporal, "
        f"the oldest for {seconds:,} s"
    )
    return [Finding("outbox", "attention", text, "boucle up")]


def check_unconfirmed(session: Session) -> list[Finding]:
    """What may have gone out to a customer, or not; nothing where reconciliation says it already."""
    if reconciliation.read_counts(session).unconfirmed:
        return []
    return [Finding("unconfirmed", "ok", "nothing waits to be settled by hand", "boucle unconfirmed list")]


def check_quarantine(session: Session, at: datetime) -> list[Finding]:
    """Responses that a person has to mend."""
    waiting, late = quarantine.count_waiting(session, at)
    look = "boucle quarantine list"
    if not waiting:
        return [Finding("quarantine", "ok", "it is empty", look)]
    text = f"{counted(waiting, 'response')} wait in quarantine, {late:,} overdue"
    return [Finding("quarantine", "attention", text, look)]


def _listed(ids: tuple[str, ...], count: int) -> str:
    return ", ".join(ids) + (", …" if count > len(ids) else "")
