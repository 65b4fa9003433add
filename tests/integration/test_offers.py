"""Offers in the database: granted once, used once, approved by somebody else, and never twice."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from boucle.activities.calls import Grant
from boucle.activities.offers import OfferActivities
from boucle.activities.people import Directory
from boucle.engine import approvals, cases, commands, ledger, loops, offers
from boucle.engine.approval_rows import find_approval, list_waiting
from boucle.engine.approvals import PLAY_S, Proposal
from boucle.engine.database import Database
from boucle.engine.offers import ALPHABET, Offered, find_offer, state_of
from boucle.engine.reports import figures
from boucle.engine.standing import get_standing
from boucle.engine.tables import Contact, EffectRow, LoopRow
from boucle.engine.work_tables import OfferRow
from boucle.errors import NotFoundError, RefusedError
from boucle.model import (
    ActKind,
    Authority,
    Closure,
    Duration,
    EffectState,
    LoopState,
    Money,
    OfferKind,
    OfferState,
    Role,
)
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop, reserve, reserved

VOUCHER = Offered(OfferKind.VOUCHER, Money.parse("15.00 EUR"), {})
CALL = Offered(OfferKind.CALL_BACK, None, {})
CSM = Authority(role=Role.CSM, ceilings=(Money.parse("50.00 EUR"),))
LEAD = Authority(role=Role.LEAD, ceilings=(Money.parse("200.00 EUR"), Money.parse("300.00 USD")))


@pytest.fixture
def loop(session: Session) -> LoopRow:
    """A loop with a case."""
    loop = open_loop(session)
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    return loop


def grant(
    session: Session, loop: LoopRow, offered: Offered = VOUCHER, *, until: datetime = AT + 30 * DAY
) -> OfferRow:
    return offers.grant(session, loop.id, offered, valid_until=until, at=AT)


def give(session: Session, loop: LoopRow, value: str | None, **given: Any) -> bool:
    """A CSM grants an offer by hand."""
    details = {"offer": "voucher", "value": value, "valid_for": "30 days", "authority": CSM} | given
    return act(session, loop.id, ActKind.GRANT, actor="carla", **details).applied


def decide(
    session: Session,
    loop: LoopRow,
    kind: ActKind,
    actor: str = "lea",
    authority: Authority = LEAD,
    step: str = "offer.2",
    **given: Any,
) -> str | None:
    """The reason for which the decision was refused; None where it was applied."""
    try:
        outcome = act(session, loop.id, kind, actor=actor, step=step, authority=authority, **given)
    except RefusedError as error:
        return error.reason
    assert outcome.applied
    return None


def refused(session: Session, loop: LoopRow, kind: ActKind, **given: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        act(session, loop.id, kind, **given)
    return caught.value.reason


def end(session: Session, loop: LoopRow, kind: ActKind, at: datetime = AT, text: str | None = None) -> bool:
    """Use an offer, or take it back, at an instant."""
    command = commands.record(
        session,
        loop_id=loop.id,
        kind=kind,
        actor="till",
        at=at,
        recorded_at=at,
        details={"at": at},
        text=text,
    )
    return commands.apply(session, command.id, at).applied


def cannot_end(session: Session, loop: LoopRow, kind: ActKind, at: datetime = AT) -> str:
    with pytest.raises(RefusedError) as caught:
        end(session, loop, kind, at)
    return caught.value.reason


def propose(session: Session, loop: LoopRow, value: str = "150.00 EUR") -> None:
    """A play asks for approval of an offer."""
    offered = Offered(OfferKind.VOUCHER, Money.parse(value), {})
    proposal = Proposal(offered, Duration.parse("30 days"), Duration.parse("24h"))
    approvals.propose(session, loop, PLAY_S, proposal, at=AT, approver="lea")


# -- one for each loop, for ever -----------------------------------------------------------------


def test_a_loop_has_one_offer_for_ever(session: Session, loop: LoopRow) -> None:
    first = grant(session, loop)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT)
    assert grant(session, loop) is first
    loops.reopen(session, loop.id, by="lea", at=AT + DAY)
    assert grant(session, loop, CALL) is first
    assert (first.value_minor, first.currency, first.valid_until) == (1500, "EUR", AT + 30 * DAY)
    assert event_types(session, loop.id).count("offer.granted") == 1


def test_the_ledger_knows_the_code_by_its_digest_alone(session: Session, loop: LoopRow) -> None:
    offer = grant(session, loop)
    event = ledger.history(session, ledger.loop_chain(loop.id))[-1]
    assert json.loads(event.payload)["value"] == "15.00 EUR"
    assert offer.code not in event.payload


def test_codes_are_read_out_easily() -> None:
    codes = {offers.new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(len(code) == 11 and set(code) <= {*ALPHABET, "-"} for code in codes)
    for alike in ("0O", "1IL", "5S", "2Z", "UV", "8B"):
        assert len(set(alike) & set(ALPHABET)) <= 1


def test_a_code_that_is_taken_is_drawn_again(
    session: Session, loop: LoopRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["AAAAA-AAAAA", "AAAAA-AAAAA", "CCCCC-CCCCC"])
    monkeypatch.setattr(offers, "new_code", lambda: next(codes))
    assert grant(session, loop).code == "AAAAA-AAAAA"
    assert grant(session, open_loop(session, "r2")).code == "CCCCC-CCCCC"


def test_a_closed_loop_grants_nothing_new(session: Session, loop: LoopRow) -> None:
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    with pytest.raises(RefusedError, match="the loop is closed"):
        grant(session, loop)
    assert find_offer(session, loop.id) is None


def test_a_code_is_found_however_it_is_typed(session: Session, loop: LoopRow) -> None:
    offer = grant(session, loop)
    for typed in (offer.code, offer.code.lower(), offer.code.replace("-", " "), offer.code.replace("-", "")):
        assert offers.get_offer(session, typed) is offer
    with pytest.raises(NotFoundError, match="'77777-77777'"):
        offers.get_offer(session, "77777-77777")


# -- what becomes of it --------------------------------------------------------------------------


def test_an_offer_expires_by_itself_after_its_last_instant(session: Session, loop: LoopRow) -> None:
    """No workflow runs for it: nothing but the instant decides."""
    offer = grant(session, loop, until=AT + DAY)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT)
    assert state_of(offer, AT + DAY) == OfferState.GRANTED
    assert state_of(offer, AT + DAY + HOUR) == OfferState.EXPIRED


def test_a_customer_uses_an_offer_once_also_after_the_loop(session: Session, loop: LoopRow) -> None:
    offer = grant(session, loop)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT)
    assert end(session, loop, ActKind.REDEEM, AT + DAY)
    assert (state_of(offer, AT + 90 * DAY), offer.redeemed_at) == (OfferState.REDEEMED, AT + DAY)
    assert cannot_end(session, loop, ActKind.REDEEM, AT + 2 * DAY) == "offer_redeemed"
    assert event_types(session, loop.id).count("offer.redeemed") == 1


def test_an_expired_offer_is_not_used_but_one_used_in_time_may_be_written_down_later(
    session: Session, loop: LoopRow
) -> None:
    offer = grant(session, loop, until=AT + DAY)
    assert cannot_end(session, loop, ActKind.REDEEM, AT + DAY + HOUR) == "offer_expired"
    row = commands.record(
        session, loop_id=loop.id, kind=ActKind.REDEEM, actor="till", at=AT + HOUR, recorded_at=AT + 9 * DAY,
        details={"at": AT + HOUR},
    )  # fmt: skip
    assert commands.apply(session, row.id, AT + 9 * DAY).applied
    assert offer.redeemed_at == AT + HOUR


def test_a_loop_without_an_offer_redeems_none(session: Session, loop: LoopRow) -> None:
    assert cannot_end(session, loop, ActKind.REDEEM) == "no_offer"
    grant(session, loop)
    assert cannot_end(session, loop, ActKind.REDEEM, AT - HOUR) == "no_offer"


def test_an_offer_that_was_taken_back_cannot_be_used(session: Session, loop: LoopRow) -> None:
    offer = grant(session, loop)
    assert figures(session, zone="UTC").offers == ("15.00 EUR",)
    assert cannot_end(session, loop, ActKind.CANCEL) == "no_text"
    assert end(session, loop, ActKind.CANCEL, AT + HOUR, text="granted by mistake")
    assert (state_of(offer, AT + DAY), offer.cancelled_at) == (OfferState.CANCELLED, AT + HOUR)
    assert cannot_end(session, loop, ActKind.REDEEM, AT + DAY) == "offer_cancelled"
    assert figures(session, zone="UTC").offers == ()


def test_outstanding_value_is_told_by_kind_and_currency(session: Session) -> None:
    for number, (kind, value) in enumerate(
        [("voucher", "15.00 EUR"), ("voucher", "20.50 EUR"), ("voucher", "9.00 USD"), ("credit", "500 JPY")]
    ):
        grant(session, open_loop(session, f"r{number}"), Offered(OfferKind(kind), Money.parse(value), {}))
    grant(session, open_loop(session, "call"), CALL)
    grant(session, open_loop(session, "short"), VOUCHER, until=AT + HOUR)
    used = open_loop(session, "used")
    grant(session, used)
    end(session, used, ActKind.REDEEM, AT + HOUR)
    found = [
        (line.kind, line.count, str(line.value)) for line in offers.sum_outstanding(session, AT + 2 * HOUR)
    ]
    assert found == [
        ("call_back", 1, "None"),
        ("credit", 1, "500 JPY"),
        ("voucher", 2, "35.50 EUR"),
        ("voucher", 1, "9.00 USD"),
    ]


@pytest.mark.parametrize("state", list(OfferState))
def test_offers_are_listed_by_state(session: Session, state: OfferState) -> None:
    codes: dict[OfferState, str] = {}
    for each in OfferState:
        loop = open_loop(session, each)
        until = AT + HOUR if each == OfferState.EXPIRED else AT + 30 * DAY
        codes[each] = grant(session, loop, until=until).code
        if each == OfferState.REDEEMED:
            end(session, loop, ActKind.REDEEM)
        if each == OfferState.CANCELLED:
            end(session, loop, ActKind.CANCEL, text="by mistake")
    at = AT + 2 * HOUR
    assert [offer.code for offer, _ in offers.list_offers(session, at, state=state)] == [codes[state]]
    assert len(offers.list_offers(session, at)) == len(OfferState)


# -- by hand, within a limit ---------------------------------------------------------------------


def test_a_csm_grants_up_to_their_limit(session: Session, loop: LoopRow) -> None:
    assert give(session, loop, "50.00 EUR", text="She was kept waiting for a week.")
    offer = find_offer(session, loop.id)
    assert offer is not None
    assert (offer.value_minor, offer.granted_by, offer.valid_until) == (5000, "carla", AT + 30 * DAY)
    assert refused(
        session, loop, ActKind.GRANT, offer="voucher", value="1.00 EUR", valid_for="30 days", authority=CSM
    ) == ("offer_granted")


@pytest.mark.parametrize("value", ["50.01 EUR", "10.00 USD"])
def test_above_the_limit_or_in_another_currency_it_is_a_proposal(
    session: Session, loop: LoopRow, value: str
) -> None:
    assert give(session, loop, value, approver="lea")
    assert find_offer(session, loop.id) is None
    row = find_approval(session, loop, "offer.2")
    assert row is not None
    assert (row.state, row.proposed_by, row.approver) == ("waiting", "carla", "lea")
    assert get_standing(session, loop.id).approvals == {"offer.2": "waiting"}
    told = session.get_one(EffectRow, f"{loop.id}/1/staff-approval-wanted-offer.2")
    assert told.spec["to"] == "person:lea"
    assert refused(session, loop, ActKind.GRANT, offer="call_back", valid_for="2 days", authority=CSM) == (
        "approval_waits"
    )


def test_what_names_no_value_is_above_nobodys_limit(session: Session, loop: LoopRow) -> None:
    assert give(session, loop, None, offer="call_back")
    offer = find_offer(session, loop.id)
    assert offer is not None
    assert offers.value_of(offer) is None


@pytest.mark.parametrize("value", [None, "0.00 EUR", "-1.00 EUR"])
def test_a_voucher_is_worth_something(session: Session, loop: LoopRow, value: str | None) -> None:
    with pytest.raises(RefusedError, match="the details do not fit"):
        give(session, loop, value)


def test_nothing_is_granted_by_hand_without_a_case(session: Session) -> None:
    with pytest.raises(RefusedError, match="the loop has no case"):
        give(session, open_loop(session), "1.00 EUR")


# -- approved by somebody else -------------------------------------------------------------------


def test_a_lead_approves_and_the_offer_is_granted(session: Session, loop: LoopRow) -> None:
    give(session, loop, "150.00 EUR")
    assert decide(session, loop, ActKind.APPROVE) is None
    offer = find_offer(session, loop.id)
    assert offer is not None
    assert (offer.value_minor, offer.granted_by) == (15000, "carla")
    assert get_standing(session, loop.id).approvals == {"offer.2": "approved"}
    assert session.get(EffectRow, f"{loop.id}/1/staff-approval-decided-offer.2") is not None
    assert decide(session, loop, ActKind.APPROVE) == "approval_over"


def test_nobody_approves_their_own_proposal(session: Session, loop: LoopRow) -> None:
    give(session, loop, "150.00 EUR")
    assert decide(session, loop, ActKind.APPROVE, actor="carla") == "own_proposal"
    assert decide(session, loop, ActKind.REFUSE, actor="carla", authority=CSM, text="Not needed.") is None


@pytest.mark.parametrize(
    ("value", "authority"),
    [
        ("150.00 EUR", Authority(role=Role.CSM, ceilings=None)),
        ("200.01 EUR", LEAD),
        ("150.00 CHF", LEAD),
        ("150.00 EUR", Authority(role=Role.AUDITOR, ceilings=None)),
    ],
)
def test_approval_takes_a_lead_whose_limit_suffices(
    session: Session, loop: LoopRow, value: str, authority: Authority
) -> None:
    give(session, loop, value)
    assert decide(session, loop, ActKind.APPROVE, authority=authority) == "above_limit"
    assert decide(session, loop, ActKind.REFUSE, authority=authority, text="No.") == "above_limit"


def test_declining_needs_a_reason_and_a_new_proposal_may_follow(session: Session, loop: LoopRow) -> None:
    give(session, loop, "150.00 EUR")
    assert decide(session, loop, ActKind.REFUSE) == "no_text"
    assert decide(session, loop, ActKind.REFUSE, text="Too much for a late parcel.") is None
    assert find_offer(session, loop.id) is None
    assert give(session, loop, "90.00 EUR")
    assert get_standing(session, loop.id).approvals == {"offer.2": "declined", "offer.3": "waiting"}
    assert decide(session, loop, ActKind.APPROVE, step="offer.9") == "no_approval"


def test_what_a_rule_proposes_is_granted_by_its_play(session: Session, loop: LoopRow) -> None:
    propose(session, loop)
    propose(session, loop)
    assert [row.due_at for row, _ in list_waiting(session)] == [AT + DAY]
    assert decide(session, loop, ActKind.APPROVE, step=PLAY_S) is None
    assert find_offer(session, loop.id) is None
    assert event_types(session, loop.id).count("offer.proposed") == 1


def test_closing_the_loop_ends_what_waits_for_approval(session: Session, loop: LoopRow) -> None:
    propose(session, loop)
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    assert list_waiting(session) == []
    assert decide(session, loop, ActKind.APPROVE, step=PLAY_S) == "loop_closed"
    row = find_approval(session, loop, PLAY_S)
    assert row is not None
    assert (row.state, session.get_one(LoopRow, loop.id).state) == ("dropped", LoopState.CLOSED)


# -- by a play ------------------------------------------------------------------------------------


def granted_by_play(database: Database, loop: LoopRow, round_: int) -> EffectState:
    """What becomes of the offer of a play in a round."""
    call = Grant(
        loop=loop.id, round=round_, step=PLAY_S, kind="voucher", value=Money.parse("15.00 EUR"),
        valid_for=Duration.parse("30 days"), at=AT + round_ * DAY,
    )  # fmt: skip
    return OfferActivities(database, Directory()).grant_offer(call).state


@pytest.mark.parametrize(("used", "state"), [(False, EffectState.DONE), (True, EffectState.REFUSED)])
def test_the_next_round_has_the_offer_of_the_first_while_it_can_be_used(
    database: Database, session: Session, loop: LoopRow, *, used: bool, state: EffectState
) -> None:
    session.commit()
    assert granted_by_play(database, loop, 1) == EffectState.DONE
    if used:
        end(session, loop, ActKind.REDEEM, AT + DAY + HOUR)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT + DAY + HOUR)
    loops.reopen(session, loop.id, by="lea", at=AT + DAY + HOUR)
    session.commit()
    assert granted_by_play(database, loop, 2) == state
    session.expire_all()
    assert event_types(session, loop.id).count("offer.granted") == 1


def test_an_offer_that_consent_forbids_gives_its_budget_back(
    database: Database, session: Session, loop: LoopRow
) -> None:
    contact = session.get_one(Contact, loop.contact_id)
    contact.facts = {"consent.follow_up": False}
    session.add(contact)
    reserve(session, loop, 15000, "used")
    session.commit()
    assert granted_by_play(database, loop, 1) == EffectState.REFUSED
    session.expire_all()
    assert (reserved(session, loop), find_offer(session, loop.id)) == ("released", None)


# -- budgets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["declined", "lapsed", "closed"])
def test_a_budget_has_its_money_back_for_what_was_not_granted(
    session: Session, loop: LoopRow, how: str
) -> None:
    reserve(session, loop, 15000, "used")
    propose(session, loop)
    if how == "declined":
        decide(session, loop, ActKind.REFUSE, step=PLAY_S, text="No.")
    elif how == "lapsed":
        row = find_approval(session, loop, PLAY_S)
        assert row is not None
        approvals.lapse(session, loop, row, AT + DAY)
    else:
        loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    assert reserved(session, loop) == "released"


def test_a_budget_keeps_what_was_approved_used_or_expired(session: Session, loop: LoopRow) -> None:
    reserve(session, loop, 15000, "used")
    propose(session, loop)
    decide(session, loop, ActKind.APPROVE, step=PLAY_S)
    grant(session, loop)
    end(session, loop, ActKind.REDEEM)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT)
    assert reserved(session, loop) == "used"
