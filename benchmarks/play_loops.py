"""Loops of one play, as intake leaves them in the database, and what people do to bring them to an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from pydantic import JsonValue
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from boucle.engine import commands, loops, privacy
from boucle.engine.database import Database
from boucle.engine.tables import BundleRow, Contact, Customer, DecisionRow, LoopRow, ResponseRow
from boucle.model import ActKind, Calendar, LoopState, Person, Plan

ALWAYS = Calendar(name="always", timezone="UTC", week=(((0, 1440),),) * 7)
TEAM, LEAD, MEMBER = "csm", "lea", "carla"


@dataclass(frozen=True)
class Told:
    """One act: what, who, with which details and text."""

    kind: ActKind
    actor: str
    details: Mapping[str, Any]
    text: str | None = None


@dataclass(frozen=True)
class Subject:
    """A play with its parameters; in `stage` it waits for the acts that end it."""

    play: str
    params: Mapping[str, JsonValue]
    stage: str | None = None
    acts: tuple[Told, ...] = ()


_ATTEMPT = Told(ActKind.ATTEMPT, MEMBER, {"channel": "phone", "result": "reached"}, "We spoke.")
_CLOSE = Told(ActKind.CLOSE, MEMBER, {"closure": "recovered", "root_cause": "process"}, "All is well.")
_ANSWER = Told(ActKind.ANSWER, "customer", {"score": 9})
_VOUCHER: dict[str, JsonValue] = {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days"}
SUBJECTS = (
    Subject("apologize_with_offer", {"template": "words", "offer": _VOUCHER}, "apologized", (_ANSWER,)),
    Subject("csm_case", {"team": TEAM, "acknowledge": "words"}, "working", (_ATTEMPT, _CLOSE)),
    Subject("escalate", {"team": TEAM}, "working", (_ATTEMPT, _CLOSE)),
    Subject("ask_follow_up", {"template": "words"}, "asked", (_ANSWER,)),
    Subject(
        "invite_promoter",
        {"template": "words", "kind": "testify"},
        "invited",
        (Told(ActKind.TESTIFY, "customer", {"publish": True}, "They are fine."),),
    ),
    Subject("acknowledge", {"template": "words"}),
    Subject(
        "sequence",
        {
            "steps": [
                {"id": "sorry", "message": "words"},
                {"id": "better", "ask": "words"},
                {"id": "end", "close": "by_answer"},
            ]
        },
        "asked-better",
        (_ANSWER,),
    ),
)
_STILL_OPEN = select(LoopRow.id, LoopRow.stage).where(
    LoopRow.play == bindparam("play"), col(LoopRow.state) != LoopState.CLOSED
)
_numbers = count(1)


def accept(database: Database, number: int) -> list[str]:
    """So many responses of as many customers, each decided: their ids."""
    with database.session() as session:
        at = datetime.now(UTC)
        if session.get(BundleRow, "b") is None:
            session.add(BundleRow(digest="b", body="{}", first_used_at=at))
            session.flush()
        accepted = [_accept(session, next(_numbers), at) for _ in range(number)]
        session.commit()
    return accepted


def _accept(session: Session, number: int, at: datetime) -> str:
    seen: dict[str, Any] = {"first_seen_at": at, "updated_at": at, "source": "bench"}
    session.add(Customer(id=f"k{number}", key=f"K{number}", **seen))
    session.flush()
    session.add(Contact(id=f"c{number}", key=f"C{number}", customer_id=f"k{number}", **seen))
    session.flush()
    privacy.keep_person(session, f"c{number}", Person(name="A. Person", email=f"p{number}@client.example"))
    response = ResponseRow(
        id=f"r{number}", source="bench", source_id=str(number), responded_at=at, accepted_at=at,
        customer_id=f"k{number}", contact_id=f"c{number}", chain=f"intake/u{number}",
    )  # fmt: skip
    session.add(response)
    session.flush()
    decision = DecisionRow(
        id=f"d{number}", response_id=response.id, revision=1, at=at, bundle="b", outcome="starts", record="{}"
    )
    session.add(decision)
    session.flush()
    return response.id


def open_loops(database: Database, subject: Subject, responses: Sequence[str]) -> None:
    """A loop for each response, in one transaction, as an import does it."""
    plan = Plan(
        rule_set="nps",
        rule=subject.play,
        rule_digest="0",
        bundle="b",
        play=subject.play,
        params=subject.params,
    )
    with database.session() as session:
        for response_id in responses:
            response = session.get_one(ResponseRow, response_id)
            loops.open_loop(
                session, decision_id=f"d{response_id[1:]}", response=response, plan=plan, language="en",
                first_score=3, calendar=ALWAYS, intake_chain=response.chain, intake_seq=1,
                at=datetime.now(UTC), scale=loops.Scale("nps", 0, 10),
            )  # fmt: skip
        session.commit()


def act(database: Database, subject: Subject, acted: set[str]) -> int:
    """Do what is to be done to the loops that wait for it; how many loops of the play are open."""
    with database.reading() as session:
        still_open = session.exec(_STILL_OPEN, params={"play": subject.play}).all()
    fresh = [loop for loop, stage in still_open if stage == subject.stage and loop not in acted]
    if fresh:
        with database.session() as session:
            for loop in fresh:
                for told in subject.acts:
                    _record(session, loop, told)
            session.commit()
        acted.update(fresh)
    return len(still_open)


def _record(session: Session, loop: str, told: Told) -> None:
    at = datetime.now(UTC)
    commands.record(
        session, loop_id=loop, kind=told.kind, actor=told.actor, at=at, recorded_at=at,
        details=told.details, text=told.text,
    )  # fmt: skip
