"""A programme told in plain sentences: every key of a rule and of the policy, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from pydantic import JsonValue

from boucle.model import Money
from boucle.rules.catalogue import Derived, Fact
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
    FACTS,
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
                "the NPS score is between 0 and 6 and (the customer's segment is “key” or “strategic”, or "
                "“vip” is among the customer's tags)"
            ),
            (
                "la note NPS vaut de 0 à 6 et (le segment du client vaut « key » ou « strategic », ou "
                "« vip » figure dans les étiquettes du client)"
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
        (
            no(known("consent.follow_up")),
            "it is not known whether the contact agreed to be contacted about the answer",
            "on ne sait pas si l'interlocuteur accepte d'être contacté au sujet de sa réponse",
        ),
        (
            both(named("may_call"), named("hard"), within("csat.delivery", 1, 2)),
            "“may call” and “hard” apply and the satisfaction score for delivery is 1 or 2",
            "« may call » et « hard » s'appliquent et la note de satisfaction pour la livraison vaut 1 ou 2",
        ),
        (no(known("nps")), "the NPS score is not known", "on ne connaît pas la note NPS"),
        (
            contains("comment.text", "annuler", "résilier"),
            "the comment mentions “annuler” or “résilier”",
            "le commentaire mentionne « annuler » ou « résilier »",
        ),
        (
            no(both(named("may_call"), named("promoter"))),
            "“may call” does not apply, or the contact is no promoter (NPS 9 or 10)",
            "« may call » ne s'applique pas, ou l'interlocuteur n'est pas promoteur (NPS de 9 ou 10)",
        ),
    ],
)
def test_a_condition_is_told_in_both_languages(expr: Expr, english: str, french: str) -> None:
    assert told(expr) == english
    assert told(expr, "fr") == french


PAST = {
    "earlier": Derived(
        "earlier", "count", "responses", "customer", HERE, within=timedelta(days=180), where=LOW
    ),
    "cases": Derived("cases", "count", "loops", "contact", HERE, play="csm_case"),
    "since": Derived("since", "days_since", "offers", "customer", HERE),
    "change": Derived("change", "change", "responses", "contact", HERE, of="nps", within=timedelta(days=90)),
    "closure": Derived("closure", "last", "loops", "customer", HERE, of="closure"),
    "play": Derived("play", "last", "loops", "customer", HERE, of="play", within=timedelta(hours=36)),
    "before": Derived("before", "last", "responses", "contact", HERE, of="customer.segment"),
}


@pytest.mark.parametrize(
    ("expr", "english", "french"),
    [
        (
            compare("earlier", ">=", 1),
            (
                "there is at least 1 earlier answer from this customer in the last 180 days (only those in "
                "which the NPS score is between 0 and 6)"
            ),
            (
                "il y a au moins 1 réponse antérieure de ce client en 180 jours (seulement celles où la note "
                "NPS vaut de 0 à 6)"
            ),
        ),
        (
            compare("cases", ">", 1),
            "there are at least 2 follow-ups with this contact (“csm case”)",
            "il y a au moins 2 boucles avec cet interlocuteur (« csm case »)",
        ),
        (
            compare("cases", "==", 0),
            "there is no follow-up with this contact (“csm case”)",
            "il n'y a aucune boucle avec cet interlocuteur (« csm case »)",
        ),
        (
            no(compare("cases", ">=", 1)),
            "there is no follow-up with this contact (“csm case”)",
            "il n'y a aucune boucle avec cet interlocuteur (« csm case »)",
        ),
        (
            compare("cases", "<", 3),
            "there are at most 2 follow-ups with this contact (“csm case”)",
            "il y a au plus 2 boucles avec cet interlocuteur (« csm case »)",
        ),
        (
            no(compare("cases", "==", 2)),
            "the number of follow-ups with this contact (“csm case”) is not 2",
            "le nombre des boucles avec cet interlocuteur (« csm case ») ne vaut pas 2",
        ),
        (
            compare("since", "<", 30),
            "the last offer to this customer was less than 30 days ago",
            "la dernière offre faite à ce client date de moins de 30 jours",
        ),
        (
            compare("change", "<=", -3),
            (
                "the NPS score has fallen by at least 3 since the previous answer from this contact in the "
                "last 90 days"
            ),
            "la note NPS a baissé d'au moins 3 depuis la réponse précédente de cet interlocuteur en 90 jours",
        ),
        (
            no(compare("change", "<=", 0)),
            "the NPS score has risen since the previous answer from this contact in the last 90 days",
            "la note NPS a augmenté depuis la réponse précédente de cet interlocuteur en 90 jours",
        ),
        (
            compare("change", "==", -3),
            (
                "the difference between the NPS score and the same in the previous answer from this contact "
                "in the last 90 days is -3"
            ),
            (
                "l'écart entre la note NPS et la même valeur dans la réponse précédente de cet interlocuteur "
                "en 90 jours vaut -3"
            ),
        ),
        (
            one_of("closure", "unreachable"),
            "the result of the last closed follow-up with this customer is “unreachable”",
            "le résultat de la dernière boucle close avec ce client vaut « unreachable »",
        ),
        (
            one_of("play", "csm_case"),
            "the kind of the last follow-up with this customer in the last 36 hours is “csm_case”",
            "le genre de la dernière boucle avec ce client en 36 heures vaut « csm_case »",
        ),
        (
            one_of("before", "key"),
            "the customer's segment according to the previous answer from this contact is “key”",
            "le segment du client, selon la réponse précédente de cet interlocuteur, vaut « key »",
        ),
    ],
)
def test_what_is_asked_of_the_past_is_told_in_both_languages(expr: Expr, english: str, french: str) -> None:
    facts = [Fact(name, "int", HERE, optional=True, derived=True) for name in PAST]
    known_facts = catalogue(*FACTS, *facts, derived=PAST)
    assert Teller(known_facts, ENGLISH).tell(expr) == english
    assert Teller(known_facts, FRENCH).tell(expr) == french


def test_french_elides_before_our_own_words_only() -> None:
    assert FRENCH.say("guarantee_nothing", condition="on le sait").startswith("Chaque fois que l'on le sait")
    assert FRENCH.say("guarantee_nothing", condition="une boucle dort").startswith(
        "Chaque fois qu'une boucle"
    )
    assert FRENCH.say("exempt", gates="a", reason="que on et que une").endswith("que on et que une")


def test_a_guarantee_of_a_start_says_that_an_open_loop_is_joined_whatever_was_started() -> None:
    said = FRENCH.say("guarantee_starts", condition="il pleut", plays="un dossier")
    assert said == (
        "Chaque fois qu'il pleut, ceci est lancé : un dossier, ou la réponse rejoint la boucle déjà ouverte."
    )


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


_NAMES = {"csm_case": "a case"}

ENGLISH_PAGE = """\
# Programme “nps”

It concerns the responses for which the NPS score is known.

## What happens, in this order

The first line that holds decides; at most one thing is started for one response. A line that cannot be \
told, because something is not known, does not hold.

1. **case.** When the NPS score is between 0 and 6 and “key account” applies: csm_case by csm.
   - Only observed: it is written down when this would hold, and nothing is started.
   - Never held back by pauses or contact limits. Why: A promise.
2. **Others get an offer.** When the NPS score is between 0 and 6 and “key account” does not apply: csm_case \
by shop.
   - Only from 2026-01-01 on.
   - Only up to and including 2026-06-30.
   - For 25.5% of the contacts; for the others nothing is started.
   - It takes 15.00 EUR from the budget “goodwill”. Once that is used up, instead: csm_case by nothing.
   - It starts even where a follow-up with this person is open.

## When it cannot be told

- Where no line above holds, but at least one cannot be told, and the NPS score is between 0 and 6: csm_case \
by triage.

## When nothing is started, the reason that is written down

The first one that applies.

1. **The text of passive.** When the NPS score is 7 or 8.

## Words used above

- **“key account”.** This means that the customer's segment is “key” or “strategic”, or “vip” is among the \
customer's tags.
  - What is not known counts as no.

## What is guaranteed

- Whenever the NPS score is between 0 and 6, this is started: a case or “escalate”, \
or the response joins the follow-up that is already open.
- Whenever the NPS score is not known, nothing is started.
- Whenever the NPS score is between 0 and 6, this is never started: “escalate”.
- Whenever the NPS score is between 0 and 6, one of the lines above decides; what holds for all programmes \
may still hold it back.

# What holds for all programmes

- A response older than 14 days is written down, and nothing is started for it.
- Where a follow-up with the same person is open already, the response joins it: nobody has two \
conversations at once.
- “year end”: a case waits until the end of the pause, from 2026-12-24 01:00 to 2027-01-02 01:00.
- “vip”: everything is not started while “vip” is among the customer's tags, or while that is not known.
- “outreach 30d”: a case, at most 2 times in 30 days for one contact.
- “goodwill”: at most 5000.00 EUR a month.
- “effect”: 10% of the contacts do not get a case, so that its effect can be measured."""


def test_the_whole_page_in_english() -> None:
    assert render_markdown(tell_programme(_full(), "en", _play, _NAMES.get)) == ENGLISH_PAGE


def test_the_page_in_french_says_as_much() -> None:
    page = render_markdown(tell_programme(_full(), "fr", _play, _NAMES.get))
    english = ENGLISH_PAGE.splitlines()
    assert len(page.splitlines()) == len(english)
    for line in (
        "   - Pour 25,5 % des interlocuteurs ; pour les autres, rien n'est lancé.",
        "- « outreach 30d » : a case, au plus 2 fois en 30 jours pour un même interlocuteur.",
        "- « year end » : a case attend la fin de la pause, du 2026-12-24 01:00 au 2027-01-02 01:00.",
    ):
        assert line in page.splitlines()


def test_the_html_page_escapes_what_authors_wrote() -> None:
    workspace = _full()
    rules = replace(workspace.rule_sets[0], description="<b>Loud</b>")
    html = render_html(tell_programme(replace(workspace, rule_sets=(rules,)), "en", _play, _NAMES.get))
    assert "&lt;b&gt;Loud&lt;/b&gt;" in html
    assert html.startswith('<!doctype html><html lang="en">')
