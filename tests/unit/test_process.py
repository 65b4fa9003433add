"""A programme told in plain sentences: every key of a rule and of the policy, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from pydantic import JsonValue

from boucle.model import Money
from boucle.rules.condition import Expr
from boucle.rules.ruleset import (
    Budget,
    Cap,
    Exemption,
    Guarantee,
    Holdout,
    Policy,
    Spending,
    Suppression,
    Undecided,
    Workspace,
)
from boucle.rules.writing.page import render_html, render_markdown
from boucle.rules.writing.process import tell_programme
from boucle.rules.writing.telling import Teller
from boucle.rules.writing.tongues import ENGLISH, FRENCH, TONGUES, TongueCode
from tests.oracles.cases import random_expression
from tests.unit.handmade import (
    HERE,
    both,
    catalogue,
    compare,
    contains,
    define,
    either,
    has,
    is_true,
    known,
    named,
    no,
    one_of,
    place,
    reason,
    rule,
    rule_set,
    within,
)

KEY = either(one_of("customer.segment", "key", "strategic"), has("customer.tags", "vip"))
LOW = within("nps", 0, 6)


def told(expr: Expr, language: TongueCode = "en") -> str:
    return Teller(catalogue(), TONGUES[language]).tell(expr)


@pytest.mark.parametrize(
    ("expr", "english", "french"),
    [
        (
            both(LOW, no(KEY)),
            (
                "the NPS score is between 0 and 6 and the customer's segment is neither “key” nor "
                "“strategic” and “vip” is not among the customer's tags"
            ),
            (
                "la note NPS vaut de 0 à 6 et le segment du client ne vaut ni « key » ni « strategic » et "
                "« vip » ne figure pas dans les étiquettes du client"
            ),
        ),
        (
            both(LOW, KEY),
            (
                "the NPS score is between 0 and 6 and (the customer's segment is “key” or “strategic” or "
                "“vip” is among the customer's tags)"
            ),
            (
                "la note NPS vaut de 0 à 6 et (le segment du client vaut « key » ou « strategic » ou « vip » "
                "figure dans les étiquettes du client)"
            ),
        ),
        (
            no(compare("history.detractors_180d", ">=", 2)),
            "history detractors 180d is below 2",
            "« history detractors 180d » vaut moins de 2",
        ),
        (
            no(is_true("consent.follow_up")),
            "the contact did not agree to be contacted about the answer",
            "l'interlocuteur n'accepte pas d'être contacté au sujet de sa réponse",
        ),
        (no(known("nps")), "the NPS score is not known", "on ne connaît pas la note NPS"),
        (
            contains("comment.text", "annuler", "résilier"),
            "the comment mentions “annuler” or “résilier”",
            "le commentaire mentionne « annuler » ou « résilier »",
        ),
        (
            no(both(named("may_call"), named("promoter"))),
            "“may call” does not hold or the contact is no promoter (NPS 9 or 10)",
            "« may call » n'est pas vrai ou l'interlocuteur n'est pas promoteur (NPS de 9 ou 10)",
        ),
    ],
)
def test_a_condition_is_told_in_both_languages(expr: Expr, english: str, french: str) -> None:
    assert told(expr) == english
    assert told(expr, "fr") == french


def test_every_text_exists_in_every_language() -> None:
    english = {key for key in ENGLISH.texts if not key.startswith("part ")}
    assert {key for key in FRENCH.texts if not key.startswith("part ")} == english


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_condition_can_be_told(language: TongueCode) -> None:
    random = Random(7)  # noqa: S311 # repeatable is wanted, not secret
    for _ in range(300):
        assert told(random_expression(random, 3, ()), language)


def _full() -> Workspace:
    offer = rule("offer", both(LOW, no(named("key_account"))), params={"team": "shop"})
    offer = replace(
        offer,
        title="Others get an offer",
        effective_from=date(2026, 1, 1),
        effective_until=date(2026, 6, 30),
        rollout=2_550,
        spends=Spending("goodwill", Money(minor=1500, currency="EUR"), {"team": "nothing"}),
        if_open="separate",
    )
    case = replace(
        rule("case", both(LOW, named("key_account"))),
        exempt=Exemption(frozenset(("suppress", "caps")), "A promise."),
        mode="observe",
    )
    rules = replace(
        rule_set(
            case,
            offer,
            definitions=(define("key_account", KEY, if_unknown=False),),
            undecided=Undecided(place(30), LOW, "csm_case", {"team": "triage"}),
            otherwise=(reason("passive", within("nps", 7, 8)),),
            only_when=known("nps"),
        ),
        guarantees=(
            Guarantee("a", LOW, HERE, starts=frozenset(("csm_case", "escalate"))),
            Guarantee("b", no(known("nps")), HERE, starts=frozenset()),
            Guarantee("c", LOW, HERE, never_starts=frozenset(("escalate",))),
            Guarantee("d", LOW, HERE, taken=True),
        ),
    )
    plays = frozenset(("csm_case",))
    day = datetime(2026, 12, 24, tzinfo=UTC)
    policy = Policy(
        timedelta(days=14),
        "Europe/Paris",
        (
            Suppression("year-end", HERE, plays, begins=day, ends=day + timedelta(days=9), do="defer"),
            Suppression("vip", HERE, when=has("customer.tags", "vip")),
        ),
        (Cap("outreach-30d", HERE, plays, "contact", 2, timedelta(days=30)),),
        (Budget("goodwill", HERE, Money(minor=500_000, currency="EUR"), "calendar_month"),),
        (Holdout("effect", HERE, plays, 1_000),),
    )
    return Workspace(catalogue(), policy, (rules,))


def _play(play: str, params: Mapping[str, JsonValue]) -> str:
    return f"{play} by {params['team']}."


ENGLISH_PAGE = """\
# Programme “nps”

It concerns the responses for which the NPS score is known.

## What happens, in this order

The first line that holds decides; at most one thing is started for a response. Where something that a \
line asks about is not known, that line does not hold.

1. **case.** When the NPS score is between 0 and 6 and “key account” holds: csm_case by csm.
   - Only observed: it is written down when this would hold, and nothing is started.
   - Not held back by limits of contacts and pauses: A promise.
2. **Others get an offer.** When the NPS score is between 0 and 6 and “key account” does not hold: csm_case \
by shop.
   - Only from 2026-01-01 on.
   - Only up to and including 2026-06-30.
   - For 25.50 % of the contacts; for the others nothing is started.
   - It takes 15.00 EUR from the budget “goodwill”; where that is used up instead: csm_case by nothing.
   - It starts also where a follow-up with this person is open.

## When it cannot be told

- Where no line holds, but something is not known and leaves a line open, and the NPS score is between 0 \
and 6: csm_case by triage.

## When nothing is started, the reason that is written down

- The text of passive: when the NPS score is between 7 and 8.

## Words used above

- **“key account”.** it means that the customer's segment is “key” or “strategic” or “vip” is among the \
customer's tags.
  - What is not known counts as no.

## What is guaranteed

- Whenever the NPS score is between 0 and 6, this is started or joined: “csm case” or “escalate”.
- Whenever the NPS score is not known, nothing is started.
- Whenever the NPS score is between 0 and 6, this is never started: “escalate”.
- Whenever the NPS score is between 0 and 6, some line above decides.

# What holds for all programmes

- A response older than 14 days is written down, and nothing is started for it.
- A response of somebody with an open follow-up joins it; no second conversation is started.
- “year end”: “csm case” waits until the end from 2026-12-24 01:00 to 2027-01-02 01:00.
- “vip”: everything is held back while “vip” is among the customer's tags.
- “outreach 30d”: at most 2 of “csm case” in 30 days for one contact.
- “goodwill”: at most 5000.00 EUR a month.
- “effect”: “csm case” is held back from 10 % of the contacts, to measure what it does."""


def test_the_whole_page_in_english() -> None:
    assert render_markdown(tell_programme(_full(), "en", _play)) == ENGLISH_PAGE


def test_the_page_in_french_says_as_much() -> None:
    page = render_markdown(tell_programme(_full(), "fr", _play))
    english = ENGLISH_PAGE.splitlines()
    assert len(page.splitlines()) == len(english)
    for line in (
        "   - Pour 25.50 % des interlocuteurs ; pour les autres, rien n'est lancé.",
        "- « outreach 30d » : au plus 2 de « csm case » en 30 jours de cet interlocuteur.",
        "- « year end » : « csm case » attend la fin du 2026-12-24 01:00 au 2027-01-02 01:00.",
    ):
        assert line in page.splitlines()


def test_the_html_page_escapes_what_authors_wrote() -> None:
    workspace = _full()
    rules = replace(workspace.rule_sets[0], description="<b>Loud</b>")
    html = render_html(tell_programme(replace(workspace, rule_sets=(rules,)), "en", _play))
    assert "&lt;b&gt;Loud&lt;/b&gt;" in html
    assert html.startswith('<!doctype html><html lang="en">')
