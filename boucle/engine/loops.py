"""A loop from its opening to its closure: a guarded state machine, every change with its event.

Every function that changes a loop locks its row first, so acts on one loop happen one after another.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from boucle.engine import approval_rows, holding, ledger, outbox, task_rows
from boucle.engine import clocks as clock_rows
from boucle.engine.canonical import instant_text
from boucle.engine.refusals import refusal
from boucle.engine.tables import LedgerEvent, LoopRow, ResponseRow
from boucle.errors import AmbiguousError, NotFoundError
from boucle.model import Calendar, ClockKind, ClockState, Closure, ContactPolicy, Duration, LoopState, Plan

BOUCLE = "boucle"
"""The actor of what the product does by itself."""

_PREFIX = re.compile("[a-z2-7]{1,52}")
_LOCKED = (
    select(LoopRow)
    .where(LoopRow.id == bindparam("loop"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_ADVANCED = select(LedgerEvent.payload).where(
    LedgerEvent.chain == bindparam("chain"), LedgerEvent.type == "loop.advanced"
)


@dataclass(frozen=True)
class LoopDefaults:
    """What a loop needs that neither the response nor the rules say.

    `teams` are the calendars of the teams that have their own, by team; all others work by `calendar`.
    `contact` says when a customer counts as unreachable.
    """

    language: str
    calendar: Calendar
    teams: Mapping[str, Calendar] = field(default_factory=dict)
    contact: ContactPolicy = field(default_factory=ContactPolicy)

    def find_calendar(self, plan: Plan) -> Calendar:
        """The working time of the plan's team: what the loop keeps, whatever the settings say later."""
        steps = plan.params.get("steps")
        parts = [plan.params, *(steps if isinstance(steps, list) else ())]
        teams = (_find_team(part) for part in parts if isinstance(part, Mapping))
        team = next((team for team in teams if isinstance(team, str)), None)
        return self.teams.get(team, self.calendar) if team else self.calendar


def _find_team(params: Mapping[str, JsonValue]) -> JsonValue:
    """The team that parameters, or a step, name as their own or as that of their case."""
    case = params.get("case")
    return params.get("team") or (case.get("team") if isinstance(case, dict) else None)


@dataclass(frozen=True)
class Scale:
    """The metric of the score that began a loop, and its lowest and highest value."""

    metric: str
    low: int
    high: int


def loop_id(rule_set: str, response_id: str, rule_id: str) -> str:
    """The one id of the loop that a rule starts for a response: 52 letters and digits."""
    digest = hashlib.sha256(f"{rule_set}\0{response_id}\0{rule_id}".encode()).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()


def open_loop(
    session: Session,
    *,
    decision_id: str,
    response: ResponseRow,
    plan: Plan,
    language: str,
    first_score: int | None,
    calendar: Calendar,
    intake_chain: str,
    intake_seq: int,
    at: datetime,
    scale: Scale | None = None,
    deferred_until: datetime | None = None,
    contact: ContactPolicy | None = None,
) -> LoopRow:
    """Open the loop of a decision that starts something: its row, its first event, its outbox row.

    `deferred_until`: its play is not to be started before.
    """
    own = plan.model_copy(update={"calendar": calendar, "contact": contact})
    loop = LoopRow(
        id=loop_id(plan.rule_set, response.id, plan.rule),
        response_id=response.id,
        decision_id=decision_id,
        customer_id=response.customer_id,
        contact_id=response.contact_id,
        rule_set=plan.rule_set,
        rule=plan.rule,
        play=plan.play,
        plan=own.model_dump_json(),
        language=language,
        first_score=first_score,
        metric=scale.metric if scale else None,
        scale_low=scale.low if scale else None,
        scale_high=scale.high if scale else None,
        opened_at=at,
        round_opened_at=at,
        deferred_until=deferred_until,
    )
    session.add(loop)
    session.flush()
    intake: dict[str, JsonValue] = {"chain": intake_chain, "seq": intake_seq}
    append(session, loop, "loop.opened", at=at, payload=_opening(loop, own) | {"intake": intake})
    outbox.enqueue_start(session, loop, at)
    return loop


def lock_loop(session: Session, loop_id: str) -> LoopRow:
    """The loop, held by this transaction until it ends; NotFoundError."""
    held = holding.of(session).loops.get(loop_id)
    if held is not None:
        return held
    session.flush()  # reading the row anew would undo what is not written yet
    loop = session.exec(_LOCKED, params={"loop": loop_id}).first()
    if loop is None:
        raise NotFoundError("loop", loop_id)
    holding.hold(session, loop)
    return loop


def find_loop(session: Session, prefix: str) -> LoopRow:
    """The loop whose id begins with `prefix`; NotFoundError, or AmbiguousError where several do."""
    if _PREFIX.fullmatch(prefix) is None:
        raise NotFoundError("loop", prefix)
    found = session.exec(select(LoopRow).where(col(LoopRow.id).startswith(prefix)).limit(10)).all()
    if not found:
        raise NotFoundError("loop", prefix)
    if len(found) > 1:
        raise AmbiguousError("loop", prefix, len(found))
    return found[0]


def count_open_by_play(session: Session) -> dict[str, int]:
    """How many loops of each play are not closed."""
    query = select(LoopRow.play, func.count()).where(col(LoopRow.state) != LoopState.CLOSED)
    return dict(session.exec(query.group_by(LoopRow.play)).all())


def list_loops(
    session: Session,
    *,
    state: LoopState | None = None,
    play: str | None = None,
    closure: Closure | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[LoopRow]:
    """Loops that fit, what is due next first, then the latest opened."""
    query = select(LoopRow)
    for column, value in ((LoopRow.state, state), (LoopRow.play, play), (LoopRow.closure, closure)):
        if value is not None:
            query = query.where(column == value)
    order = (col(LoopRow.next_due).is_(None), col(LoopRow.next_due), col(LoopRow.opened_at).desc())
    return session.exec(query.order_by(*order, col(LoopRow.id)).offset(offset).limit(limit)).all()


def advance(
    session: Session,
    loop_id: str,
    *,
    stage: str,
    at: datetime,
    clocks: Sequence[tuple[ClockKind, Duration]] = (),
    met: ClockKind | None = None,
    missed: ClockKind | None = None,
    leaves: str | None = None,
) -> None:
    """Enter a stage of the play and start its clocks; `open` becomes `in_progress`.

    `met`, `missed`: the clocks with which the stage before ends. A stage is entered once a round:
    entering it again changes nothing, whatever came since. Nor does anything change on a closed loop, or on
    one that is in another stage than `leaves` by now.
    """
    loop = lock_loop(session, loop_id)
    if leaves is not None and loop.stage != leaves:
        return
    if loop.state == LoopState.CLOSED or _has_entered(session, loop, stage):
        return
    if met is not None:
        end_clock(session, loop, met, at)
    if missed is not None:
        miss_clock(session, loop_id, missed, at)
    first = loop.state == LoopState.OPEN
    calendar = _plan(loop).calendar
    started = clock_rows.start_clocks(session, loop, clocks, calendar, at, begins_round=first)
    loop.state, loop.stage = LoopState.IN_PROGRESS, stage
    due: dict[str, JsonValue] = {kind: instant_text(instant) for kind, instant in started.items()}
    append(session, loop, "loop.advanced", at=at, payload={"stage": stage, "clocks": due})


def end_clock(session: Session, loop: LoopRow, kind: ClockKind, at: datetime) -> None:
    """What the clock counted down to happened at `at`; missed where that was too late."""
    _record_clock(session, loop, kind, clock_rows.end_clock(session, loop, kind, at), at)


def miss_clock(session: Session, loop_id: str, kind: ClockKind, at: datetime) -> None:
    """The clock ran out; nothing where it does not run any more."""
    loop = lock_loop(session, loop_id)
    _record_clock(session, loop, kind, clock_rows.miss_clock(session, loop, kind, at), at)


def miss_promise(session: Session, loop_id: str, number: int, at: datetime) -> None:
    """Nobody has said in time that the promise was kept; nothing where its clock does not run any more."""
    loop = lock_loop(session, loop_id)
    state = clock_rows.miss_promise(session, loop, number, at)
    if state is not None:
        append(session, loop, f"clock.{state}", at=at, payload={"clock": clock_rows.promise_name(number)})


def close(
    session: Session,
    loop_id: str,
    *,
    closure: Closure,
    by: str,
    at: datetime,
    details: Mapping[str, JsonValue] | None = None,
    text: Mapping[str, str] | None = None,
) -> None:
    """End the loop: its close clock is met or missed, every other clock stops, and its tasks are dropped.

    Closing a closed loop changes nothing: the first closure stands. `details` go into the event,
    `text` is its personal part.
    """
    loop = lock_loop(session, loop_id)
    if loop.state == LoopState.CLOSED:
        return
    end_clock(session, loop, ClockKind.CLOSE, at)
    stopped: list[JsonValue] = [*clock_rows.stop_clocks(session, loop, at)]
    approval_rows.drop(session, loop, at)
    loop.state, loop.closure, loop.closed_by, loop.closed_at = LoopState.CLOSED, closure, by, at
    session.add(loop)
    dropped: list[JsonValue] = [*task_rows.drop_all(session, loop, by=by, at=at)]
    payload = {"closure": str(closure), "stopped": stopped, **(details or {})}
    payload |= {"dropped": dropped} if dropped else {}
    append(session, loop, "loop.closed", at=at, actor=by, payload=payload, text=text)


def answer(
    session: Session,
    loop_id: str,
    *,
    score: int | None,
    actor: str,
    at: datetime,
    text: Mapping[str, str],
    step: str | None = None,
    declined: bool = False,
) -> None:
    """Keep the answer to a question of this round, that of `step`, given at `at`; its clock ends.

    `score` None: it was answered in words, or not at all (`declined`).
    """
    loop = lock_loop(session, loop_id)
    loop.answer = loop.answer if score is None else score
    session.add(loop)
    type_ = "loop.declined" if declined else "loop.commented" if score is None else "loop.answered"
    payload: dict[str, JsonValue] = {} if score is None else {"score": score}
    if step is not None:
        payload["step"] = step
    append(session, loop, type_, at=at, actor=actor, payload=payload, text=text)
    end_clock(session, loop, ClockKind.ANSWER, at)


def reopen(
    session: Session,
    loop_id: str,
    *,
    by: str,
    at: datetime,
    why: str | None = None,
    text: Mapping[str, str] | None = None,
) -> None:
    """Begin the next round of a closed loop and ask for its workflow; refused as `loop_open`.

    `why` is a fixed code, where boucle itself begins it; `text` says why where a person does.
    """
    loop = lock_loop(session, loop_id)
    if loop.state != LoopState.CLOSED:
        raise refusal("loop_open")
    loop.state, loop.stage, loop.round, loop.round_opened_at = LoopState.OPEN, "accepted", loop.round + 1, at
    loop.closure = loop.closed_by = loop.closed_at = loop.answer = None
    loop.deferred_until = loop.least_severity = None
    loop.reopened_for = why
    session.add(loop)
    append(session, loop, "loop.reopened", at=at, actor=by, payload={"why": why} if why else {}, text=text)
    outbox.enqueue_start(session, loop, at, again=True)


def append(
    session: Session,
    loop: LoopRow,
    type_: str,
    *,
    at: datetime,
    payload: Mapping[str, JsonValue],
    actor: str = BOUCLE,
    recorded_at: datetime | None = None,
    text: Mapping[str, str] | None = None,
) -> None:
    """An event on the loop's chain, with its round; `text` is personal and committed apart."""
    session.flush()
    ledger.append(
        session,
        ledger.loop_chain(loop.id),
        type_,
        at=at,
        actor=actor,
        payload={"round": loop.round, **payload},
        recorded_at=recorded_at,
        personal=text or None,
        subject=subject_of(loop) if text else None,
    )


def subject_of(loop: LoopRow) -> str:
    """Whose personal data a text about this loop is: the contact's, or the anonymous response's."""
    return loop.contact_id or loop.response_id


def _opening(loop: LoopRow, plan: Plan) -> dict[str, JsonValue]:
    return {
        "response": loop.response_id,
        "decision": loop.decision_id,
        "play": plan.play,
        "rule_set": plan.rule_set,
        "rule": plan.rule,
        "bundle": plan.bundle,
        "calendar": plan.calendar.digest if plan.calendar else "",
        "plan": hashlib.sha256(loop.plan.encode()).hexdigest(),
        "language": loop.language,
        "first_score": loop.first_score,
        "deferred_until": instant_text(loop.deferred_until) if loop.deferred_until else None,
    }


def _record_clock(
    session: Session, loop: LoopRow, kind: ClockKind, state: ClockState | None, at: datetime
) -> None:
    if state is not None:
        append(session, loop, f"clock.{state}", at=at, payload={"clock": str(kind)})


def _has_entered(session: Session, loop: LoopRow, stage: str) -> bool:
    """Whether this round has been in the stage: its chain says so."""
    payloads = session.exec(_ADVANCED, params={"chain": ledger.loop_chain(loop.id)}).all()
    entered = ((event["round"], event["stage"]) for event in map(json.loads, payloads))
    return (loop.round, stage) in entered


def _plan(loop: LoopRow) -> Plan:
    return Plan.model_validate_json(loop.plan)
