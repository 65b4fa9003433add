"""`also`: the customer is tagged and teams are told, where a rule starts or joins; on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from boucle.activities.calls import Tell
from boucle.activities.letters import Letterhead
from boucle.activities.notices import NoticeActivities
from boucle.activities.people import Colleague, Directory, Team
from boucle.activities.posting import Post
from boucle.activities.templates import Templates
from boucle.engine import ledger, loops, notices
from boucle.engine.consent import find_objection
from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.mergers import merge
from boucle.engine.tables import Customer, DecisionRow, EffectRow, LoopRow
from boucle.engine.verification import verify
from boucle.model import Closure, Response, Verbatim
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.workspace import load
from tests.integration.conftest import Play
from tests.integration.test_notices import Postman

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  customer.tags: {type: set, of: [seen, vip, legal_hold]}
"""
RULES = """\
boucle: rules/v1
ruleset: nps
rules:
  - id: known
    when: nps in 0..2 and customer.tags has "seen"
    start: escalate
    also: [{tag: vip}]
  - id: call
    when: detractor
    start: csm_case
    also: [{tag: seen}, {notify: product}]
  - id: hold
    when: nps == 7
    start: csm_case
    also: [{tag: legal_hold}]
  - id: watched
    when: promoter
    mode: observe
    start: csm_case
    also: [{tag: vip}]
undecided: record
"""
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
Take = Callable[..., DecisionRow]


@pytest.fixture
def bundle() -> Bundle:
    policy = "boucle: policy/v1\nmax_age: 14 days\n"
    texts = {"facts.yaml": FACTS, "policy.yaml": policy, "rules/nps.yaml": RULES}
    plays = {"csm_case": Play, "escalate": Play}
    known = {"team": frozenset({"product"})}
    workspace, mistakes = load(texts, plays, known, today=date(2026, 1, 1))
    assert workspace is not None, mistakes
    return compile_workspace(workspace)


@pytest.fixture
def take(database: Database, bundle: Bundle, terms: IntakeTerms) -> Take:
    """Accept one answer; its decision."""

    def take_one(
        name: str, score: int, customer: str | None = "acme", at: datetime = AT, said: str | None = None
    ) -> DecisionRow:
        facts: dict[str, Any] = {"nps": score, **({"customer.tags": ()} if customer else {})}
        answer = Response(
            source="crm", source_id=name, responded_at=at, customer=customer, facts=facts,
            verbatims=(Verbatim(text=said),) if said else (),
        )  # fmt: skip
        with database.session() as session:
            accepted = accept(session, bundle, [answer], at=at, actor="import:t", unit=name, terms=terms)
            row = session.exec(select(DecisionRow).where(DecisionRow.at == at)).all()[-1]
            assert accepted.taken
            session.commit()
            session.refresh(row)
            session.expunge(row)
            return row

    return take_one


def tags(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        return session.exec(select(Customer)).one().tags


def test_a_winner_that_starts_tags_its_customer_and_tells_a_team(database: Database, take: Take) -> None:
    decision = take("r1", 5)
    assert tags(database) == {
        "seen": {
            "rule_set": "nps", "rule": "call", "decision": decision.id, "at": "2026-03-03T09:00:00.000000Z",
        }
    }  # fmt: skip
    with database.reading() as session:
        effect = session.exec(select(EffectRow)).one()
        assert effect.step == f"staff-notify-product-{decision.id[:8]}"
        assert effect.spec["to"] == "team:product"
        events = ledger.history(session, ledger.loop_chain(str(decision.loop_id)))
        tagged = [json.loads(event.payload) for event in events if event.type == "customer.tagged"]
        assert [(one["tag"], one["rule"], one["decision"]) for one in tagged] == [
            ("seen", "call", decision.id)
        ]
        assert verify(session).whole


def test_rules_read_the_tag_beside_what_the_source_says(database: Database, take: Take) -> None:
    take("r1", 5)
    again = take("r2", 1, at=AT + timedelta(days=1))
    assert (again.winner, again.outcome) == ("known", "joined")
    assert set(tags(database)) == {"seen", "vip"}


def test_a_joining_response_tells_the_team_again_and_tags_once(database: Database, take: Take) -> None:
    first = take("r1", 5)
    again = take("r2", 4, at=AT + timedelta(days=1))
    assert (again.outcome, again.loop_id) == ("joined", first.loop_id)
    assert tags(database)["seen"]["decision"] == first.id
    with database.reading() as session:
        assert len(session.exec(select(EffectRow)).all()) == 2


def test_what_starts_nothing_does_nothing_besides(database: Database, take: Take) -> None:
    assert take("r1", 9).outcome == "nothing"
    assert tags(database) == {}


def test_who_is_not_known_is_not_tagged(database: Database, take: Take) -> None:
    assert take("r1", 5, None).outcome == "starts"
    with database.reading() as session:
        assert session.exec(select(Customer)).all() == []
        assert len(session.exec(select(EffectRow)).all()) == 1


def test_a_legal_hold_that_a_rule_lays_holds(database: Database, take: Take) -> None:
    decision = take("r1", 7)
    with database.reading() as session:
        assert find_objection(session, session.get_one(LoopRow, decision.loop_id)) == "legal_hold"


@pytest.mark.parametrize(
    ("sees", "said", "shown"),
    [
        (True, "Der Export ist zu langsam.", "Der Export ist zu langsam."),
        (False, "Der Export ist zu langsam.", "There is a comment, which your team does not read."),
        (True, None, "There is no comment."),
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_a_team_reads_what_it_may_also_when_the_loop_was_closed_meanwhile(
    database: Database, take: Take, tmp_path: Path, *, sees: bool, said: str | None, shown: str, closed: bool
) -> None:
    decision = take("r1", 5, said=said)
    loop_id, postman = str(decision.loop_id), Postman()
    if closed:
        with database.session() as session:
            loops.close(session, loop_id, closure=Closure.FALSE_ALARM, by="ada", at=AT)
            notices.drop(session, loop_id, AT)
            session.commit()
    people = {"ada": Colleague("Ada", "ada@firm.example", "en", "Europe/Paris")}
    teams = {"product": Team("Product", "ada", ("ada",), sees_verbatims=sees)}
    head = Letterhead("Firm", "Firm <hello@firm.example>", "firm.example")
    post = Post(database, postman)
    staff = NoticeActivities(post, Directory(people, teams), head, Templates(tmp_path, "en"))
    staff.notify_staff(Tell(loop=loop_id, round=1, at=AT))
    staff.notify_staff(Tell(loop=loop_id, round=1, at=AT))
    (mail,) = postman.taken
    assert shown in mail.get_content()
    assert "rule “call”" in mail.get_content()
    with database.reading() as session:
        assert "Export" not in str([effect.spec for effect in session.exec(select(EffectRow))])


def test_of_two_merged_customers_the_tags_of_both_stay(database: Database, take: Take) -> None:
    take("r1", 5)
    take("r2", 7, customer="other", at=AT + timedelta(days=1))
    with database.session() as session:
        rows = {row.key: row.id for row in session.exec(select(Customer))}
        merge(session, Customer, rows["acme"], rows["other"], actor="ada", at=AT + timedelta(days=2))
        session.commit()
        assert set(session.get_one(Customer, rows["other"]).tags) == {"seen", "legal_hold"}
