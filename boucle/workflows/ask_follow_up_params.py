"""The parameters of `ask_follow_up`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from boucle.model import Duration, Frozen, SomeTime, TemplateId
from boucle.workflows.case_params import CaseParams
from boucle.workflows.follow_up_params import ReminderTime


class AskFollowUpParams(Frozen):
    """Parameters of `ask_follow_up`."""

    template: TemplateId = Field(description="The question, open: what is missing, what would be better.")
    within: SomeTime = Field(
        default=Duration(amount=14, unit="days"), description="How long an answer is waited for."
    )
    remind_after: ReminderTime | None = Field(
        default=None, description="How long after the question it is asked once more; none: never."
    )
    reminder_template: TemplateId | None = Field(
        default=None, description="That reminder; none: the question again."
    )
    if_answer: Literal["close", "problem", "case"] = Field(
        default="close",
        description="What follows an answer: close; problem: a case where it names a problem; case: always "
        "a case.",
    )
    problem_below: int | None = Field(
        default=None, description="A score below this is a problem, on the scale of the first score."
    )
    problem_words: tuple[str, ...] = Field(
        default=(),
        description="An answer with one of these words is a problem; case and accents don't matter.",
    )
    case: CaseParams | None = Field(default=None, description="The case that an answer turns into.")

    @field_validator("problem_words")
    @classmethod
    def _are_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not any(character.isalnum() for character in word):
                raise ValueError(f"'{word}' is no word: every answer would hold it, or none")
        return words

    @model_validator(mode="after")
    def _has_its_case(self) -> Self:
        if (self.if_answer == "close") == (self.case is not None):
            raise ValueError(
                "'if_answer: problem' and 'if_answer: case' need a section 'case', and 'close' has none"
            )
        told = self.problem_below is not None or bool(self.problem_words)
        if (self.if_answer == "problem") != told:
            raise ValueError(
                "'if_answer: problem' needs 'problem_below' or 'problem_words'; nothing else looks at them"
            )
        return self
