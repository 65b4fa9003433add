"""The parameters of `sequence`: its steps, and what is wrong where they make none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from boucle.model import Frozen, OneSpent, TeamId
from boucle.workflows.sequence_paths import find_after, list_ways
from boucle.workflows.sequence_steps import AskStep, CloseStep, OfferStep, Step

MOST = 50
"""How many steps a sequence has at most."""

_Wrong = tuple[tuple[str | int, ...], str]
"""Where in the parameters something is wrong, and what."""


class SequenceParams(Frozen):
    """Parameters of `sequence`."""

    team: TeamId | None = Field(
        default=None,
        description="The team by whose working time business days count; none: that of its first case.",
    )
    steps: Annotated[tuple[Step, ...], OneSpent()] = Field(
        description=f"What happens, from top to bottom; at most {MOST} steps."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        wrong = [*_check_length(self.steps), *_check_names(self.steps)]
        wrong = wrong or [*_check_ways(self.steps), *_check_answers(self.steps)]
        wrong = wrong or [*_check_paths(self.steps)]
        if wrong:
            details = [_detail(path, text) for path, text in wrong]
            raise ValidationError.from_exception_data("sequence", details)
        return self


def _detail(path: tuple[str | int, ...], text: str) -> InitErrorDetails:
    error = PydanticCustomError("wrong_sequence", "{text}", {"text": text})
    return InitErrorDetails(type=error, loc=("steps", *path), input=None)


def _check_length(steps: Sequence[Step]) -> Iterator[_Wrong]:
    if not steps:
        yield (), "a sequence has at least one step"
    elif len(steps) > MOST:
        yield (MOST,), f"this is step {MOST + 1}, and a sequence has at most {MOST}; make it two rules"


def _check_names(steps: Sequence[Step]) -> Iterator[_Wrong]:
    seen: dict[str, int] = {}
    for at, step in enumerate(steps):
        if step.id in seen:
            yield (at, "id"), f"step {seen[step.id] + 1} is called '{step.id}' already; give it another id"
        seen.setdefault(step.id, at)
    for step in steps:
        again = f"{step.id}-reminder"
        if isinstance(step, AskStep) and step.remind_after is not None and again in seen:
            yield (seen[again], "id"), f"this is what the reminder of '{step.id}' is called; take another id"


def _check_ways(steps: Sequence[Step]) -> Iterator[_Wrong]:
    """Each goes on with a step further down: so a sequence always ends."""
    numbers = {step.id: at for at, step in enumerate(steps)}
    for at, step in enumerate(steps):
        for key, target in list_ways(step):
            found = numbers.get(target)
            if found is None:
                guess = get_close_matches(target, numbers, n=1)
                hint = f"; did you mean '{guess[0]}'?" if guess else ""
                yield (at, key), f"there is no step '{target}'{hint}"
            elif found <= at:
                yield (at, key), f"'{target}' does not stand further down; a sequence never goes back"


def _check_answers(steps: Sequence[Step]) -> Iterator[_Wrong]:
    for at, step in enumerate(steps):
        if isinstance(step, AskStep):
            for key, text in _check_low(step):
                yield (at, key), text
        if isinstance(step, OfferStep) and step.offer.template_without is not None:
            path = (at, "offer", "template_without")
            yield path, "an offer sends no message here; use on_refusal, or ask for the offer in the message"


def _check_low(step: AskStep) -> Iterator[tuple[str, str]]:
    if step.on_low is not None and step.low is None:
        yield "on_low", "it needs low, which says what answers are low, such as low: 6"
    if step.low is not None and step.on_low is None:
        yield "low", "it needs on_low, the step to go on with after a low answer"
    if step.on_low is not None and step.answer == "text":
        yield "on_low", "a question that is answered in words has no score; leave out answer: text"
    if step.reminder is not None and step.remind_after is None:
        yield "reminder", "it needs remind_after, which says when it goes out"


def _check_paths(steps: Sequence[Step]) -> Iterator[_Wrong]:
    after = [find_after(steps, at) for at in range(len(steps))]
    for at, step in enumerate(steps):
        before = [steps[other] for other in range(at) if at in after[other]]
        if at > 0 and at not in after[0]:
            yield (at,), f"nothing leads to '{step.id}': the steps above it end, or go on elsewhere"
        if isinstance(step, OfferStep):
            earlier = next((other.id for other in before if isinstance(other, OfferStep)), None)
            if earlier is not None:
                yield (at, "offer"), f"a loop grants one offer, for ever, and '{earlier}' comes before it"
        asked = any(isinstance(other, AskStep) for other in before)
        if isinstance(step, CloseStep) and step.close != "completed" and not asked:
            yield (at, "close"), f"'{step.close}' needs an ask before it; write completed"
