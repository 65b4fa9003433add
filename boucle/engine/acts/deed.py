"""What every act has: its kind, its details, what speaks against it, and what it does.

An act is judged twice by the same rule: when it is recorded, and again when its turn has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import JsonValue
from sqlmodel import Session

from boucle.engine import loops
from boucle.engine.case_rows import find_case
from boucle.engine.cases import REACHED
from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import CommandRow, LoopRow
from boucle.engine.work_tables import AttemptRow, CaseRow
from boucle.model import ActKind, Frozen, LoopState


@dataclass(frozen=True)
class Situation:
    """Where a loop stands: itself, and of this round its case and attempts; `session` has the rest.

    `has_text`: the act that is judged comes with a text.
    """

    session: Session
    loop: LoopRow
    case: CaseRow | None = None
    attempts: Sequence[AttemptRow] = ()
    has_text: bool = False

    @property
    def reached(self) -> bool:
        """Whether an attempt of this round reached the customer."""
        return any(attempt.result in REACHED for attempt in self.attempts)


@dataclass(frozen=True)
class Doing:
    """An act whose turn has come: its row, the loop that this transaction holds, its text by field.

    `at` is now for the loop, never before the act happened.
    """

    session: Session
    loop: LoopRow
    command: CommandRow
    at: datetime
    text: Mapping[str, str]

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.command.actor

    def append(self, type_: str, payload: Mapping[str, JsonValue], *, with_text: bool = True) -> None:
        """An event of this act on the loop's chain, at the instant at which it happened."""
        loops.append(
            self.session,
            self.loop,
            type_,
            at=self.command.at,
            actor=self.actor,
            payload={"act": self.command.id, **payload},
            recorded_at=self.command.recorded_at,
            text=self.text if with_text else None,
        )

    def note(self) -> None:
        """Keep the act's text, of an act whose own event does not."""
        if self.text:
            payload: dict[str, JsonValue] = {"act": self.command.id}
            loops.append(
                self.session, self.loop, "loop.noted", at=self.at, actor=self.actor, payload=payload,
                text=self.text,
            )  # fmt: skip


class Deed(Frozen):
    """What an act carries besides who, when and an optional free text, and what it means."""

    kind: ClassVar[ActKind]
    on_closed: ClassVar[bool] = False
    """Whether a closed loop takes it: it is then applied at once, no play is there to tell."""
    at_once: ClassVar[bool] = False
    """Whether it is applied as it is recorded, before acts that still wait; its play is told afterwards."""
    needs_text: ClassVar[bool] = False

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """The code of `refusals.REFUSALS` that speaks against it; None where it is allowed."""
        del actor, situation
        return None

    def do(self, doing: Doing) -> None:
        """Change the loop, with an event; nothing speaks against it."""
        raise NotImplementedError


class CaseDeed(Deed):
    """An act on a case, which there must be; nothing else speaks against it."""

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """There must be a case."""
        del actor
        return "no_case" if situation.case is None else None


def read_situation(session: Session, loop: LoopRow, *, has_text: bool = False) -> Situation:
    """Where the loop stands in its present round, for an act that comes with a text or without."""
    return Situation(
        session=session,
        loop=loop,
        case=find_case(session, loop),
        attempts=list_of_round(session, AttemptRow, loop, "happened_at"),
        has_text=has_text,
    )


def reason_against(act: Deed, actor: str, situation: Situation) -> str | None:
    """As the act says; of a closed loop only what it takes there."""
    if situation.loop.state == LoopState.CLOSED and not act.on_closed:
        return "loop_closed"
    return act.reason_against(actor, situation)
