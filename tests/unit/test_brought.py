from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from boucle.commands.importing import Brought
from boucle.decision import Decision, GateResult
from boucle.engine.intake import Accepted, Taken
from boucle.model import Plan

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
PLAN = Plan(rule_set="nps", rule="case", rule_digest="d", bundle="b", play="csm_case")


def taken(outcome: str, **said: Any) -> Taken:
    record = {"rule_set": "nps", "facts": {}, "derived": (), "unknown": (), "rules": {}, "facts_digest": "f"}
    decision = Decision.model_validate(
        {"at": AT, "bundle": "b", "responded_at": AT, "outcome": outcome, **record, **said}
    )
    return Taken("r", "new", "id", decision)


def test_what_joined_is_no_loop_that_begins_and_gates_are_counted_by_their_id() -> None:
    deferring = GateResult(gate="suppress/year-end", result="deferred")
    brought = Brought()
    brought.add(
        Accepted(
            (
                taken("starts", plan=PLAN, observed=("watched",)),
                taken("starts", plan=PLAN, deferred_until=AT, gates=(deferring,)),
                taken("joined", plan=PLAN, joins="loop"),
                taken("blocked", blocked_by="caps/outreach-30d"),
                taken("nothing", reason="no_rule"),
            )
        )
    )
    assert brought.outcomes == {"starts": 2, "joined": 1, "blocked": 1, "nothing": 1}
    assert brought.loops == {("csm_case", "nps/case"): 2}
    assert brought.reasons == {"blocked by caps/outreach-30d": 1, "no_rule": 1}
    assert (brought.deferred, brought.observed) == ({"suppress/year-end": 1}, {"watched": 1})
