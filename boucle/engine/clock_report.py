"""How the clocks were kept: met and breached, and how long first contact takes, by team and by owner.

Clocks are counted in the period in which their loop was opened. A clock belongs to who owned the case when it
ended, and while it runs to who owns it now. What a customer scored is never counted by owner.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, select

from boucle.engine.clock import worked
from boucle.engine.clocks import met_percent, state_at
from boucle.engine.survival import Observed, quantile
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import CaseRow, ClockRow, CommitmentRow
from boucle.model import Calendar, ClockKind, ClockState, Frozen, LoopState

Of = Literal["all", "team", "owner"]
"""Whose clocks a line is about; `all` has no name."""

NOBODY = ""
"""The name of the line of cases that nobody owns."""

_KINDS = (ClockKind.FIRST_CONTACT, ClockKind.CLOSE)
_HOUR = timedelta(hours=1)


class ClockLine(Frozen):
    """The clocks of one kind. `met_percent` is met ÷ (met + breached); None where none has ended so.

    `breached` are those missed, and those that run and whose time is over. `paused` stand still
    while the team waits for the customer. `stopped` ended with the loop before they were met.
    """

    of: Of
    name: str
    clock: ClockKind
    met: int
    breached: int
    running: int
    paused: int
    stopped: int
    met_percent: float | None


class ContactLine(Frozen):
    """How long first contact takes, in hours: on the customer's clock, and in working time without pauses.

    Estimated over all cases, also the `waiting` ones (open, or closed without contact), which are
    known to have taken at least so long: Kaplan-Meier, see `survival`. None: too few were contacted to
    know.
    """

    of: Of
    name: str
    contacted: int
    waiting: int
    median_hours: float | None
    p90_hours: float | None
    median_working_hours: float | None
    p90_working_hours: float | None


class ClockReport(Frozen):
    """All lines as of `at`, of loops opened from `since` on, before `until`."""

    at: datetime
    since: datetime | None
    until: datetime | None
    clocks: tuple[ClockLine, ...]
    first_contact: tuple[ContactLine, ...]


@dataclass(frozen=True)
class _Clock:
    """A clock, and whose it is."""

    kind: ClockKind
    state: ClockState
    team: str
    owner: str


@dataclass(frozen=True)
class _Contact:
    """The way to a first contact: how long it took, or takes so far, on both clocks."""

    team: str
    owner: str
    contacted: bool
    wall: timedelta
    working: timedelta


def report_clocks(
    session: Session, *, at: datetime, since: datetime | None = None, until: datetime | None = None
) -> ClockReport:
    """The report as of `at` on the loops opened from `since` on, before `until`."""
    found = _read(session, since, until)
    calendars = _Calendars()
    contacts = [
        _contact(row, case, loop, calendars.find(loop), at)
        for row, case, loop in found
        if row.kind == ClockKind.FIRST_CONTACT
    ]
    clocks = [_clock(row, case, at) for row, case, _ in found]
    clocks += [_promise(row, case, at) for row, case in _read_promises(session, since, until)]
    return ClockReport(
        at=at,
        since=since,
        until=until,
        clocks=tuple(_clock_lines(clocks)),
        first_contact=tuple(_contact_lines(contacts)),
    )


# -- reading ------------------------------------------------------------------------------------


def _read(
    session: Session, since: datetime | None, until: datetime | None
) -> Sequence[tuple[ClockRow, CaseRow, LoopRow]]:
    query = (
        select(ClockRow, CaseRow, LoopRow)
        .where(CaseRow.loop_id == ClockRow.loop_id, CaseRow.round == ClockRow.round)
        .where(LoopRow.id == ClockRow.loop_id, col(ClockRow.kind).in_(_KINDS), *_opened(since, until))
    )
    return session.exec(query.order_by(ClockRow.loop_id, col(ClockRow.round), ClockRow.kind)).all()


def _read_promises(
    session: Session, since: datetime | None, until: datetime | None
) -> Sequence[tuple[CommitmentRow, CaseRow]]:
    query = (
        select(CommitmentRow, CaseRow)
        .where(CaseRow.loop_id == CommitmentRow.loop_id, CaseRow.round == CommitmentRow.round)
        .where(LoopRow.id == CommitmentRow.loop_id, *_opened(since, until))
    )
    return session.exec(query).all()


def _opened(since: datetime | None, until: datetime | None) -> list[bool]:
    limits = []
    if since is not None:
        limits.append(LoopRow.opened_at >= since)
    if until is not None:
        limits.append(LoopRow.opened_at < until)
    return limits


class _Calendars:
    """The calendars of plans, each read once."""

    def __init__(self) -> None:
        self._known: dict[str, Calendar] = {}

    def find(self, loop: LoopRow) -> Calendar | None:
        stated = json.loads(loop.plan).get("calendar")
        if stated is None:
            return None
        key = json.dumps(stated)
        if key not in self._known:
            self._known[key] = Calendar.model_validate_json(key)
        return self._known[key]


def _clock(row: ClockRow, case: CaseRow, at: datetime) -> _Clock:
    state = state_at(ClockState(row.state), row.due_at, at)
    return _Clock(ClockKind(row.kind), state, case.team, _owner(row, case))


def _promise(row: CommitmentRow, case: CaseRow, at: datetime) -> _Clock:
    state = state_at(ClockState(row.state), row.due_at, at)
    return _Clock(ClockKind.COMMITMENT, state, case.team, _owner(row, case))


def _owner(row: ClockRow | CommitmentRow, case: CaseRow) -> str:
    return (row.owner if row.ended_at is not None else case.owner) or NOBODY


def _contact(
    row: ClockRow, case: CaseRow, loop: LoopRow, calendar: Calendar | None, at: datetime
) -> _Contact:
    reached_at = _reached_at(row, case)
    end = max(reached_at or _known_until(row, loop, at), row.started_at)
    counted = min(end, row.paused_at or end)
    working = worked(row.started_at, counted, calendar) if calendar else end - row.started_at
    return _Contact(
        team=case.team,
        owner=_owner(row, case),
        contacted=reached_at is not None,
        wall=end - row.started_at,
        working=max(working - timedelta(seconds=row.paused_for), timedelta()),
    )


def _reached_at(row: ClockRow, case: CaseRow) -> datetime | None:
    """When the contact was made that the clock counts down to; one that began anew counts the next one."""
    if row.state == ClockState.MET:
        return row.ended_at
    return case.first_contact_at if row.ended_at is not None else None


def _known_until(row: ClockRow, loop: LoopRow, at: datetime) -> datetime:
    """Until when we know that nobody had been reached: now, the closing, or the end of an earlier round."""
    if row.round < loop.round:
        return row.ended_at or row.due_at
    return loop.closed_at if loop.state == LoopState.CLOSED and loop.closed_at else at


# -- counting -----------------------------------------------------------------------------------


def _clock_lines(clocks: Iterable[_Clock]) -> Iterator[ClockLine]:
    counts: dict[tuple[Of, str, ClockKind], Counter[ClockState]] = {}
    for clock in clocks:
        for of, name in _groups(clock):
            counts.setdefault((of, name, clock.kind), Counter())[clock.state] += 1
    for of, name, kind in sorted(counts, key=_order):
        states = counts[of, name, kind]
        yield ClockLine(
            of=of,
            name=name,
            clock=kind,
            met=states[ClockState.MET],
            breached=states[ClockState.MISSED],
            running=states[ClockState.RUNNING],
            paused=states[ClockState.PAUSED],
            stopped=states[ClockState.STOPPED],
            met_percent=met_percent(states),
        )


def _contact_lines(contacts: Sequence[_Contact]) -> Iterator[ContactLine]:
    groups: dict[tuple[Of, str], list[_Contact]] = {}
    for contact in contacts:
        for group in _groups(contact):
            groups.setdefault(group, []).append(contact)
    for of, name in sorted(groups, key=lambda group: _order((*group, ClockKind.FIRST_CONTACT))):
        yield _contact_line(of, name, groups[of, name])


def _contact_line(of: Of, name: str, contacts: Sequence[_Contact]) -> ContactLine:
    contacted = sum(contact.contacted for contact in contacts)
    return ContactLine(
        of=of,
        name=name,
        contacted=contacted,
        waiting=len(contacts) - contacted,
        **_hours(contacts, "hours", lambda contact: contact.wall),
        **_hours(contacts, "working_hours", lambda contact: contact.working),
    )


def _hours(
    contacts: Sequence[_Contact], unit: str, length: Callable[[_Contact], timedelta]
) -> Mapping[str, float | None]:
    waits = [Observed(length(contact), contact.contacted) for contact in contacts]
    found = {f"median_{unit}": quantile(waits, 0.5), f"p90_{unit}": quantile(waits, 0.9)}
    return {name: None if took is None else round(took / _HOUR, 2) for name, took in found.items()}


def _groups(one: _Clock | _Contact) -> tuple[tuple[Of, str], ...]:
    return ("all", ""), ("team", one.team), ("owner", one.owner)


def _order(key: tuple[Of, str, ClockKind]) -> tuple[int, str, int]:
    of, name, kind = key
    return ("all", "team", "owner").index(of), name, list(ClockKind).index(kind)
