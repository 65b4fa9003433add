"""A workspace in which a response starts the play that its touchpoint names, and little time passes."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.product import Product

PLAYS = (
    "offer",
    "approval",
    "case",
    "verified",
    "lead",
    "question",
    "promoter",
    "thanks",
    "steps",
)
"""What the touchpoints are called: each has one rule."""

_DAY = '["00:00-24:00"]'
_SETTINGS = f"""
[calendars.always]
timezone = "UTC"
{chr(10).join(f"{day} = {_DAY}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
"""

_RULES = """boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: offer
    when: response.touchpoint == "offer"
    start: apologize_with_offer
    with:
      template: words
      offer: {kind: voucher, value: 15.00 EUR, valid_for: 30 days}
      follow_up_after: 1m
      follow_up_template: words
      answer_within: 2m
      remind_after: 1m
      if_still_low: case
      case: {team: csm, severity: high}
  - id: approval
    when: response.touchpoint == "approval"
    start: apologize_with_offer
    with:
      template: words
      offer: {kind: credit, value: 90.00 EUR, valid_for: 30 days, approval: required, approval_within: 1m}
      follow_up_after: 2m
      follow_up_template: words
      answer_within: 1m
  - id: case
    when: response.touchpoint == "case"
    start: csm_case
    with: {team: csm, first_contact_within: 2m, close_within: 3m, remind_before: [1m], acknowledge: words,
           remind_silent_after: [1m], silent_after: 2m, severity: high}
  - id: verified
    when: response.touchpoint == "verified"
    start: csm_case
    with:
      team: csm
      first_contact_within: 2m
      remind_before: [1m]
      severity: critical
      follow_up: {after: 1m, template: words, within: 2m, remind_after: 1m, if_still_low: escalate}
  - id: lead
    when: response.touchpoint == "lead"
    start: escalate
    with: {team: csm, first_contact_within: 1m, close_within: 2m, remind_before: [1m], silent_after: 1m,
           remind_silent_after: [2m], follow_up: {after: 1m, template: words, within: 1m}}
  - id: question
    when: response.touchpoint == "question"
    start: ask_follow_up
    with: {template: words, within: 3m, remind_after: 1m, if_answer: problem, problem_below: 7,
           problem_words: [broken], case: {team: csm, severity: high}}
  - id: promoter
    when: response.touchpoint == "promoter"
    start: invite_promoter
    with: {template: words, within: 3m, remind_after: 1m}
  - id: thanks
    when: response.touchpoint == "thanks"
    start: acknowledge
    with: {template: words}
  - id: steps
    when: response.touchpoint == "steps"
    start: sequence
    with:
      team: csm
      steps:
        - {id: voucher, offer: {kind: voucher, value: 5.00 EUR, valid_for: 30 days}}
        - {id: sorry, message: words}
        - {id: pause, wait: 1m}
        - {id: tell, notify: {person: claire, text: A sequence goes on.}}
        - {id: better, ask: words, within: 1m, low: detractor, on_low: call}
        - {id: done, close: by_answer}
        - {id: call, case: {team: csm, severity: high}}
undecided: record
"""

_WORDS = """Subject: About {{ score }}

{{ company }}{% if offer %} grants {{ offer.code }}{% endif %}{% if link %} and asks {{ link }}{% endif %}
"""

COLUMNS = (
    "id answered_at nps delivery touchpoint channel comment customer contact name email language role "
    "segment arr tags follow_up marketing"
).split()


def make_workspace(folder: Path) -> None:
    """As `boucle init` makes one, with rules and messages of its own; its teams never sleep."""
    Product(folder.parent).run("init", str(folder))
    settings = folder / "boucle.toml"
    text = settings.read_text(encoding="utf-8").replace("members =", 'calendar = "always"\nmembers =')
    settings.write_text(text + _SETTINGS, encoding="utf-8")
    facts = folder / "facts.yaml"
    values = "[relationship, onboarding, support, delivery]"
    text = facts.read_text(encoding="utf-8").replace(values, f"[{', '.join(PLAYS)}]")
    facts.write_text(text, encoding="utf-8")
    (folder / "policy.yaml").write_text(
        "boucle: policy/v1\ntimezone: UTC\nmax_age: 14 days\n", encoding="utf-8"
    )
    (folder / "tests" / "nps.yaml").unlink()
    (folder / "rules" / "nps.yaml").write_text(_RULES, encoding="utf-8")
    for language in ("en", "fr"):
        (folder / "templates" / f"words.{language}.txt").write_text(_WORDS, encoding="utf-8")


def respond(number: int, chance: random.Random) -> list[str]:
    """One response. Two people share an account; some answer a second time, which may join their loop."""
    person = number - 9 if number >= 9 and chance.random() < 0.1 else number
    at = datetime.now(UTC) - timedelta(minutes=chance.randint(10, 600)) + timedelta(seconds=number)
    return [
        *(f"r-{number:05}", at.isoformat(timespec="seconds"), str(chance.randint(0, 10)), ""),
        *(PLAYS[number % len(PLAYS)], "email", "Non.", f"acc-{person // 2}", f"p-{person}"),
        *(f"Person {person}", f"p{person}@client.example", chance.choice(["fr", "en"]), "user", "standard"),
        *("1000.00", "", "yes", "yes"),
    ]
