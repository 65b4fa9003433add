"""Which step of a sequence can come after which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from boucle.workflows.sequence_steps import AskStep, CaseStep, CloseStep, MessageStep, Step

WAYS = ("go_to", "on_low", "on_answer", "on_silence", "on_decline", "on_unreachable", "on_refusal")
"""The keys that name the step to go on with."""


def list_ways(step: Step) -> Iterator[tuple[str, str]]:
    """Each key of the step that names another one, with the step that it names."""
    for key in WAYS:
        target = getattr(step, key, None)
        if target is not None:
            yield key, target


def falls_through(step: Step) -> bool:
    """Whether the next step can come after this one without being named."""
    match step:
        case CaseStep() | CloseStep():
            return False
        case AskStep():
            return step.on_answer is None or step.on_silence is None
        case _:
            return step.go_to is None


def find_followers(steps: Sequence[Step], number: int) -> set[int]:
    """The numbers of the steps that can come right after one; of names that only stand further down."""
    below = {step.id: at for at, step in enumerate(steps) if at > number}
    found = {below[target] for _, target in list_ways(steps[number]) if target in below}
    if falls_through(steps[number]) and number + 1 < len(steps):
        found.add(number + 1)
    return found


def find_after(steps: Sequence[Step], number: int) -> set[int]:
    """The numbers of all steps that can ever come after one."""
    after: set[int] = set()
    for at in range(number, len(steps)):
        if at == number or at in after:
            after |= find_followers(steps, at)
    return after


def find_rescue(steps: Sequence[Step], number: int) -> Step | None:
    """The step to go on with where the customer cannot be written to; None: the loop ends there."""
    step = steps[number]
    named = step.on_unreachable if isinstance(step, MessageStep | AskStep) else None
    if named is not None:
        return next(other for other in steps if other.id == named)
    cases = (steps[at] for at in sorted(find_after(steps, number)) if isinstance(steps[at], CaseStep))
    return next(cases, None)
