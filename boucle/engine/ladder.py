"""What the terms of a case ask for next: a clock that runs out, a level of its ladder, its owner's silence.

What was done is not listed again, because it left something behind: an ended clock, a notice with the
step of its level, another owner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from boucle.engine.clock import due
from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import CommandRow, EffectRow, LoopRow
from boucle.engine.work_tables import AttemptRow, CaseRow, ClockRow
from boucle.model import AttemptResult, Calendar, ClockKind, ClockState, Duration, Plan
from boucle.standing import STAFF
from boucle.terms import CaseTerms, Level, Silence, short

_CASE_CLOCKS = (ClockKind.FIRST_CONTACT, ClockKind.CLOSE)
_REACHED = (AttemptResult.REACHED, AttemptResult.REFUSED)  # as `cases`, which stands above
_MINUTE = timedelta(minutes=1)

SILENCE = "silence"
"""What the rung is called at which a silent owner is given up."""


@dataclass(frozen=True)
class Missed:
    """A clock of the case runs out."""

    at: datetime
    clock: ClockKind

    @property
    def name(self) -> str:
        """As operators see it."""
        return f"{self.clock} due"


@dataclass(frozen=True)
class Climbed:
    """A level's moment has come."""

    at: datetime
    level: Level

    @property
    def name(self) -> str:
        """What its notices are called."""
        return self.level.when.name


@dataclass(frozen=True)
class Silent:
    """The owner has given no sign since an instant: they are reminded, or, at last, given up."""

    at: datetime
    since: datetime
    name: str
    at_last: bool = False


@dataclass(frozen=True)
class Again:
    """The customer is to be tried again, as the owner has planned."""

    at: datetime

    @property
    def name(self) -> str:
        """What its notice is called: one for each planned instant."""
        return f"next-try-{self.at:%Y%m%dT%H%M%S}"


Rung = Missed | Climbed | Silent | Again


@dataclass(frozen=True)
class _Scene:
    loop: LoopRow
    case: CaseRow
    calendar: Calendar | None
    clocks: Mapping[ClockKind, ClockRow]
    steps: Collection[str]
    signed_at: datetime
    reached_at: datetime | None


def find_next(session: Session, loop: LoopRow, case: CaseRow) -> Rung | None:
    """What is to be done next for the case, and when; None where nothing is."""
    rungs = list_rungs(session, loop, case)
    return rungs[0] if rungs else None


def list_rungs(session: Session, loop: LoopRow, case: CaseRow) -> list[Rung]:
    """All that is still to be done for the case if nothing changes, in order; nothing once it is over."""
    if case.concluded_at is not None:
        return []
    terms = CaseTerms.model_validate(case.terms)
    scene = _read(session, loop, case)
    rungs: list[Rung] = [*_misses(scene), *_levels(scene, terms.ladder), *_silences(scene, terms.silence)]
    rungs += _tries(scene)
    return sorted(rungs, key=lambda rung: (rung.at, not isinstance(rung, Missed), rung.name))


def step_of(name: str, which: int = 0) -> str:
    """The step of a level's notice to the first, the second … of those that it tells."""
    return f"{STAFF}{name}-{which + 1}" if which else f"{STAFF}{name}"


def last_sign(session: Session, loop: LoopRow, case: CaseRow) -> datetime:
    """When the case became its owner's, or came back to them, or when they last did something to it."""
    acted = select(func.max(col(CommandRow.recorded_at))).where(
        CommandRow.loop_id == loop.id, CommandRow.actor == case.owner
    )
    known = (case.opened_at, case.watched_from, session.exec(acted).one())
    return max(instant for instant in known if instant is not None)


def _read(session: Session, loop: LoopRow, case: CaseRow) -> _Scene:
    return _Scene(
        loop=loop,
        case=case,
        calendar=Plan.model_validate_json(loop.plan).calendar,
        clocks={ClockKind(row.kind): row for row in list_of_round(session, ClockRow, loop)},
        steps=frozenset(row.step for row in list_of_round(session, EffectRow, loop)),
        signed_at=last_sign(session, loop, case),
        reached_at=_last_reached(session, loop),
    )


def _last_reached(session: Session, loop: LoopRow) -> datetime | None:
    """When the customer was last reached in this round."""
    query = select(func.max(col(AttemptRow.happened_at))).where(
        AttemptRow.loop_id == loop.id, AttemptRow.round == loop.round, col(AttemptRow.result).in_(_REACHED)
    )
    return session.exec(query).one()


def _misses(scene: _Scene) -> Iterable[Missed]:
    for kind in _CASE_CLOCKS:
        row = scene.clocks.get(kind)
        if row is not None and row.state == ClockState.RUNNING:
            yield Missed(row.due_at, kind)


def _tries(scene: _Scene) -> Iterable[Again]:
    if scene.case.next_try_at is not None:
        again = Again(scene.case.next_try_at)
        if step_of(again.name) not in scene.steps:
            yield again


def _levels(scene: _Scene, ladder: Iterable[Level]) -> Iterable[Climbed]:
    for level in ladder:
        at = _moment(scene, level)
        if at is not None and step_of(level.when.name) not in scene.steps:
            yield Climbed(at, level)


def _moment(scene: _Scene, level: Level) -> datetime | None:
    """When it is; None where it is not to be: the clock has ended well, or stands still."""
    when = level.when
    if when.of is None:
        return due(_begun(scene), when.by, scene.calendar)
    row = scene.clocks.get(when.of)
    if row is None or row.state not in _states(scene, level):
        return None
    if not when.before:
        return due(row.due_at, when.by, scene.calendar)
    at = ahead(row.due_at, when.by, scene.calendar)
    return at if at > row.started_at else None


def _begun(scene: _Scene) -> datetime:
    """Since when the case stands: a case that comes late in its loop since then, as its clocks count."""
    counted = [scene.clocks[kind].started_at for kind in _CASE_CLOCKS if kind in scene.clocks]
    accepted = max(scene.loop.round_opened_at, scene.loop.deferred_until or scene.loop.round_opened_at)
    return min(counted, default=accepted)


def _states(scene: _Scene, level: Level) -> Collection[ClockState]:
    """Of a clock that was missed nobody is reminded any more; the miss is over once the contact is made."""
    made = level.when.of == ClockKind.FIRST_CONTACT and _is_contacted(scene)
    return (ClockState.RUNNING,) if level.when.before or made else (ClockState.RUNNING, ClockState.MISSED)


def _is_contacted(scene: _Scene) -> bool:
    """Whether the customer was reached since the clock of first contact began, or began anew."""
    row = scene.clocks[ClockKind.FIRST_CONTACT]
    return scene.reached_at is not None and scene.reached_at >= row.started_at


def ahead(end: datetime, by: Duration, calendar: Calendar | None) -> datetime:
    """The latest instant, to the minute, from which `by` is over at `end`."""
    if not by.business:
        return end - by.wall()
    low, high = 0, 1  # minutes before the end; at `high` it is early enough
    while due(end - high * _MINUTE, by, calendar) > end:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if due(end - middle * _MINUTE, by, calendar) > end:
            low = middle
        else:
            high = middle
    return end - high * _MINUTE


def _silences(scene: _Scene, silence: Silence) -> Iterable[Silent]:
    """An owner who waits for the customer, or for a date of theirs, is not silent."""
    case = scene.case
    if case.owner is None or case.waiting_until is not None:
        return
    dates = (scene.signed_at, case.snoozed_until, case.next_try_at)
    since = max(date for date in dates if date is not None)
    stamp = f"{since:%Y%m%d%H%M%S}"
    for by in silence.remind_after:
        name = f"silent-{short(by)}-{stamp}"
        if step_of(name) not in scene.steps:
            yield Silent(due(since, by, scene.calendar), since, name)
    name = f"{SILENCE}-{stamp}"
    if silence.after is not None and step_of(name) not in scene.steps:
        yield Silent(due(since, silence.after, scene.calendar), since, name, at_last=True)
