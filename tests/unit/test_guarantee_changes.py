"""What an edit does to the guarantees: gone, new, weaker, or the same in other words."""

from __future__ import annotations

import pytest

from boucle.rules.analysis.guarantee_changes import list_guarantee_changes
from boucle.rules.ruleset import Workspace
from tests.unit.guaranteed_programme import RULES, read_programme, replaced, without

CONSENT = """\
  - id: no-offer-without-consent
    whenever: not may_offer
    never_starts: [apologize_with_offer, invite_promoter]
"""
NO_OFFER = (
    "Whenever not may_offer: neither apologize_with_offer nor invite_promoter starts, whatever the gates say."
)
UNKNOWN = "(what is not known counts as false)"
LEGAL_HOLD = f'may_call was consent.follow_up and not customer.tags has "legal_hold" {UNKNOWN}'


def workspace(rules: str = RULES) -> Workspace:
    return read_programme(rules)[0]


def test_the_same_guarantees_in_other_words_are_no_change() -> None:
    edited = replaced(RULES, ("starts: [csm_case, escalate]", "starts: [escalate, csm_case]"))
    assert list_guarantee_changes(workspace(), workspace(edited)) == []


def test_a_guarantee_is_gone_or_new_and_said_in_words() -> None:
    edited = workspace(without(RULES, CONSENT))
    name = "guarantee nps/no-offer-without-consent"
    assert list_guarantee_changes(workspace(), edited) == [f"{name} is gone: {NO_OFFER}"]
    assert list_guarantee_changes(edited, workspace()) == [f"{name} is new: {NO_OFFER}"]


@pytest.mark.parametrize(
    ("before", "after", "id_", "was", "now"),
    [
        (
            "never_starts: [apologize_with_offer, invite_promoter]",
            "never_starts: [apologize_with_offer]",
            "no-offer-without-consent",
            NO_OFFER,
            "Whenever not may_offer: apologize_with_offer never starts, whatever the gates say.",
        ),
        (
            "whenever: nps is unknown",
            "whenever: nps is unknown and consent.marketing",
            "no-score-no-action",
            "Whenever nps is unknown: nothing starts, whatever the gates say.",
            "Whenever nps is unknown and consent.marketing: nothing starts, whatever the gates say.",
        ),
    ],
)
def test_a_weaker_guarantee_is_shown_as_it_was_and_as_it_is(
    before: str, after: str, id_: str, was: str, now: str
) -> None:
    edited = workspace(replaced(RULES, (before, after)))
    assert list_guarantee_changes(workspace(), edited) == [f"guarantee nps/{id_} was: {was} It is: {now}"]


def test_a_definition_that_a_guarantee_names_through_another_changes_what_it_says() -> None:
    edited = replaced(RULES, (' and not customer.tags has "legal_hold"', ""))
    assert list_guarantee_changes(workspace(), workspace(edited)) == [
        f"guarantee nps/{id_}: {LEGAL_HOLD}, is consent.follow_up {UNKNOWN}"
        for id_ in ("every-callable-detractor-is-taken", "no-offer-without-consent")
    ]
