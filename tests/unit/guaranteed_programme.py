"""A whole NPS programme with guarantees, as text, and what becomes of it when parts are written otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from boucle.model import Duration, Frozen, Money, TeamId, TemplateId
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.ruleset import Workspace
from boucle.rules.workspace import load
from tests.unit.small_workspace import TODAY

FACTS = """\
boucle: facts/v1
facts:
  nps:
    score: nps
  comment.text:
    type: text
    optional: true
    pii: true
  customer.segment:
    type: enum
    values: [strategic, key, standard, trial]
    unlisted: unknown
  customer.tags:
    type: set
    of: [vip, legal_hold, reference, churn_risk]
  consent.follow_up:
    type: bool
  consent.marketing:
    type: bool
derived:
  history.detractors_180d:
    count: responses
    where: nps in 0..6
    within: 180d
    per: customer
  history.referral_asks_180d:
    count: loops
    play: invite_promoter
    within: 180d
    per: contact
"""

POLICY = """\
boucle: policy/v1
timezone: Europe/Paris
max_age: 14 days
suppress:
  - id: year-end
    window:
      from: "2026-12-24T00:00"
      until: "2027-01-02T08:00"
    plays: [invite_promoter, ask_follow_up]
    do: defer
caps:
  - id: outreach-30d
    plays: [apologize_with_offer, invite_promoter, ask_follow_up]
    per: contact
    max: 2
    within: 30 days
  - id: one-offer-90d
    plays: [apologize_with_offer]
    per: customer
    max: 1
    within: 90 days
budgets:
  - id: goodwill
    limit: 5000.00 EUR
    per: calendar_month
holdouts:
  - id: goodwill-effect
    plays: [apologize_with_offer]
    percent: 10
"""

RULES = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
only_when: nps is known
define:
  key_account:
    when: 'customer.segment in ["key", "strategic"] or customer.tags has "vip"'
    if_unknown: false
  may_call:
    when: consent.follow_up and not customer.tags has "legal_hold"
    if_unknown: false
  may_offer:
    when: may_call and consent.marketing
    if_unknown: false
rules:
  - id: repeat-detractor
    title: Repeated detractor goes to the customer success lead
    when: detractor and history.detractors_180d >= 1
    start: escalate
    with:
      team: cs-leads
      severity: high
    exempt_from:
      gates: [suppress, caps, holdouts]
      reason: Safety net. A person must always see it.
  - id: key-account-case
    title: Key-account detractor opens a case
    when: detractor and key_account
    start: csm_case
    with:
      team: csm
      first_contact_within: 24h
    exempt_from:
      gates: [suppress, caps, holdouts]
      reason: Contractual promise to key accounts.
  - id: detractor-apology
    title: Other detractor gets an apology and a goodwill offer
    when: detractor and not key_account and may_offer
    start: apologize_with_offer
    with:
      template: apology
      offer:
        kind: voucher
        value: 15.00 EUR
        valid_for: 30 days
    spends: goodwill
    if_exhausted:
      with:
        template: apology
        offer: none
  - id: promoter-invite
    title: Promoter is invited to refer
    effective:
      from: 2026-01-01
    rollout: 25%
    when: promoter and may_offer and history.referral_asks_180d == 0
    start: invite_promoter
    with:
      template: referral
  - id: passive-ask
    title: Passive who wrote something is asked what would make it a 9
    when: passive and may_call and comment.length >= 20
    start: ask_follow_up
    with:
      template: passive-question
undecided:
  when: detractor
  start: csm_case
  with:
    team: triage
otherwise:
  - code: no_consent
    when: not may_offer
    text: No consent, or legal hold
guarantees:
  - id: key-detractor-reaches-a-person
    whenever: detractor and key_account
    starts: [csm_case, escalate]
  - id: every-callable-detractor-is-taken
    whenever: detractor and may_offer
    taken: true
  - id: no-score-no-action
    whenever: nps is unknown
    starts: none
  - id: no-offer-without-consent
    whenever: not may_offer
    never_starts: [apologize_with_offer, invite_promoter]
"""


class Offer(Frozen):
    kind: Literal["voucher"]
    value: Money
    valid_for: Duration


class Apology(Frozen):
    template: TemplateId
    offer: Offer | Literal["none"] = "none"


class Case(Frozen):
    team: TeamId
    first_contact_within: Duration = Duration(amount=48, unit="hours")
    severity: Literal["normal", "high"] = "normal"


class Question(Frozen):
    template: TemplateId


PLAYS: Mapping[str, type[Frozen]] = {
    "apologize_with_offer": Apology,
    "csm_case": Case,
    "escalate": Case,
    "invite_promoter": Question,
    "ask_follow_up": Question,
}
KNOWN = {
    "template": frozenset({"apology", "referral", "passive-question"}),
    "team": frozenset({"csm", "cs-leads", "triage"}),
}


def read_programme(
    rules: str = RULES, *, facts: str = FACTS, policy: str = POLICY, more: Mapping[str, str] | None = None
) -> tuple[Workspace, Bundle]:
    """The programme, or what was made of its files; they must be free of mistakes."""
    texts = {"facts.yaml": facts, "policy.yaml": policy, "rules/nps.yaml": rules, **(more or {})}
    workspace, mistakes = load(texts, PLAYS, KNOWN, today=TODAY)
    assert workspace is not None, [str(mistake) for mistake in mistakes]
    return workspace, compile_workspace(workspace)


def without(text: str, *fragments: str) -> str:
    """The text without each fragment, which must stand in it."""
    return replaced(text, *((fragment, "") for fragment in fragments))


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """The text with each fragment, which must stand in it, written otherwise."""
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text
