"""The steps of a sequence as a rule file writes them: what they mean, and every mistake with its place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from boucle.errors import Mistake
from boucle.rules.ruleset import Workspace
from boucle.rules.workspace import load
from boucle.workflows import play_params
from boucle.workflows.play_words import tell_play
from boucle.workflows.sequence_params import MOST, SequenceParams
from boucle.workflows.sequence_paths import find_after, find_rescue
from tests.unit.small_workspace import FACTS, POLICY, TODAY

KNOWN: Mapping[str, frozenset[str]] = {
    "template": frozenset({"sorry", "question", "thanks"}),
    "team": frozenset({"csm", "product"}),
    "person": frozenset({"lea"}),
}
RULES = """\
boucle: rules/v1
ruleset: nps
rules:
  - id: win-back
    when: detractor
    start: sequence
    with:
      steps:
"""


def read_steps(steps: str) -> tuple[Workspace | None, list[Mistake]]:
    """A rule with these steps, the first of which stands in line 9; ids begin in column 11."""
    indented = "".join(f"        {line}\n" for line in steps.strip().splitlines())
    texts = {
        "facts.yaml": FACTS,
        "policy.yaml": POLICY,
        "rules/nps.yaml": RULES + indented + "undecided: record\n",
    }
    return load(texts, play_params(), KNOWN, today=TODAY)


def told(steps: str) -> list[tuple[str, str]]:
    """Where each mistake lies, and what it says of the play."""
    _, mistakes = read_steps(steps)
    return [
        (f"{one.place.line}:{one.place.column}", one.message.removeprefix("play 'sequence': "))
        for one in mistakes
    ]


def params(steps: str) -> SequenceParams:
    workspace, mistakes = read_steps(steps)
    assert workspace is not None, mistakes
    (rule_set,) = workspace.rule_sets
    return SequenceParams.model_validate(dict(rule_set.rules[0].params))


GOOD = """
- id: sorry
  message: sorry
- id: voucher
  offer:
    kind: voucher
    value: 15.00 EUR
    valid_for: 30 days
- id: rest
  wait: 3 business days
- id: better
  ask: question
  within: 7 days
  low: detractor
  on_low: call
- id: thanks
  message: thanks
- id: tell
  notify:
    team: product
    text: Somebody is content again.
- id: end
  close: by_answer
- id: call
  case:
    team: csm
    severity: high
"""


def test_steps_are_read_with_all_that_they_leave_out() -> None:
    steps = params(GOOD).steps
    assert [step.id for step in steps] == [
        "sorry",
        "voucher",
        "rest",
        "better",
        "thanks",
        "tell",
        "end",
        "call",
    ]
    assert params(GOOD).model_dump(mode="json")["steps"][2] == {
        "id": "rest",
        "wait": "3 business days",
        "go_to": None,
    }


def test_what_can_come_after_a_step() -> None:
    steps = params(GOOD).steps
    names = [step.id for step in steps]
    assert {names[at] for at in find_after(steps, 3)} == {"thanks", "tell", "end", "call"}
    assert {names[at] for at in find_after(steps, 4)} == {"tell", "end"}


def test_who_cannot_be_written_to_comes_to_the_next_case_that_can_follow() -> None:
    steps = params(GOOD).steps
    first, thanks = find_rescue(steps, 0), find_rescue(steps, 4)
    assert (first and first.id, thanks) == ("call", None)


NOT_ON_THE_WALL = "'9 business days': a customer is reminded on the wall clock; write 3 days"
NO_VERB = "'steps.0': a step has exactly one of message, ask, wait, notify, offer, case and close"


@pytest.mark.parametrize(
    ("steps", "place", "text"),
    [
        ("- id: one\n  mesage: sorry", "9:11", NO_VERB),
        ("- id: one\n  message: sorry\n  wait: 3 days", "9:11", NO_VERB),
        ("- sorry", "9:11", NO_VERB),
        (
            "- id: one\n  message: soory",
            "10:20",
            "unknown template 'soory'; did you mean 'sorry'?",
        ),
        ("- id: one\n  message: sorry\n  within: 3 days", "11:11", "it takes no 'steps.0.within'"),
        (
            "- id: one\n  wait: 0 days",
            "10:17",
            "'steps.0.wait': 0 days is no time at all; write at least 1",
        ),
        (
            "- id: One\n  wait: 1 day",
            "9:15",
            "'steps.0.id': 'One' takes lower-case letters, digits and '-' only",
        ),
        ("- message: sorry", "9:11", "'steps.0.id' is missing"),
        (
            "- id: one\n  message: sorry\n- id: one\n  message: thanks",
            "11:15",
            "'steps.1.id': step 1 is called 'one' already; give it another id",
        ),
        (
            "- id: one\n  message: sorry\n  go_to: tow\n- id: two\n  message: thanks",
            "11:18",
            "'steps.0.go_to': there is no step 'tow'; did you mean 'two'?",
        ),
        (
            "- id: one\n  message: sorry\n- id: two\n  message: thanks\n  go_to: one",
            "13:18",
            "'steps.1.go_to': 'one' does not stand further down; a sequence never goes back",
        ),
        (
            "- id: one\n  message: sorry\n  go_to: one",
            "11:18",
            "'steps.0.go_to': 'one' does not stand further down; a sequence never goes back",
        ),
        (
            "- id: one\n  close: completed\n- id: two\n  message: thanks",
            "11:11",
            "'steps.1': nothing leads to 'two': the steps above it end, or go on elsewhere",
        ),
        (
            "- id: one\n  ask: question\n  on_low: two\n- id: two\n  message: thanks",
            "11:19",
            "'steps.0.on_low': it needs low, which says what answers are low, such as low: 6",
        ),
        (
            "- id: one\n  ask: question\n  low: 6",
            "11:16",
            "'steps.0.low': it needs on_low, the step to go on with after a low answer",
        ),
        (
            "- id: one\n  ask: question\n  answer: text\n  low: 6\n  on_low: two\n- id: two\n  wait: 1 day",
            "13:19",
            "'steps.0.on_low': a question that is answered in words has no score; leave out answer: text",
        ),
        (
            "- id: one\n  ask: question\n  low: promoter\n  on_low: two\n- id: two\n  message: thanks",
            "11:16",
            "'steps.0.low': it takes a whole number, or 'detractor', 'passive' or 'no_better'",
        ),
        (
            "- id: one\n  ask: question\n  reminder: thanks",
            "11:21",
            "'steps.0.reminder': it needs remind_after, which says when it goes out",
        ),
        (
            "- id: one\n  ask: question\n  remind_after: 9 business days",
            "11:25",
            f"'steps.0.remind_after': {NOT_ON_THE_WALL}",
        ),
        (
            "- id: one\n  ask: question\n  remind_after: 2 days\n- id: one-reminder\n  message: thanks",
            "12:15",
            "'steps.1.id': this is what the reminder of 'one' is called; take another id",
        ),
        (
            "- id: one\n  close: by_answer",
            "10:18",
            "'steps.0.close': 'by_answer' needs an ask before it; write completed",
        ),
        (
            "- id: one\n  close: recovered",
            "10:18",
            "'steps.0.close' takes 'by_answer', 'completed', 'not_recovered', 'no_answer' or 'declined'",
        ),
        (
            "- id: one\n  notify:\n    team: product",
            "11:13",
            "'steps.0.notify': say it in a text or name a template, one of them",
        ),
        (
            "- id: one\n  notify:\n    team: csm\n    person: lea\n    text: Look.",
            "11:13",
            "'steps.0.notify': name a team or a person, one of them",
        ),
        (
            "- id: one\n  notify:\n    person: lee\n    text: Look.",
            "11:21",
            "unknown person 'lee'; did you mean 'lea'?",
        ),
        ("- id: one\n  case:\n    team: csm\n  go_to: two", "12:11", "it takes no 'steps.0.go_to'"),
        (
            "- id: one\n  offer:\n    kind: voucher\n    valid_for: 1 day",
            "11:13",
            "'steps.0.offer': a voucher needs a value, such as value: 15.00 EUR",
        ),
    ],
)
def test_every_mistake_is_told_once_at_its_place(steps: str, place: str, text: str) -> None:
    assert told(steps) == [(place, text)]


OFFER = "  offer:\n    kind: call_back\n    valid_for: 1 day\n"


def test_a_path_grants_one_offer_and_two_branches_one_each() -> None:
    one, two = f"- id: one\n{OFFER}", f"- id: two\n{OFFER}"
    assert told(one + two) == [
        ("15:13", "'steps.1.offer': a loop grants one offer, for ever, and 'one' comes before it")
    ]
    asked = "- id: better\n  ask: question\n  on_silence: two\n"
    assert told(f"{asked}{one}- id: end\n  close: by_answer\n{two}") == []


def test_an_offer_of_a_sequence_names_no_message() -> None:
    (mistake,) = told(f"- id: one\n{OFFER}    template_without: sorry")
    assert mistake[0] == "13:31"
    assert "an offer sends no message here" in mistake[1]


def test_a_sequence_has_some_steps_and_not_too_many() -> None:
    many = "".join(f"- id: s{number}\n  wait: 1 day\n" for number in range(MOST + 1))
    (mistake,) = told(many)
    assert mistake[1] == "'steps.50': this is step 51, and a sequence has at most 50; make it two rules"
    assert told(many.removesuffix(f"- id: s{MOST}\n  wait: 1 day\n")) == []
    assert [text for _, text in told("[]")] == ["'steps': a sequence has at least one step"]


def test_several_mistakes_are_told_at_once() -> None:
    steps = "- id: one\n  message: sorry\n  go_to: nowhere\n- id: two\n  wait: 1 day\n  go_to: one"
    assert [place for place, _ in told(steps)] == ["11:18", "14:18"]


def test_a_sequence_is_told_step_by_step() -> None:
    plain = params(GOOD).model_dump(mode="json")
    assert tell_play("sequence", plain, "en") == (
        "one step after the other. 1. The contact gets the message “sorry”. 2. The contact is granted a "
        "voucher of 15.00 EUR, valid for 30 days. 3. A wait of 3 working days. 4. The contact is asked a "
        "question (message “question”), and has 7 days to answer; a detractor's answer: step 8. 5. The "
        "contact gets the message “thanks”. 6. The team “product” is told: “Somebody is content again”. 7. "
        "The end: as the answer says. 8. The team “csm” gets a case, and a person closes it."
    )
    assert tell_play("sequence", plain, "fr").startswith(
        "une étape après l'autre. 1. L'interlocuteur reçoit le message « sorry ». 2. On accorde à "
        "l'interlocuteur un bon de 15,00 EUR, valable 30 jours. 3. Une attente de 3 jours ouvrés."
    )
