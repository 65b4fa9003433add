from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import Session

from boucle.engine import effects, ledger, loops
from boucle.engine.database import Database
from boucle.engine.effects import effect_key, find_effect, intend, receipt, refuse, release, settle
from boucle.engine.standing import get_standing
from boucle.engine.tables import EffectRow, LoopRow
from boucle.errors import AmbiguousError, NotFoundError, RefusedError
from boucle.model import ActKind, Closure, EffectKind, EffectState
from tests.integration.opening import AT, HOUR, act, event_types, open_loop

CUSTOMER, OFFER, STAFF = EffectKind.CUSTOMER, EffectKind.OFFER, EffectKind.STAFF


@pytest.fixture
def loop(session: Session) -> LoopRow:
    return open_loop(session)


def attempt(session: Session, loop: LoopRow, kind: EffectKind = CUSTOMER, step: str = "apology") -> str:
    """One try of an effect, as far as its intent."""
    spec = {"template": "apology", "language": "fr"}
    return intend(session, loop_id=loop.id, round_=1, step=step, kind=kind, spec=spec, at=AT)


def key(loop: LoopRow, step: str = "apology") -> str:
    return effect_key(loop.id, 1, step)


def state(session: Session, loop: LoopRow, step: str = "apology") -> EffectState:
    return EffectState(session.get_one(EffectRow, key(loop, step)).state)


def test_an_effect_is_written_down_before_and_after_it_happens(session: Session, loop: LoopRow) -> None:
    assert attempt(session, loop) == "go"
    receipt(session, key(loop), {"message_id": "<m1>"}, AT + HOUR)
    row = session.get_one(EffectRow, key(loop))
    assert (row.state, row.tries, row.receipt, row.receipt_at) == (
        EffectState.DONE,
        1,
        {"message_id": "<m1>"},
        AT + HOUR,
    )
    assert row.spec == {"template": "apology", "language": "fr"}
    assert event_types(session, loop.id)[1:] == ["effect.intended", "effect.done"]


Step = Callable[[Session, LoopRow], object]


def told(session: Session, loop: LoopRow) -> object:
    return receipt(session, key(loop), {}, AT)


def doubted(session: Session, loop: LoopRow) -> object:
    return effects.doubt(session, key(loop), AT)


def released(session: Session, loop: LoopRow) -> object:
    return release(session, key(loop), AT)


def refused(session: Session, loop: LoopRow) -> object:
    return refuse(session, key(loop), "smtp_550", AT)


def settled_sent(session: Session, loop: LoopRow) -> object:
    return settle(session, key(loop), sent=True, by="ada", at=AT)


def settled_not_sent(session: Session, loop: LoopRow) -> object:
    return settle(session, key(loop), sent=False, by="ada", at=AT)


AFTER_THE_INTENT: list[tuple[EffectKind, tuple[Step, ...], str, EffectState]] = [
    # who feels it, what came of the first try, what a second try is told, and the state after that
    (CUSTOMER, (), "wait", EffectState.UNCONFIRMED),  # crashed between intent and receipt
    (OFFER, (), "wait", EffectState.UNCONFIRMED),
    (STAFF, (), "go", EffectState.INTENDED),
    *((kind, (told,), "done", EffectState.DONE) for kind in EffectKind),
    *((kind, (released,), "go", EffectState.INTENDED) for kind in EffectKind),
    *((kind, (refused,), "refused", EffectState.REFUSED) for kind in EffectKind),
    *((kind, (doubted,), "wait", EffectState.UNCONFIRMED) for kind in EffectKind),
    (CUSTOMER, (doubted, settled_sent), "done", EffectState.SETTLED_SENT),
    (CUSTOMER, (doubted, settled_not_sent), "go", EffectState.INTENDED),
    (CUSTOMER, (doubted, told), "done", EffectState.DONE),  # the receipt came late
    (CUSTOMER, (doubted, released), "go", EffectState.INTENDED),
    (CUSTOMER, (doubted, settled_not_sent, told), "done", EffectState.DONE),
    (CUSTOMER, (told, told), "done", EffectState.DONE),
    (CUSTOMER, (released, released), "go", EffectState.INTENDED),
    (CUSTOMER, (refused, refused), "refused", EffectState.REFUSED),
    (CUSTOMER, (doubted, settled_sent, settled_sent), "done", EffectState.SETTLED_SENT),
]


@pytest.mark.parametrize(("kind", "came_of_it", "verdict", "afterwards"), AFTER_THE_INTENT)
def test_a_second_try_is_told_what_the_first_one_left(
    session: Session,
    loop: LoopRow,
    kind: EffectKind,
    came_of_it: tuple[Step, ...],
    verdict: str,
    afterwards: EffectState,
) -> None:
    assert attempt(session, loop, kind) == "go"
    for step in came_of_it:
        step(session, loop)
    assert attempt(session, loop, kind) == verdict
    assert state(session, loop) == afterwards


NOT_ALLOWED: list[tuple[tuple[Step, ...], Step, str]] = [
    ((told,), released, "effect_over"),
    ((told,), refused, "effect_over"),
    ((told,), doubted, "effect_over"),
    ((refused,), released, "effect_over"),
    ((doubted, settled_sent), released, "effect_over"),
    ((), settled_sent, "not_unconfirmed"),
    ((told,), settled_not_sent, "not_unconfirmed"),
    ((doubted, settled_sent), settled_not_sent, "already_settled"),
    ((doubted, settled_not_sent), settled_sent, "already_settled"),
]


@pytest.mark.parametrize(("came_of_it", "then", "reason"), NOT_ALLOWED)
def test_what_is_over_is_not_changed(
    session: Session, loop: LoopRow, came_of_it: tuple[Step, ...], then: Step, reason: str
) -> None:
    attempt(session, loop)
    for step in came_of_it:
        step(session, loop)
    before = state(session, loop)
    with pytest.raises(RefusedError) as caught:
        then(session, loop)
    assert caught.value.reason == reason
    assert state(session, loop) == before


def test_a_message_settled_as_not_sent_goes_out_once_more(session: Session, loop: LoopRow) -> None:
    verdicts = [attempt(session, loop), attempt(session, loop)]
    settle(session, key(loop), sent=False, by="ada", at=AT)
    verdicts += [attempt(session, loop), attempt(session, loop)]
    assert verdicts == ["go", "wait", "go", "wait"]
    assert session.get_one(EffectRow, key(loop)).tries == 2


def test_a_settlement_says_who_settled_it_and_how(session: Session, loop: LoopRow) -> None:
    attempt(session, loop)
    attempt(session, loop)
    settle(session, key(loop), sent=True, by="ada", at=AT)
    event = ledger.history(session, ledger.loop_chain(loop.id))[-1]
    assert (event.type, event.actor, json.loads(event.payload)["sent"]) == ("effect.settled", "ada", True)
    assert session.get_one(EffectRow, key(loop)).settled_by == "ada"


def test_the_unconfirmed_are_listed_and_settled_by_an_act(session: Session, loop: LoopRow) -> None:
    for step in ("apology", "follow-up"):
        attempt(session, loop, step=step)
    attempt(session, loop, step="follow-up")
    assert [row.key for row in effects.unconfirmed(session)] == [key(loop, "follow-up")]
    outcome = act(session, loop.id, ActKind.SETTLE, effect=key(loop, "follow-up"), sent=True)
    assert outcome.standing is not None
    assert outcome.standing.effects == {"apology": "intended", "follow-up": "settled_sent"}
    assert effects.unconfirmed(session) == []


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"effect": "nowhere/1/apology", "sent": True}, "no_effect"),
        ({"effect": "LOOP/1/apology", "sent": True}, "not_unconfirmed"),
        ({"effect": "LOOP/1/follow-up", "sent": False}, "already_settled"),
    ],
)
def test_only_what_is_unconfirmed_is_settled(
    session: Session, loop: LoopRow, details: dict[str, Any], reason: str
) -> None:
    attempt(session, loop)
    attempt(session, loop, step="follow-up")
    attempt(session, loop, step="follow-up")
    act(session, loop.id, ActKind.SETTLE, effect=key(loop, "follow-up"), sent=True)
    named = details | {"effect": details["effect"].replace("LOOP", loop.id)}
    with pytest.raises(RefusedError) as caught:
        act(session, loop.id, ActKind.SETTLE, **named)
    assert caught.value.reason == reason


def test_an_effect_of_a_closed_loop_can_still_be_settled(session: Session, loop: LoopRow) -> None:
    attempt(session, loop)
    attempt(session, loop)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT)
    assert act(session, loop.id, ActKind.SETTLE, effect=key(loop), sent=False).applied
    assert state(session, loop) == EffectState.SETTLED_NOT_SENT


def test_nothing_new_goes_out_to_the_customer_of_a_closed_loop(session: Session, loop: LoopRow) -> None:
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    for kind in (CUSTOMER, OFFER):
        with pytest.raises(RefusedError, match="the loop is closed"):
            attempt(session, loop, kind)
    assert attempt(session, loop, STAFF, step="told") == "go"


def test_what_happened_stays_so_when_the_loop_is_closed(session: Session, loop: LoopRow) -> None:
    attempt(session, loop)
    told(session, loop)
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    assert attempt(session, loop) == "done"


def test_an_earlier_round_sends_nothing_any_more(session: Session, loop: LoopRow) -> None:
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    loops.reopen(session, loop.id, by="lea", at=AT)
    with pytest.raises(RefusedError, match="earlier round"):
        attempt(session, loop)


def test_who_was_refused_for_good_cannot_be_reached_by_message(session: Session, loop: LoopRow) -> None:
    attempt(session, loop)
    assert get_standing(session, loop.id).reachable
    refuse(session, key(loop), "smtp_550", AT)
    standing = get_standing(session, loop.id)
    assert (standing.reachable, standing.effects) == (False, {"apology": "refused"})


def test_an_effect_is_found_by_the_beginning_of_its_key(session: Session, loop: LoopRow) -> None:
    attempt(session, loop)
    attempt(session, loop, step="apology-2")
    assert find_effect(session, key(loop)).step == "apology"
    assert find_effect(session, key(loop, "apology-")).step == "apology-2"
    with pytest.raises(AmbiguousError):
        find_effect(session, loop.id[:10])
    with pytest.raises(NotFoundError):
        find_effect(session, "%")
    with pytest.raises(NotFoundError):
        receipt(session, key(loop, "nothing"), {}, AT)


def test_of_twenty_tries_at_once_one_goes(database: Database) -> None:
    with database.session() as session:
        loop = open_loop(session)
        session.commit()

    def attempt_alone(_: int) -> str:
        with database.session() as session:
            verdict = attempt(session, loop)
            session.commit()
            return verdict

    with ThreadPoolExecutor(20) as pool:
        verdicts = sorted(pool.map(attempt_alone, range(20)))
    assert verdicts == ["go", *["wait"] * 19]
