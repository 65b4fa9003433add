"""A good NPS programme, and what the analysis finds in it once a part of it is written otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from boucle.errors import Mistake
from boucle.model import Frozen
from boucle.rules.analysis.findings import find_all
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.ruleset import Workspace
from boucle.rules.workspace import load

TODAY = date(2026, 3, 1)

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  csat.delivery: {score: csat, scale: 1..5}
  comment.text: {type: text, optional: true, pii: true}
  customer.segment: {type: enum, values: [strategic, key, standard, trial], unlisted: unknown}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.tags: {type: set, of: [vip, legal_hold, reference]}
  customer.since: {type: date}
  consent.follow_up: {type: bool}
  consent.marketing: {type: bool}
derived:
  history.detractors_180d: {count: responses, where: nps in 0..6, within: 180d, per: customer}
  history.referral_asks_180d: {count: loops, play: invite_promoter, within: 180d, per: contact}
"""

POLICY = "boucle: policy/v1\nmax_age: 14 days\n"

HEAD = """\
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
"""

REPEATED = """\
  - id: repeat-detractor
    when: detractor and history.detractors_180d >= 1
    start: escalate
"""

KEY_ACCOUNT = """\
  - id: key-account-case
    when: detractor and key_account
    start: csm_case
"""

APOLOGY = """\
  - id: detractor-apology
    when: detractor and not key_account and may_offer
    start: apologize_with_offer
"""

OTHERS = """\
  - id: promoter-invite
    effective: {from: 2026-01-01}
    rollout: 25%
    when: promoter and may_offer and history.referral_asks_180d == 0
    start: invite_promoter
  - id: passive-ask
    when: passive and may_call and comment.length >= 20
    start: ask_follow_up
"""

TAIL = """\
undecided:
  when: detractor
  start: csm_case
otherwise:
  - {code: no_consent, when: not may_offer, text: No consent or legal hold}
  - {code: passive_silent, when: passive and comment.length < 20, text: Passive without a usable comment}
  - {code: asked_recently, when: promoter and history.referral_asks_180d >= 1, text: Asked lately}
"""

PROGRAMME = HEAD + REPEATED + KEY_ACCOUNT + APOLOGY + OTHERS + TAIL


class Anything(Frozen):
    """The parameters of a play that needs none."""


PLAYS = dict.fromkeys(
    ("escalate", "csm_case", "apologize_with_offer", "invite_promoter", "ask_follow_up"), Anything
)


def texts_of(rules: str, *more: str, facts: str = FACTS) -> dict[str, str]:
    """A workspace's files, each rule file under a name of its own."""
    files = {f"rules/{number}.yaml": text for number, text in enumerate((rules, *more))}
    return {"facts.yaml": facts, "policy.yaml": POLICY, **files}


def read_sound(texts: Mapping[str, str]) -> Workspace:
    """The workspace of files in which no reader finds a mistake."""
    workspace, mistakes = load(texts, PLAYS, {}, today=TODAY)
    assert [str(mistake.place) + mistake.message for mistake in mistakes] == []
    assert workspace is not None
    return workspace


def compile_sound(texts: Mapping[str, str]) -> tuple[Workspace, Bundle]:
    """The same, with its bundle."""
    workspace = read_sound(texts)
    return workspace, compile_workspace(workspace)


def find(rules: str, *more: str) -> list[Mistake]:
    """All that the analysis finds in some rule files."""
    findings = find_all(*compile_sound(texts_of(rules, *more)))
    assert findings.unfinished == ()
    return list(findings.mistakes)


def told(mistakes: list[Mistake], *severities: str) -> list[str]:
    """The messages of these severities, with their codes."""
    return [f"{one.code} {one.message}" for one in mistakes if one.severity in severities]
