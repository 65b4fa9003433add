"""Random lives of a loop: whatever people, plays and crashes do, it never stands where it cannot."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from sqlmodel import Session, select

from boucle.engine import acts, cases, commands, effects, ledger, loops, tasks
from boucle.engine.database import Database
from boucle.engine.reconciliation import contradictions
from boucle.engine.refusals import REFUSALS
from boucle.engine.standing import get_standing
from boucle.engine.tables import CommandRow, LoopRow
from boucle.engine.verification import verify
from boucle.engine.work_tables import AttemptRow, CaseRow, ClockRow
from boucle.errors import RefusedError
from boucle.model import (
    ActKind,
    AttemptResult,
    Channel,
    ClockKind,
    ClockState,
    Closure,
    Duration,
    EffectKind,
    EffectState,
    LoopState,
    TaskState,
)
from boucle.standing import Standing
from tests.integration.opening import AT, HOUR, open_loop

LIVES, STEPS = 6, 50
PEOPLE = ("ada", "bob", "lea")
STAGES = ("apologizing", "calling", "asking", "waiting")
ALLOWED = {
    (LoopState.OPEN, LoopState.IN_PROGRESS),
    (LoopState.OPEN, LoopState.CLOSED),
    (LoopState.IN_PROGRESS, LoopState.CLOSED),
    (LoopState.CLOSED, LoopState.OPEN),
}


class Life:
    """One loop under random acts, steps of its play, and deliveries in any order."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.random = random.Random(seed)  # noqa: S311 a test's dice
        self.loop = open_loop(session, f"r{seed}")
        self.now = AT
        self.moves: tuple[Callable[[], object], ...] = (
            self.advance, self.run_out, self.open_case, self.escalate, self.attempt_effect, self.end_effect,
            self.record, self.record, self.record, self.apply, self.apply, self.close,
        )  # fmt: skip

    def step(self) -> None:
        """One move; refusals are part of life."""
        self.now += self.random.choice((0, 1, 5, 20)) * HOUR
        move = self.random.choice(self.moves)
        with suppress(RefusedError):
            move()
        self.session.flush()

    def advance(self) -> None:
        kinds = self.random.sample(list(ClockKind), k=2)
        clocks = [(kind, Duration.parse(self.random.choice(("4h", "2 business days")))) for kind in kinds]
        stage = self.random.choice(STAGES)
        loops.advance(self.session, self.loop.id, stage=stage, at=self.now, clocks=clocks)

    def run_out(self) -> None:
        loops.miss_clock(self.session, self.loop.id, self.random.choice(list(ClockKind)), self.now)

    def open_case(self) -> None:
        cases.open_case(self.session, self.loop.id, team="care", severity="high", at=self.now)

    def escalate(self) -> None:
        cases.escalate(self.session, self.loop.id, lead="lea", at=self.now)

    def attempt_effect(self) -> None:
        kind = self.random.choice(list(EffectKind))
        effects.intend(
            self.session,
            loop_id=self.loop.id,
            round_=self.loop.round,
            step=f"staff-note-{kind}" if kind == EffectKind.STAFF else kind,
            kind=kind,
            spec={},
            at=self.now,
        )

    def end_effect(self) -> None:
        for row in effects.unconfirmed(self.session)[:1]:
            end = self.random.choice((effects.release, effects.doubt))
            end(self.session, row.key, self.now)

    def close(self) -> None:
        if self.random.random() < 0.2:
            closure = self.random.choice(list(Closure))
            loops.close(self.session, self.loop.id, closure=closure, by=loops.BOUCLE, at=self.now)

    def record(self) -> None:
        kind = self.random.choice(list(acts._KINDS))
        commands.record(
            self.session, loop_id=self.loop.id, kind=kind, actor=self.random.choice(PEOPLE), at=self.now,
            recorded_at=self.now, details=self.details(kind), text=self.random.choice((None, "a word")),
        )  # fmt: skip

    def details(self, kind: ActKind) -> dict[str, Any]:
        pick = self.random.choice
        by_kind: Mapping[ActKind, dict[str, Any]] = {
            ActKind.ATTEMPT: {"channel": pick(list(Channel)), "result": pick(list(AttemptResult))},
            ActKind.ASSIGN: {"owner": pick(PEOPLE)},
            ActKind.CLOSE: {
                "closure": pick(list(Closure)),
                "root_cause": pick([None, "people", "late-delivery"]),
            },
            ActKind.WAIT: {"until": pick((None, self.now + 9 * HOUR))},
            ActKind.SNOOZE: {"until": self.now + 9 * HOUR},
            ActKind.PROMISE: {"due": self.now + 5 * HOUR},
            ActKind.ASK: {"colleague": pick(PEOPLE), "due": self.now + 5 * HOUR},
            ActKind.FINISH: {"task": pick(self.list_tasks())},
            ActKind.KEEP: {"commitment": pick((1, 2, 3)), "kept": pick((True, False))},
            ActKind.ANSWER: {"score": pick((-1, 0, 10, 11))},
            ActKind.SETTLE: {"effect": f"{self.loop.id}/1/customer", "sent": pick((True, False))},
        }
        return by_kind.get(kind, {})

    def list_tasks(self) -> list[str]:
        rows = tasks.list_tasks(self.session, loop_id=self.loop.id, state=None)
        return ["no-such-task", *(row.id for row in rows)]

    def apply(self) -> None:
        waiting = select(CommandRow.id).where(CommandRow.loop_id == self.loop.id)
        ids = self.session.exec(waiting.order_by(CommandRow.id)).all()
        if ids:
            outcome = commands.apply(self.session, self.random.choice(ids), self.now)
            assert outcome.applied == (outcome.reason is None)
            assert outcome.reason is None or outcome.reason in REFUSALS


def check(session: Session, loop: LoopRow, before: tuple[int, str]) -> None:
    """What holds of a loop at every moment, and of the move from the state before."""
    round_, state = before
    assert loop.round == round_ or (loop.round, loop.state, state) == (round_ + 1, "open", "closed")
    assert loop.state == state or (state, loop.state) in ALLOWED
    assert (loop.state == LoopState.CLOSED) == (loop.closure is not None) == (loop.closed_at is not None)
    standing = get_standing(session, loop.id)
    assert loop.next_due == min((clock.due for clock in standing.clocks), default=None)
    check_clocks(session, loop)
    check_case(session, loop)
    check_tasks(session, loop, standing)


def check_clocks(session: Session, loop: LoopRow) -> None:
    for clock in session.exec(select(ClockRow).where(ClockRow.loop_id == loop.id)).all():
        goes_on = clock.state in {ClockState.RUNNING, ClockState.PAUSED}
        assert goes_on == (clock.ended_at is None)
        assert not goes_on or (clock.round == loop.round and loop.state != LoopState.CLOSED)
        assert (clock.state == ClockState.PAUSED) <= (clock.paused_at is not None and clock.business)


def check_tasks(session: Session, loop: LoopRow, standing: Standing) -> None:
    rows = tasks.list_tasks(session, loop_id=loop.id, state=None)
    waiting = {row.id for row in rows if row.state == TaskState.OPEN}
    assert waiting == {task.id for task in standing.tasks}
    assert not waiting or loop.state != LoopState.CLOSED
    assert all((row.state == TaskState.OPEN) == (row.ended_at is None) for row in rows)


def check_case(session: Session, loop: LoopRow) -> None:
    case = session.get(CaseRow, (loop.id, loop.round))
    attempts = session.exec(
        select(AttemptRow.result).where(AttemptRow.loop_id == loop.id, AttemptRow.round == loop.round)
    ).all()
    reached = {AttemptResult.REACHED, AttemptResult.REFUSED} & set(attempts)
    assert case is not None or not attempts
    assert case is None or bool(reached) == (case.first_contact_at is not None)


def check_history(session: Session, loop: LoopRow) -> None:
    """The chain tells the same life: closings and reopenings alternate, an owner follows from it."""
    events = ledger.history(session, ledger.loop_chain(loop.id))
    turns = [event.type for event in events if event.type in {"loop.closed", "loop.reopened"}]
    expected = ["loop.closed", "loop.reopened"] * loop.round
    assert turns == expected[: 2 * loop.round - (1 if loop.state == LoopState.CLOSED else 2)]
    owner = None
    for event in events:
        if json.loads(event.payload)["round"] == loop.round:
            owner = {
                "case.claimed": event.actor,
                "case.assigned": json.loads(event.payload).get("owner"),
            }.get(event.type, owner)
    case = session.get(CaseRow, (loop.id, loop.round))
    assert owner == (case.owner if case else None)


def test_no_random_life_leads_to_an_illegal_state(database: Database) -> None:
    reached, sent = set(), set()
    with database.session() as session:
        for seed in range(LIVES):
            life = Life(session, seed)
            for _ in range(STEPS):
                before = (life.loop.round, life.loop.state)
                life.step()
                check(session, life.loop, before)
                reached.add((life.loop.state, life.loop.closure))
                sent |= set(get_standing(session, life.loop.id).effects.values())
            check_history(session, life.loop)
        session.commit()
    with database.reading() as session:
        assert not verify(session).problems
        assert {finding.code for finding in contradictions(session)} == set()
    assert {state for state, _ in reached} == set(LoopState)
    assert len(reached) > 4  # or the dice are loaded: most closures have to occur
    assert sent >= {EffectState.INTENDED, EffectState.UNCONFIRMED, EffectState.RELEASED}
