"""A small good workspace, and what becomes of it when one fragment of it is written otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from boucle.errors import Mistake
from boucle.model import Duration, Frozen, Money, TeamId, TemplateId
from boucle.rules.declarations import policy_file, rules_file
from boucle.rules.ruleset import Workspace
from boucle.rules.testing.reader import read_tests
from boucle.rules.workspace import load

TODAY = date(2026, 3, 1)

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  csat.delivery: {score: csat, scale: 1..5}
  response.origin: {type: enum, values: [direct, indirect, inferred]}
  comment.text: {type: text, optional: true, pii: true}
  customer.segment: {type: enum, values: [strategic, key, standard, trial], unlisted: unknown}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.tags: {type: set, of: [vip, legal_hold]}
  customer.since: {type: date}
  contact.seen: {type: instant}
  consent.follow_up: {type: bool}
"""

POLICY = """\
boucle: policy/v1
max_age: 14 days
timezone: Europe/Paris
budgets:
  - {id: goodwill, limit: 5000.00 EUR, per: calendar_month}
"""

RULES = """\
boucle: rules/v1
ruleset: nps
rules:
  - id: call
    when: detractor
    start: csm_case
    with: {team: csm}
undecided: record
"""

OTHER_RULES = RULES.replace("ruleset: nps", "ruleset: csat\nonly_when: csat.delivery is known")

WITHOUT_FACTS = RULES.replace("when: detractor", "when: response.known_customer")

POLICY_KEYS = policy_file.KEYS - rules_file.KEYS
"""The keys by which a fragment is known to be of the policy."""

TESTS = """\
boucle: rule-tests/v1
ruleset: nps
defaults:
  now: "2026-03-10T09:00:00Z"
  facts:
    response.origin: direct
tests:
  - name: a detractor is called
    facts: {nps: 3}
    expect: {rule: call, starts: csm_case}
"""

FILES = {"tests": "tests/nps.yaml", "facts": "facts.yaml", "policy": "policy.yaml", "rules": "rules/nps.yaml"}


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
    acknowledge: TemplateId | None = None
    severity: Literal["normal", "high"] = "normal"
    attempts: int = 3


PLAYS: dict[str, type[Frozen]] = {"apologize_with_offer": Apology, "csm_case": Case}
KNOWN = {"template": frozenset({"apology", "we-call-you"}), "team": frozenset({"csm", "triage"})}


def read(texts: Mapping[str, str]) -> tuple[Workspace | None, list[Mistake]]:
    """The workspace, and the mistakes of all its files; those of its tests where the others have none."""
    workspace, mistakes = load(texts, PLAYS, KNOWN, today=TODAY)
    return workspace, [*mistakes, *(read_tests(texts, workspace, PLAYS)[1] if workspace else ())]


def with_file(kind: str, text: str) -> dict[str, str]:
    """The small workspace with one of its files replaced."""
    rules = WITHOUT_FACTS if kind == "facts" else RULES
    texts = {"facts.yaml": FACTS, "policy.yaml": POLICY, "rules/nps.yaml": rules}
    return {**texts, FILES[kind]: text}


def with_condition(condition: str) -> dict[str, str]:
    """The small workspace whose rule has this condition, in a literal block as long as it is."""
    return with_file("rules", RULES.replace("when: detractor", f"when: |-\n      {condition}"))


def with_fragment(fragment: str) -> dict[str, str]:
    """The small workspace with a fragment put where it belongs.

    A whole file (`boucle: …`), the rules (`- id: …`), one rule's condition (`when: …`), or keys of
    the top level.
    """
    kind = kind_of(fragment)
    return with_file(kind, whole_file(kind, fragment))


def kind_of(fragment: str) -> str:
    first = fragment.partition(":")[0]
    if first == "boucle":
        kind = fragment.removeprefix("boucle:").strip().partition("/")[0]
        return kind.removeprefix("rule-")
    if first == "tests":
        return "tests"
    if first in {"facts", "derived", "lists"}:
        return "facts"
    return "policy" if first in POLICY_KEYS or fragment.startswith("#") else "rules"


def whole_file(kind: str, fragment: str) -> str:
    if fragment.startswith(("boucle:", "#")):
        return fragment
    if fragment.startswith("when:"):
        return RULES.replace("    when: detractor\n", _indented(fragment, 4))
    if fragment.startswith("- "):
        fragment = "rules:\n" + _indented(fragment, 2)
    base = {"facts": FACTS, "policy": POLICY, "rules": RULES, "tests": TESTS}[kind]
    sections = {**_sections(base), **_sections(fragment)}
    return "".join(sections.values())


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def _sections(text: str) -> dict[str, str]:
    """The text cut before each key of the top level."""
    sections: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if line[:1].strip():
            key = line.partition(":")[0]
        sections[key] = sections.get(key, "") + line + "\n"
    return sections
