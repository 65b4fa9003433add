"""A whole NPS programme with gates, and rule tests read and run on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from boucle.errors import Mistake
from boucle.model import Duration, Frozen, Money, TeamId, TemplateId
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.ruleset import Workspace
from boucle.rules.testing.cases import RuleTest, TestFile
from boucle.rules.testing.reader import read_tests
from boucle.rules.testing.runner import TestResult, run_tests
from boucle.rules.workspace import load

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  response.origin: {type: enum, values: [direct, indirect, inferred]}
  comment.text: {type: text, optional: true, pii: true}
  customer.segment: {type: enum, values: [strategic, key, standard, trial], unlisted: unknown}
  customer.tags: {type: set, of: [vip, legal_hold, reference]}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.since: {type: date}
  contact.seen: {type: instant}
  consent.follow_up: {type: bool}
  consent.marketing: {type: bool}
derived:
  history.detractors_180d: {count: responses, where: nps in 0..6, within: 180d, per: customer}
  history.referral_asks_180d: {count: loops, play: invite_promoter, within: 180d, per: contact}
"""

POLICY = """\
boucle: policy/v1
max_age: 14 days
timezone: Europe/Paris
suppress:
  - id: year-end
    window: {from: "2026-12-24T00:00", until: "2027-01-02T08:00"}
    plays: [invite_promoter, ask_follow_up]
    do: defer
caps:
  - id: outreach-30d
    plays: [apologize_with_offer, invite_promoter, ask_follow_up]
    per: contact
    max: 2
    within: 30 days
budgets:
  - id: goodwill
    limit: 40.00 EUR
    per: calendar_month
holdouts:
  - id: goodwill-effect
    plays: [apologize_with_offer]
    percent: 10
"""

RULES = """\
boucle: rules/v1
ruleset: nps
owner: cx-ops@example.com
timezone: Europe/Paris
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
    when: detractor and history.detractors_180d >= 1
    start: escalate
    with:
      team: cs-leads
      first_contact_within: 4h
      severity: high
    exempt_from:
      gates: [suppress, caps, holdouts]
      reason: A person must always see it.
    because: "Scored {nps}/10 with {history.detractors_180d} earlier detractor response(s) in 180 days"
  - id: key-account-case
    when: detractor and key_account
    start: csm_case
    with:
      team: csm
      first_contact_within: 24h
      close_within: 5 business days
  - id: detractor-apology
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
        template: apology-no-offer
        offer: none
  - id: promoter-invite
    rollout: 25%
    when: promoter and may_offer and history.referral_asks_180d == 0
    start: invite_promoter
    with:
      template: referral
  - id: passive-ask
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
  - code: passive_silent
    when: passive and comment.length < 20
    text: Passive without a usable comment
  - code: asked_recently
    when: promoter and history.referral_asks_180d >= 1
    text: Promoter asked less than 180 days ago
"""

DEFAULTS = """\
boucle: rule-tests/v1
ruleset: nps
defaults:
  now: "2026-03-10T09:00:00Z"
  facts:
    response.origin: direct
    customer.segment: standard
    customer.tags: []
    consent.follow_up: true
    consent.marketing: true
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
    close_within: Duration = Duration(amount=10, unit="days", business=True)
    severity: Literal["normal", "high"] = "normal"


class Message(Frozen):
    template: TemplateId


PLAYS: dict[str, type[Frozen]] = {
    "apologize_with_offer": Apology,
    "csm_case": Case,
    "escalate": Case,
    "invite_promoter": Message,
    "ask_follow_up": Message,
}
KNOWN = {
    "template": frozenset({"apology", "apology-no-offer", "referral", "passive-question"}),
    "team": frozenset({"csm", "cs-leads", "triage"}),
}

PATH = "tests/nps.yaml"


def programme(
    rules: str = RULES, policy: str = POLICY, facts: str = FACTS, others: str | None = None
) -> Workspace:
    """The programme; `others` are the rules of a second rule set."""
    texts = {"facts.yaml": facts, "policy.yaml": policy, "rules/nps.yaml": rules}
    texts |= {"rules/others.yaml": others} if others else {}
    workspace, mistakes = load(texts, PLAYS, KNOWN, today=date(2026, 3, 1))
    assert workspace is not None, [f"{mistake.place} {mistake.message}" for mistake in mistakes]
    return workspace


def read_file(text: str, workspace: Workspace | None = None) -> tuple[list[TestFile], list[Mistake]]:
    """The tests of one file, whose text begins with its header or with `tests:`."""
    whole = text if text.startswith("boucle:") else DEFAULTS + text
    return read_tests({PATH: whole}, workspace or programme(), PLAYS)


def good_tests(text: str, workspace: Workspace | None = None) -> tuple[RuleTest, ...]:
    files, mistakes = read_file(text, workspace)
    assert mistakes == [], [f"{mistake.place} {mistake.message}" for mistake in mistakes]
    return files[0].tests


def run(text: str, workspace: Workspace | None = None) -> tuple[Bundle, list[TestResult]]:
    workspace = workspace or programme()
    bundle = compile_workspace(workspace)
    return bundle, run_tests(bundle, good_tests(text, workspace))


def said(results: list[TestResult]) -> Mapping[str, list[str]]:
    """The keys that failed, by test."""
    return {result.test.name: [failure.key for failure in result.failures] for result in results}
