"""What the plays for promoters and passives, and questions after a case, take as parameters."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from boucle.activities.recovery import names_problem
from boucle.workflows.apologize_with_offer_params import ApologizeWithOfferParams
from boucle.workflows.ask_follow_up_params import AskFollowUpParams
from boucle.workflows.csm_case_params import CsmCaseParams
from boucle.workflows.invite_promoter_params import InvitePromoterParams
from boucle.workflows.play_words import tell_play

CASE: dict[str, Any] = {"team": "csm"}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"case": CASE}, "need a section 'case', and 'close' has none"),
        ({"if_answer": "case"}, "need a section 'case'"),
        ({"if_answer": "problem", "case": CASE}, "needs 'problem_below' or 'problem_words'"),
        ({"problem_below": 7}, "nothing else looks at them"),
        ({"if_answer": "case", "case": CASE, "problem_words": ["bill"]}, "nothing else looks at them"),
        ({"if_answer": "problem", "case": CASE, "problem_words": ["…"]}, "is no word"),
        ({"remind_after": "2 business days"}, "a customer is reminded on the wall clock"),
    ],
)
def test_a_question_that_could_never_do_what_it_says_is_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AskFollowUpParams.model_validate({"template": "question", **params})


@pytest.mark.parametrize("params", [{"if_still_low": "case"}, {"case": CASE}])
def test_an_apology_that_becomes_a_case_says_which(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="need each other"):
        ApologizeWithOfferParams.model_validate({"template": "apology", "offer": "none", **params})


def test_customers_have_no_working_hours() -> None:
    with pytest.raises(ValidationError, match="write 3 days"):
        InvitePromoterParams.model_validate({"template": "x", "remind_after": "3 business days"})
    with pytest.raises(ValidationError, match="write 3 days"):
        CsmCaseParams.model_validate({**CASE, "follow_up": {"remind_after": "3 business days"}})


@pytest.mark.parametrize(
    ("text", "words", "named"),
    [
        ("The BILL was wrong.", ("bill",), True),
        ("Billing is fine.", ("bill",), False),
        ("Le prélèvement, encore", ("PRELEVEMENT",), True),
        ("It does not work", ("not work",), True),
        ("It works, not always", ("not work",), False),
        ("not\n  work!", ("not work",), True),
        ("l'export est lent", ("export",), True),
        ("", ("bill",), False),
        ("anything", (), False),
    ],
)
def test_a_problem_is_named_by_whole_words(text: str, words: tuple[str, ...], named: bool) -> None:
    assert names_problem(text, words) is named


@pytest.mark.parametrize(
    ("play", "params", "told"),
    [
        (
            "invite_promoter",
            {"template": "referral", "kind": "refer", "remind_after": "7 days"},
            (
                "l'interlocuteur est invité à nous recommander (message « referral »), avec un seul rappel 7 "
                "jours plus tard ; on en attend la suite pendant 60 jours."
            ),
        ),
        (
            "ask_follow_up",
            {"template": "ask", "if_answer": "problem", "problem_below": 7, "case": CASE},
            (
                "on pose une question à l'interlocuteur (message « ask »), et on attend sa réponse pendant "
                "14 jours. Une réponse qui nomme un problème devient un dossier de l'équipe « csm »."
            ),
        ),
        (
            "acknowledge",
            {"template": "merci"},
            "on remercie l'interlocuteur (message « merci »), rien de plus.",
        ),
    ],
)
def test_the_plays_are_told_to_people_who_never_see_their_parameters(
    play: str, params: dict[str, Any], told: str
) -> None:
    assert tell_play(play, params, "fr") == told


def test_a_verified_case_is_told_with_its_question() -> None:
    told = tell_play("csm_case", {**CASE, "follow_up": {"after": "1 day"}}, "en")
    assert told.endswith(
        " 1 day after that, the contact is asked whether things are better (message “follow-up”)."
    )
