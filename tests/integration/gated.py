"""A workspace whose gates are shown by the test, and responses that pass or do not pass them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest
from pydantic import BaseModel

from boucle.engine import responses
from boucle.engine.database import Database
from boucle.engine.intake import Accepted, IntakeTerms, accept
from boucle.engine.loops import LoopDefaults
from boucle.engine.quarantine import QuarantineTerms
from boucle.engine.tables import ResponseRow
from boucle.model import FactValue, Money, Response
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.decide import Mode
from boucle.rules.workspace import load
from tests.calendars import weekdays_9_to_18

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
"""A Tuesday, ten o'clock in Paris."""

DAY = timedelta(days=1)

FACTS = """
boucle: facts/v1
facts:
  nps:               {score: nps}
  customer.tags:     {type: set, of: [vip, legal_hold]}
  consent.follow_up: {type: bool}
"""

TERMS = IntakeTerms(
    LoopDefaults("en", weekdays_9_to_18("Europe/Paris")), QuarantineTerms("ops", timedelta(days=2))
)


class Offering(BaseModel):
    """The parameters of every play in these tests."""

    offer: Money | Literal["none"] = "none"
    severity: str = "medium"
    first_contact_within: str | None = None


def compile_gates(rules: str, policy: str = "", facts: str = FACTS) -> Bundle:
    """Compile a rule set's `rules:` and the policy's gates, in UTC, with no greatest age."""
    head = "boucle: rules/v1\nruleset: nps\ntimezone: UTC\nundecided: record\n"
    texts = {
        "facts.yaml": facts,
        "policy.yaml": f"boucle: policy/v1\nmax_age: none\ntimezone: UTC\n{policy}",
        "rules/nps.yaml": f"{head}rules:\n{rules}",
    }
    plays = dict.fromkeys(("csm_case", "apologize_with_offer", "escalate", "invite_promoter"), Offering)
    workspace, mistakes = load(texts, plays, {}, today=date(2026, 1, 1))
    assert workspace is not None, [f"{one.place}: {one.message}" for one in mistakes]
    return compile_workspace(workspace)


def answer(
    source_id: str,
    nps: int = 3,
    *,
    customer: str | None = "acme",
    contact: str | None = None,
    responded_at: datetime = AT - 2 * DAY,
    **facts: FactValue,
) -> Response:
    """An answer; `facts` by their names with `__` for the dot. Without a contact, nobody answered."""
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return Response(
        source="crm", source_id=source_id, responded_at=responded_at, facts={"nps": nps, **named},
        customer=customer, contact=contact,
    )  # fmt: skip


def refuse(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """Make the database refuse every response whose id ends so."""
    original = responses.subject_of

    def point_nowhere(response: ResponseRow) -> str:
        if response.source_id.endswith(end):
            response.customer_id = "nobody"
        return original(response)

    monkeypatch.setattr(responses, "subject_of", point_nowhere)


def take(
    database: Database,
    bundle: Bundle,
    incoming: Sequence[Response],
    *,
    at: datetime = AT,
    unit: str | None = None,
    mode: Mode = "act",
) -> Accepted:
    """Accept responses in one committed transaction."""
    name = unit or "-".join(one.source_id for one in incoming[:2])
    with database.session() as session:
        accepted = accept(session, bundle, incoming, at=at, actor="a", unit=name, terms=TERMS, mode=mode)
        session.commit()
        return accepted
