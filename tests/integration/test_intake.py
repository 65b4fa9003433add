from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from boucle.engine import ledger, responses
from boucle.engine.database import Database
from boucle.engine.intake import Accepted, IntakeTerms, accept
from boucle.engine.standing import get_standing
from boucle.engine.tables import (
    Contact,
    Customer,
    DecisionRow,
    LoopRow,
    OutboxRow,
    Personal,
    QuarantineRow,
    ResponseRow,
    Revision,
    ScoreRow,
)
from boucle.engine.verification import verify
from boucle.model import FactValue, Person, Response, Verbatim
from boucle.rules.bundle import Bundle
from boucle.rules.decide import Mode
from boucle.rules.evaluation import Evaluator
from boucle.rules.failures import EvaluationError

FACTS = """
boucle: facts/v1
facts:
  nps:               {score: nps}
  csat.delivery:     {score: csat, scale: 1..5}
  response.origin:   {type: enum, values: [direct, indirect]}
  comment.text:      {type: text, optional: true, pii: true}
  contact.language:  {type: enum, values: [fr, en], unlisted: unknown}
  customer.segment:  {type: enum, values: [key, standard], unlisted: unknown}
  customer.arr:      {type: decimal, digits: 2, min: 0}
  consent.follow_up: {type: bool}
"""

RULES = """
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
rules:
  - id: key-case
    when: detractor and customer.segment == "key"
    start: csm_case
    with: {team: key}
  - id: case
    when: detractor
    start: csm_case
    with: {team: csm}
undecided: record
"""

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)

Take = Callable[..., Accepted]


@pytest.fixture
def bundle(compiled: Callable[..., Bundle]) -> Bundle:
    return compiled(FACTS, RULES)


@pytest.fixture
def take(database: Database, bundle: Bundle, terms: IntakeTerms) -> Take:
    """Accept responses in one committed transaction."""

    def run(*incoming: Response, unit: str = "u1", at: datetime = AT, mode: Mode = "act") -> Accepted:
        with database.session() as session:
            accepted = accept(
                session, bundle, incoming, at=at, actor="import:test", unit=unit, terms=terms, mode=mode
            )
            session.commit()
            return accepted

    return run


def answer(source_id: str = "r1", customer: str | None = "acme", **over: Any) -> Response:
    """A direct answer of today, with what `over` says; `facts` are added to those every answer has."""
    facts: dict[str, FactValue] = {"response.origin": "direct", **over.pop("facts", {})}
    at = over.pop("responded_at", AT - timedelta(hours=1))
    return Response(
        source="crm", source_id=source_id, customer=customer, responded_at=at, facts=facts, **over
    )


def rows(database: Database, model: type[SQLModel]) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(model)).one()


def only(session: Session, model: type[Any]) -> Any:
    return session.exec(select(model)).one()


def whole(database: Database) -> bool:
    with database.reading() as session:
        return verify(session).whole


# -- accepted means decided ---------------------------------------------------------------------


def test_a_response_gets_one_decision_its_loop_and_its_start(database: Database, take: Take) -> None:
    accepted = take(answer(facts={"nps": 3, "csat.delivery": 2, "customer.segment": "key"}))
    assert (accepted.new, accepted.duplicates, accepted.revisions, accepted.quarantined) == (1, 0, 0, 0)
    [taken] = accepted.taken
    with database.reading() as session:
        loop, decision = only(session, LoopRow), only(session, DecisionRow)
        assert (decision.outcome, decision.winner, decision.loop_id) == ("starts", "key-case", loop.id)
        assert (taken.response_id, taken.loop_id) == (decision.response_id, loop.id)
        assert (loop.first_score, loop.metric, loop.language) == (3, "nps", "en")
        assert only(session, OutboxRow).loop_id == loop.id
        assert {(row.fact, row.metric, row.value) for row in session.exec(select(ScoreRow))} == {
            ("nps", "nps", 3),
            ("csat.delivery", "csat", 2),
        }


def test_a_loops_first_event_names_its_intake_event(database: Database, take: Take) -> None:
    take(answer(facts={"nps": 3}))
    with database.reading() as session:
        [opened] = ledger.history(session, ledger.loop_chain(only(session, LoopRow).id))
        [decided] = ledger.history(session, ledger.intake_chain("u1"))
    assert json.loads(opened.payload)["intake"] == {"chain": "intake/u1", "seq": 1}
    said = json.loads(decided.payload)
    assert (said["outcome"], said["winner"], said["scores"]) == ("starts", "case", {"nps": 3})
    assert whole(database)


def test_a_decision_that_starts_nothing_ends_in_its_intake_chain(database: Database, take: Take) -> None:
    take(answer(facts={"nps": 9}), answer("r2"))
    with database.reading() as session:
        reasons = session.exec(select(DecisionRow.reason).order_by(col(DecisionRow.reason))).all()
        assert reasons == ["no_rule", "no_score"]
        events = ledger.history(session, "intake/u1")
        assert [event.type for event in events] == ["response.decided", "response.decided"]
    assert (rows(database, LoopRow), rows(database, OutboxRow)) == (0, 0)


def test_recording_only_and_too_old_start_nothing_and_say_so(database: Database, take: Take) -> None:
    old = AT - timedelta(days=15)
    take(answer("r1", facts={"nps": 3}), unit="u1", mode="record_only")
    take(answer("r2", facts={"nps": 3}, responded_at=old), unit="u2")
    with database.reading() as session:
        blocked = session.exec(select(DecisionRow.blocked_by).order_by(col(DecisionRow.blocked_by))).all()
    assert blocked == ["max_age", "record_only"]
    take(answer("r3", facts={"nps": 3}, responded_at=old), unit="u3", mode="act_on_old")
    assert rows(database, LoopRow) == 1


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE decision SET record = '{}'", "was changed after it was written"),
        ("UPDATE decision SET outcome = 'blocked'", "was changed after it was written"),
        ("UPDATE decision SET reason = 'passive'", "was changed after it was written"),
        ("DELETE FROM decision", "is missing"),
    ],
)
def test_a_decision_changed_or_taken_away_is_found(
    database: Database, take: Take, statement: str, problem: str
) -> None:
    take(answer(facts={"nps": 9}))
    with database.session() as session:
        session.connection().exec_driver_sql(statement)
        session.commit()
    with database.reading() as session:
        [found] = verify(session).problems
    assert found.startswith("intake/u1 #1: decision ")
    assert found.endswith(problem)


# -- the same again -----------------------------------------------------------------------------


def test_the_same_content_again_is_a_duplicate(database: Database, take: Take) -> None:
    take(answer(facts={"nps": 3}))
    again = take(answer(facts={"nps": 3}), answer(facts={"nps": 3}), unit="u2")
    assert (again.new, again.duplicates) == (0, 2)
    assert [rows(database, model) for model in (ResponseRow, Revision, DecisionRow, LoopRow)] == [1, 1, 1, 1]
    with database.reading() as session:
        assert ledger.history(session, "intake/u2") == []


def test_the_same_id_twice_in_one_list_is_one_response(database: Database, take: Take) -> None:
    accepted = take(answer(facts={"nps": 3}), answer(facts={"nps": 3}), answer(facts={"nps": 4}))
    assert [one.verdict for one in accepted.taken] == ["new", "duplicate", "revision"]
    assert (rows(database, LoopRow), rows(database, Revision)) == (1, 2)
    assert whole(database)


def test_other_content_is_a_revision_that_keeps_the_first_decision(database: Database, take: Take) -> None:
    take(answer(facts={"nps": 3}))
    revised = take(answer(facts={"nps": 9}), unit="u2", at=AT + timedelta(days=1))
    assert (revised.revisions, revised.new) == (1, 0)
    with database.reading() as session:
        told = responses.tell(session, only(session, ResponseRow))
        first, second = told.decided
        assert (first.row.outcome, second.row.outcome, second.kept) == ("starts", "kept", True)
        assert second.decision == first.decision
        assert only(session, ScoreRow).value == 9
        assert told.response.revision == 2
    assert rows(database, LoopRow) == 1


def test_a_revision_shows_on_its_loop(database: Database, take: Take) -> None:
    take(answer(facts={"nps": 3}))
    take(answer(facts={"nps": 4}), unit="u2")
    with database.reading() as session:
        events = ledger.history(session, ledger.loop_chain(only(session, LoopRow).id))
    assert [event.type for event in events] == ["loop.opened", "loop.revised"]
    assert json.loads(events[1].payload)["intake"] == {"chain": "intake/u2", "seq": 1}
    assert whole(database)


def test_an_earlier_content_again_is_a_duplicate_not_a_revision(database: Database, take: Take) -> None:
    for unit, score in (("u1", 3), ("u2", 4)):
        take(answer(facts={"nps": score}), unit=unit)
    assert take(answer(facts={"nps": 3}), unit="u3").duplicates == 1
    with database.reading() as session:
        assert only(session, ScoreRow).value == 4


def test_a_stated_clock_is_not_content(take: Take) -> None:
    take(answer(facts={"nps": 3}, dating="stated"))
    later = answer(facts={"nps": 3}, dating="stated", responded_at=AT)
    assert take(later, unit="u2").duplicates == 1
    dated = answer("r2", facts={"nps": 3})
    take(dated, unit="u3")
    assert take(dated.model_copy(update={"responded_at": AT}), unit="u4").revisions == 1


def test_two_sources_may_use_the_same_id(take: Take) -> None:
    other = answer(facts={"nps": 3}).model_copy(update={"source": "kiosk"})
    assert take(answer(facts={"nps": 3}), other).new == 2


# -- text ---------------------------------------------------------------------------------------


def test_text_is_kept_in_nfc_and_both_forms_are_the_same_content(database: Database, take: Take) -> None:
    composed, decomposed = "Déçu par l'été", "De\u0301c\u0327u par l'e\u0301te\u0301"

    def written(text: str) -> Response:
        return answer(
            facts={"nps": 9, "comment.text": text}, verbatims=(Verbatim(text=text, question="Why?"),)
        )

    take(written(decomposed))
    assert take(written(composed), unit="u2").duplicates == 1
    with database.reading() as session:
        told = responses.tell(session, only(session, ResponseRow))
    assert told.verbatims == (Verbatim(text=composed, question="Why?"),)


def test_what_is_personal_lies_in_personal_alone(database: Database, take: Take) -> None:
    secrets = ("Zoé Lemaire", "zoe@example.com", "0601020304", "Livraison en retard", "survey-id-77")
    take(
        answer(
            "survey-id-77",
            facts={"nps": 3, "comment.text": "Livraison en retard"},
            verbatims=(Verbatim(text="Livraison en retard"),),
            contact="p1",
            person=Person(name="Zoé Lemaire", email="zoe@example.com", phone="0601020304"),
        )
    )
    with database.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name == Personal.__tablename__:
                continue
            content = str(session.execute(table.select()).all())
            found = [secret for secret in secrets if secret in content]
            assert found == (["survey-id-77"] if table.name == "response" else []), table.name
        held = session.exec(select(Personal.field, Personal.value)).all()
    assert {value for _, value in held} == set(secrets)


# -- anonymous ----------------------------------------------------------------------------------


def test_an_anonymous_response_opens_a_case_and_can_reach_nobody(database: Database, take: Take) -> None:
    take(answer(customer=None, facts={"nps": 2}))
    with database.reading() as session:
        loop = only(session, LoopRow)
        assert (loop.customer_id, loop.contact_id) == (None, None)
        assert get_standing(session, loop.id).reachable is False
    assert (rows(database, Customer), rows(database, Contact)) == (0, 0)


def test_somebody_who_left_an_address_but_no_key_can_be_reached(database: Database, take: Take) -> None:
    take(answer(customer=None, facts={"nps": 2}, person=Person(email="ada@example.com")))
    with database.reading() as session:
        assert get_standing(session, only(session, LoopRow).id).reachable is True


# -- what does not fit --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"facts": {"nps": 11}}, "nps lies between 0 and 10, not 11"),
        ({"facts": {"nps": True}}, "nps is not a whole number"),
        ({"facts": {"nps": "6"}}, "nps is not a whole number"),
        ({"facts": {"shoe": 44}}, "shoe is not in the catalogue"),
        ({"facts": {"response.origin": "fax"}}, "has the value 'fax'; listed are direct, indirect"),
        ({"facts": {"response.age_days": 1}}, "response.age_days is computed and cannot be given"),
        ({"responded_at": AT + timedelta(hours=25)}, "answered more than 24 hours after now"),
        ({"facts": {"comment.text": "a\x00b"}}, "a character that no database keeps"),
        ({"source_id": "r\x00"}, "a character that no database keeps"),
        ({"verbatims": (Verbatim(text="\ud83d"),)}, "a character that no database keeps"),
    ],
)  # fmt: skip
def test_what_does_not_fit_waits_in_quarantine_with_its_reason(
    database: Database, take: Take, over: dict[str, Any], reason: str
) -> None:
    accepted = take(answer(**over), answer("good", facts={"nps": 9}))
    assert [one.verdict for one in accepted.taken] == ["quarantined", "new"]
    assert reason in accepted.taken[0].reasons[0]
    assert take(answer(**over), unit="u2").duplicates == 1
    assert (rows(database, QuarantineRow), rows(database, ResponseRow)) == (1, 1)
    with database.reading() as session:
        [event, _] = ledger.history(session, "intake/u1")
    assert event.type == "response.quarantined"
    assert whole(database)


def test_a_required_fact_that_is_missing_is_quarantined(database: Database, take: Take) -> None:
    bare = Response(source="crm", source_id="r1", responded_at=AT, facts={"nps": 3}, customer="acme")
    assert "response.origin" in take(bare).taken[0].reasons[0]
    assert rows(database, ResponseRow) == 0


def test_a_mended_response_is_decided_and_leaves_quarantine(
    database: Database, take: Take, compiled: Callable[..., Bundle], terms: IntakeTerms
) -> None:
    new_fact = answer(facts={"nps": 3, "customer.arr": 5, "shoe": 44})
    take(new_fact)
    wider = compiled(FACTS + "  shoe: {type: int, optional: true}\n", RULES)
    with database.session() as session:
        accepted = accept(session, wider, [new_fact], at=AT, actor="a", unit="u2", terms=terms)
        session.commit()
    assert accepted.new == 1
    with database.reading() as session:
        assert only(session, QuarantineRow).state == "decided"


def test_a_response_mended_at_its_source_leaves_quarantine(database: Database, take: Take) -> None:
    assert take(answer(facts={"nps": 11}), answer("r2", facts={"nps": 11})).quarantined == 2
    assert take(answer(facts={"nps": 1}), unit="u2").new == 1
    with database.reading() as session:
        states = session.exec(select(QuarantineRow.source_id, QuarantineRow.state)).all()
    assert set(states) == {("r1", "dropped"), ("r2", "waiting")}
    assert take(answer(facts={"nps": 11}), unit="u3").duplicates == 1


def test_an_unlisted_value_counts_as_unknown_and_is_counted(database: Database, take: Take) -> None:
    accepted = take(answer(facts={"nps": 9, "customer.segment": "gold"}))
    assert (accepted.new, accepted.unlisted) == (1, 1)
    with database.reading() as session:
        assert "customer.segment" not in only(session, Revision).facts


def test_a_rule_that_cannot_be_evaluated_sends_to_quarantine_loudly(
    database: Database, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise EvaluationError("NaN")

    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "evaluate", fail)
        patch.setattr(Evaluator, "evaluate_text", fail)
        [taken] = take(answer(facts={"nps": 3})).taken
    assert (taken.verdict, taken.decision) == ("quarantined", None)
    assert "could not be evaluated" in taken.reasons[0]
    assert rows(database, DecisionRow) == 0


def test_one_that_the_database_refuses_undoes_nothing_of_the_others(
    database: Database, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = responses.subject_of

    def point_nowhere(response: ResponseRow) -> str:
        if response.source_id == "bad":
            response.customer_id = "nobody"
        return original(response)

    monkeypatch.setattr(responses, "subject_of", point_nowhere)
    accepted = take(
        answer("r1", facts={"nps": 3}), answer("bad", facts={"nps": 3}), answer("r3", facts={"nps": 9})
    )
    assert [one.verdict for one in accepted.taken] == ["new", "quarantined", "new"]
    assert "the database refused it" in accepted.taken[1].reasons[0]
    assert [rows(database, model) for model in (ResponseRow, Revision, DecisionRow, LoopRow)] == [2, 2, 2, 1]
    assert whole(database)


def test_nothing_stays_of_an_intake_that_was_not_committed(
    database: Database, bundle: Bundle, terms: IntakeTerms
) -> None:
    with database.session() as session:
        accept(session, bundle, [answer(facts={"nps": 3})], at=AT, actor="a", unit="u", terms=terms)
    for table in (ResponseRow, DecisionRow, LoopRow, OutboxRow, Personal, Customer):
        assert rows(database, table) == 0
