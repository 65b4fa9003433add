"""The steps of a `sequence`, as a rule file writes them: each does one thing, which its key names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from boucle.model import Duration, Frozen, PersonId, SomeTime, TeamId, TemplateId
from boucle.workflows.case_params import CaseParams
from boucle.workflows.follow_up_params import ReminderTime
from boucle.workflows.offer_params import Offer

VERBS = ("message", "ask", "wait", "notify", "offer", "case", "close")
"""What a step can do: it has exactly one of these keys."""

StepId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Low = Annotated[int, Field(ge=0)] | Literal["detractor", "passive", "no_better"]
Ending = Literal["by_answer", "completed", "not_recovered", "no_answer", "declined"]

_ID = "What the step is called: once in the sequence, in lower-case letters, digits and '-'."
_GO_TO = "The step to go on with, further down; none: the next one."
_UNREACHABLE = (
    "The step to go on with where the customer cannot be written to; none: the next case that can come "
    "after, and without one the loop is closed as unreachable."
)


class MessageStep(Frozen):
    """Write to the customer."""

    id: StepId = Field(description=_ID)
    message: TemplateId = Field(description="The message.")
    go_to: StepId | None = Field(default=None, description=_GO_TO)
    on_unreachable: StepId | None = Field(default=None, description=_UNREACHABLE)


class AskStep(Frozen):
    """Ask the customer a question, and go on by the answer."""

    id: StepId = Field(description=_ID)
    ask: TemplateId = Field(description="The message that asks the question.")
    within: SomeTime = Field(
        default=Duration(amount=14, unit="days"), description="How long an answer is waited for."
    )
    answer: Literal["score", "text"] = Field(
        default="score", description="What answers it: score, or text (words, with or without a score)."
    )
    remind_after: ReminderTime | None = Field(
        default=None, description="How long after the question it is asked once more; none: never."
    )
    reminder: TemplateId | None = Field(default=None, description="That reminder; none: the question again.")
    low: Low | None = Field(
        default=None,
        description="Which answers are low: this score or a lower one; detractor or passive (of an NPS "
        "score: this band or a lower one); or no_better (no better than the score that began the loop).",
    )
    on_low: StepId | None = Field(
        default=None, description="The step to go on with after a low answer; it needs low."
    )
    on_answer: StepId | None = Field(
        default=None, description="The step to go on with after any other answer; none: the next one."
    )
    on_silence: StepId | None = Field(
        default=None, description="The step to go on with when nobody has answered; none: the next one."
    )
    on_decline: StepId | None = Field(
        default=None,
        description="The step to go on with when the customer does not want to answer; none: the loop is "
        "closed as declined.",
    )
    on_unreachable: StepId | None = Field(default=None, description=_UNREACHABLE)


class WaitStep(Frozen):
    """Let time pass."""

    id: StepId = Field(description=_ID)
    wait: SomeTime = Field(
        description="How long, such as 3 days; 1 business day counts the team's working time."
    )
    go_to: StepId | None = Field(default=None, description=_GO_TO)


class Notice(Frozen):
    """Whom to tell what."""

    team: TeamId | None = Field(
        default=None, description="The team whose members are told, its lead where it has none."
    )
    person: PersonId | None = Field(default=None, description="Or the one person who is told.")
    text: str | None = Field(
        default=None, min_length=1, max_length=500, description="What they are told, in your words."
    )
    template: TemplateId | None = Field(
        default=None, description="Or a template, in each one's own language."
    )

    @model_validator(mode="after")
    def _says_one_thing_to_somebody(self) -> Self:
        if (self.team is None) == (self.person is None):
            raise ValueError("name a team or a person, one of them")
        if (self.text is None) == (self.template is None):
            raise ValueError("say it in a text or name a template, one of them")
        return self


class NotifyStep(Frozen):
    """Tell colleagues something; nobody waits for it."""

    id: StepId = Field(description=_ID)
    notify: Notice = Field(description="Whom to tell what.")
    go_to: StepId | None = Field(default=None, description=_GO_TO)


class OfferStep(Frozen):
    """Grant the loop's one offer; the messages after it can name its code."""

    id: StepId = Field(description=_ID)
    offer: Offer = Field(description="What the customer is offered.")
    go_to: StepId | None = Field(default=None, description=_GO_TO)
    on_refusal: StepId | None = Field(
        default=None,
        description="The step to go on with where it was not approved, or cannot be granted; none: as if "
        "it had been.",
    )


class SequenceCase(CaseParams):
    """How the case of a sequence is worked."""

    to_lead: bool = Field(default=False, description="true: the team's lead has the case at once.")


class CaseStep(Frozen):
    """Open a case, which a person closes: the sequence ends with it."""

    id: StepId = Field(description=_ID)
    case: SequenceCase = Field(description="How the case is worked.")


class CloseStep(Frozen):
    """End the loop."""

    id: StepId = Field(description=_ID)
    close: Ending = Field(
        description="How: by_answer (as the last answer says, no_answer where there is none), completed, "
        "not_recovered, no_answer or declined."
    )


def _find_verb(step: Any) -> str | None:
    """Which kind of step it is; None where it does nothing, or several things."""
    keys = step.keys() if isinstance(step, Mapping) else getattr(type(step), "model_fields", {})
    verbs = [verb for verb in VERBS if verb in keys]
    return f"{verbs[0]} step" if len(verbs) == 1 else None


Step = Annotated[
    Annotated[MessageStep, Tag("message step")]
    | Annotated[AskStep, Tag("ask step")]
    | Annotated[WaitStep, Tag("wait step")]
    | Annotated[NotifyStep, Tag("notify step")]
    | Annotated[OfferStep, Tag("offer step")]
    | Annotated[CaseStep, Tag("case step")]
    | Annotated[CloseStep, Tag("close step")],
    Discriminator(
        _find_verb,
        custom_error_type="no_such_step",
        custom_error_message=f"a step has exactly one of {', '.join(VERBS[:-1])} and {VERBS[-1]}",
    ),
]
"""One step; what it does hangs on the one key of `VERBS` that it has."""
