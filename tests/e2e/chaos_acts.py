"""A random walk through everything that people, and customers, can do to loops; sensible or not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from boucle.engine import commands, duplicates, replies
from boucle.engine.database import Database
from boucle.engine.mails import Mail
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.work_tables import ApprovalRow, CommitmentRow, QuestionRow, TaskRow
from boucle.errors import RefusedError
from boucle.model import ActKind, AttemptResult, Channel, Closure, EffectKind, LoopState, ReplyKind

PEOPLE = ("anna", "ben", "claire")
_AUTHORITIES = (
    {"role": "csm", "ceilings": []},
    {"role": "lead", "ceilings": None},
)
_OFTEN = """
    claim 6 assign 3 attempt 14 note 6 snooze 3 wait 3 resume 4 promise 4 keep 4 ask 4 finish 4 grant 3
    approve 6 refuse 2 redeem 3 cancel 1 answer 10 refer 4 testify 4 reply 3 bounce 1 withdraw 1 merge 2
    close 5 reopen 5
""".split()
_WEIGHTS = {kind: int(times) for kind, times in zip(_OFTEN[::2], _OFTEN[1::2], strict=True)}
_ON_CLOSED = frozenset({"redeem", "cancel", "refer", "testify", "reply", "reopen"})


@dataclass
class Walk:
    """Who does what next; the acts that were recorded, by kind, and refused at once, by reason."""

    database: Database
    chance: random.Random
    recorded: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def step(self) -> None:
        """One act on one loop."""
        with self.database.session() as session:
            loop = self._pick(session)
            if loop is None:
                return
            kind = self._choose(loop)
            try:
                self._do(session, loop, kind)
            except RefusedError as error:
                self.refused[error.reason] += 1
            else:
                session.commit()
                self.recorded[kind] += 1

    def close_all(self) -> int:
        """Whoever is left is let go: how many loops were open."""
        with self.database.session() as session:
            query = select(LoopRow).where(LoopRow.state != LoopState.CLOSED).order_by(col(LoopRow.id))
            open_loops = session.exec(query).all()
            for loop in open_loops:
                details = {"closure": Closure.FALSE_ALARM}
                self._record(session, loop, ActKind.CLOSE, details, text="All is said.")
            session.commit()
        return len(open_loops)

    def _pick(self, session: Session) -> LoopRow | None:
        """An open one as a rule, or any."""
        query = select(LoopRow).order_by(col(LoopRow.id))
        if self.chance.random() < 0.85:
            query = query.where(LoopRow.state != LoopState.CLOSED)
        found = session.exec(query).all()
        return self.chance.choice(found) if found else None

    def _choose(self, loop: LoopRow) -> str:
        """A closed loop is told mostly what it takes; sometimes it is told anything."""
        kinds = list(_WEIGHTS)
        if loop.state == LoopState.CLOSED and self.chance.random() < 0.8:
            kinds = [kind for kind in kinds if kind in _ON_CLOSED]
        return self.chance.choices(kinds, [_WEIGHTS[kind] for kind in kinds])[0]

    def _do(self, session: Session, loop: LoopRow, kind: str) -> None:
        special: Mapping[str, Callable[[Session, LoopRow], None]] = {
            "reply": lambda session, loop: self._write_back(session, loop, ReplyKind.REPLY),
            "bounce": lambda session, loop: self._write_back(session, loop, ReplyKind.BOUNCE),
            "merge": self._merge,
            "testify": self._testify,
        }
        if kind in special:
            special[kind](session, loop)
        else:
            details = self._details(session, loop, kind)
            self._record(session, loop, ActKind(kind), details, text="So it was.")

    def _record(
        self,
        session: Session,
        loop: LoopRow,
        kind: ActKind,
        details: Mapping[str, Any],
        text: str | None = None,
    ) -> None:
        at = datetime.now(UTC)
        commands.record(
            session, loop_id=loop.id, kind=kind, actor=self.chance.choice(PEOPLE), at=at, recorded_at=at,
            details=details, text=text, command_id=f"{self.chance.getrandbits(96):024x}",
        )  # fmt: skip

    def _details(self, session: Session, loop: LoopRow, kind: str) -> dict[str, Any]:
        choose = self.chance.choice
        soon = datetime.now(UTC) + timedelta(seconds=self.chance.randint(5, 90))
        by_kind: Mapping[str, Callable[[], dict[str, Any]]] = {
            "assign": lambda: {"owner": choose(PEOPLE)},
            "attempt": lambda: {"channel": choose([*Channel]), "result": choose([*AttemptResult])},
            "snooze": lambda: {"until": soon},
            "wait": lambda: choose([{}, {"until": soon}]),
            "promise": lambda: {"due": soon},
            "keep": lambda: self._keep(session, loop),
            "ask": lambda: {"colleague": choose(PEOPLE), "due": soon},
            "finish": lambda: {"task": self._any(session, TaskRow, loop, "id")},
            "grant": self._grant,
            "approve": lambda: self._decide(session, loop),
            "refuse": lambda: self._decide(session, loop),
            "redeem": lambda: {"at": datetime.now(UTC)},
            "cancel": lambda: {"at": datetime.now(UTC)},
            "answer": lambda: self._answer(session, loop),
            "refer": lambda: {"outcome": choose(["made", "converted"])},
            "close": self._close,
        }
        return by_kind[kind]() if kind in by_kind else {}

    def _any(self, session: Session, table: Any, loop: LoopRow, name: str) -> Any:
        """One of what the loop has of it, or something that there is none of."""
        rows = session.exec(select(table).where(table.loop_id == loop.id)).all()
        return getattr(self.chance.choice(rows), name) if rows else "none"

    def _keep(self, session: Session, loop: LoopRow) -> dict[str, Any]:
        number = self._any(session, CommitmentRow, loop, "number")
        return {"commitment": number if isinstance(number, int) else 1, "kept": self.chance.random() < 2 / 3}

    def _grant(self) -> dict[str, Any]:
        value = {"currency": "EUR", "minor": self.chance.randint(1, 90) * 100}
        return {
            "offer": "credit", "value": value, "valid_for": "30 days",
            "authority": self.chance.choice(_AUTHORITIES),
        }  # fmt: skip

    def _decide(self, session: Session, loop: LoopRow) -> dict[str, Any]:
        step = self._any(session, ApprovalRow, loop, "step")
        return {"step": step, "authority": self.chance.choice(_AUTHORITIES)}

    def _answer(self, session: Session, loop: LoopRow) -> dict[str, Any]:
        by_link = self._any(session, QuestionRow, loop, "id")
        details: dict[str, Any] = (
            {} if by_link == "none" or self.chance.random() < 1 / 2 else {"question": by_link}
        )
        if self.chance.random() < 0.1:
            return {**details, "declined": True}
        return {**details, "score": self.chance.randint(0, 10)}

    def _close(self) -> dict[str, Any]:
        return {"closure": self.chance.choice([*Closure]), "root_cause": "process", "systemic": False}

    def _testify(self, session: Session, loop: LoopRow) -> None:
        text = self.chance.choice(["They are fine.", "They are fine.", None])
        details = {"publish": bool(text) and self.chance.random() < 1 / 2}
        self._record(session, loop, ActKind.TESTIFY, details, text=text)

    def _merge(self, session: Session, loop: LoopRow) -> None:
        """With another open loop of the account, if there is one; else with any, which is refused."""
        query = select(LoopRow.id).where(LoopRow.id != loop.id, LoopRow.state != LoopState.CLOSED)
        of_account = query.where(LoopRow.customer_id == loop.customer_id).order_by(col(LoopRow.id))
        others = session.exec(of_account).all() or session.exec(query.order_by(col(LoopRow.id))).all()
        into = self.chance.choice(others) if others else loop.id
        duplicates.merge(session, loop.id, into, actor="claire", at=datetime.now(UTC), text="The same.")

    def _write_back(self, session: Session, loop: LoopRow, kind: ReplyKind) -> None:
        """A mail that answers a message of the loop; a report that one of them came back."""
        query = select(EffectRow.mark).where(
            EffectRow.loop_id == loop.id, EffectRow.kind == EffectKind.CUSTOMER
        )
        mail = Mail(
            digest=f"{self.chance.getrandbits(256):064x}",
            kind=kind,
            loops=(loop.id,),
            marks=tuple(session.exec(query).all()),
            status="5.1.1" if kind == ReplyKind.BOUNCE else None,
            text="Thank you.",
            said="Thank you.",
        )
        replies.take(session, mail, by="claire", at=datetime.now(UTC))
