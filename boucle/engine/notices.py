"""Noting that a colleague is to be told something: an effect that the loop's play sends, come what may.

How to tell somebody something, from any transaction that holds the loop:

    notices.write_down(session, loop, notices.step("answered", command.id), at,
                       to=notices.OWNER, values={"before": 3, "after": 8})

- The step is `staff-KIND-…`. KIND is one of `KINDS`, and has its words in `activities/wording_en.py` and
  `wording_fr.py`; what follows tells it from others of its kind in the round, so that the same step is
  told once, however often it is written down.
- `to` is the owner (where nobody owns the case, or there is none, the lead of the plan's team), the
  lead, one person, or every member of a team. Who that is, is asked when it is told.
- `values` fill the braces of the words. They lie in the effect and in the ledger: nothing personal.
- A notice that has lost its point by the time it is told (`is_moot`) is dropped.

What changes a loop from outside its play (a response that joins) records an act besides: a sleeping play
does not look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session

from boucle.engine import effects
from boucle.engine.case_rows import find_case
from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.work_tables import ClockRow, TaskRow
from boucle.model import ClockKind, ClockState, EffectKind, EffectState, LoopState, TaskState
from boucle.standing import STAFF

OWNER = "owner"
LEAD = "lead"
_PERSON = "person:"
_TEAM = "team:"

KINDS = (
    "assigned",  # a case is theirs
    "reassigned",  # a case is theirs no longer; values: owner
    "queued",  # a case waits in the team's queue
    "stand-in",  # a case is theirs while a colleague is away; values: absent
    "reminder",  # a clock runs out soon; the step goes on with the clock
    "missed",  # a clock has run out; the step goes on with the clock
    "late",  # a clock ran out some time ago; the step goes on with the clock
    "standing",  # the case was opened some time ago
    "next-try",  # the customer is to be tried again now, as planned
    "silent",  # the owner has given no sign; values: since
    "silence",  # to the lead: the owner has given no sign; values: since, owner
    "raised",  # the case is more severe; values: before
    "joined",  # another response of the customer; values: score
    "revised",  # the customer has changed a response; values: before, after
    "reply",  # the customer has written back
    "answered",  # the customer has answered a question; values: before, after
    "referred",  # a referral has gone on; values: outcome
    "testimonial",  # a testimonial has come; values: published
    "approval-wanted",  # an offer waits for their approval; values: by, value
    "approval-decided",  # their offer was decided on; values: by, outcome
    "approval-late",  # nobody has decided in time; values: value
    "redeemed",  # the customer has used the offer; values: value
    "task",  # a colleague asks for something; values: by, until
    "task-due",  # it is due soon; values: by, until
    "task-late",  # it was not done in time; values: until
    "task-done",  # what they asked for is done; values: by
    "snooze-over",  # a case that was put aside is back
    "wait-over",  # the customer was waited for long enough
    "promise-due",  # a promise to the customer is due soon; values: until
    "promise-missed",  # a promise was not kept in time; values: until
    "merged",  # the loop was ended in favour of another one; values: into
    "withdrawn",  # the customer does not want to hear from us
    "reopened",  # the next round of a loop begins; values: by
    "unreachable",  # a message cannot be delivered
    "unconfirmed",  # nobody knows whether a message went out; values: effect
    "notify",  # a rule tells a team what a customer said; values: rule, team, response
    "step",  # what a step of a sequence says; values: text
    "call-back",  # the customer was offered a call
    "note",  # anything else: somebody should look
)
"""Everything that colleagues are told."""

_ALL_THE_SAME = frozenset({"notify", "step"})
"""What a rule tells colleagues, however soon its loop was closed."""
_AFTER_CLOSING = frozenset({"withdrawn", "reply", "unreachable", "answered", "merged"}) | _ALL_THE_SAME
"""What colleagues are told of a closed loop too."""

_ABOUT_CLOCK = frozenset({"reminder", "missed", "late"})
_UNTOLD = frozenset({EffectState.INTENDED, EffectState.RELEASED})


def step(kind: str, which: str) -> str:
    """The step of a notice of `kind`; `which` tells it from others of its kind in the round."""
    return f"{STAFF}{kind}-{which}"


def assigned(how: str) -> str:
    """The step of telling an owner; `how` tells one assignment of a round from another."""
    return step("assigned", how)


def person(who: str) -> str:
    """As `to`: one person."""
    return f"{_PERSON}{who}"


def team(which: str) -> str:
    """As `to`: every member of a team, its lead where it has none."""
    return f"{_TEAM}{which}"


def find_person(to: str) -> str | None:
    """The id of the person that `to` names; None where it says somebody else."""
    return to.removeprefix(_PERSON) if to.startswith(_PERSON) else None


def find_team(to: str) -> str | None:
    """The id of the team that `to` names; None where it says somebody else."""
    return to.removeprefix(_TEAM) if to.startswith(_TEAM) else None


def kind_of(step: str) -> str:
    """What a step is about; ValueError for a step that is no notice of a known kind."""
    said = step.removeprefix(STAFF)
    found = [kind for kind in KINDS if said == kind or said.startswith(f"{kind}-")]
    if not step.startswith(STAFF) or not found:
        raise ValueError(f"'{step}' is no notice: write staff-KIND-…, with one of {', '.join(KINDS)}")
    return max(found, key=len)


def clock_of(step: str) -> ClockKind | None:
    """The clock that a notice is about, where its kind is about one."""
    kind = kind_of(step)
    if kind not in _ABOUT_CLOCK:
        return None
    return ClockKind(step.removeprefix(f"{STAFF}{kind}-").partition("-")[0])


def write_down(
    session: Session,
    loop: LoopRow,
    step: str,
    at: datetime,
    *,
    to: str = OWNER,
    values: Mapping[str, JsonValue] | None = None,
    template: str | None = None,
) -> None:
    """Note that somebody is to be told, in the caller's transaction: it is done later, come what may.

    See the module. `template`: a template of the workspace instead of the words of the kind. What was
    written down before under this step stands.
    """
    kind_of(step)
    if session.get(EffectRow, effects.effect_key(loop.id, loop.round, step)) is not None:
        return
    spec: dict[str, JsonValue] = {"to": to, "values": dict(values or {})}
    effects.intend(
        session, loop_id=loop.id, round_=loop.round, step=step, kind=EffectKind.STAFF,
        spec=spec | ({"template": template} if template else {}), at=at,
    )  # fmt: skip


def list_untold(session: Session, loop: LoopRow) -> list[EffectRow]:
    """What colleagues of this round were not told yet, in the order in which it was written down."""
    rows = list_of_round(session, EffectRow, loop, "intended_at", "step")
    return [row for row in rows if row.kind == EffectKind.STAFF and row.state in _UNTOLD]


def drop(session: Session, loop_id: str, at: datetime) -> None:
    """A closed loop tells nobody any more what was still to be told of it, but by its rule."""
    for row in list_untold(session, session.get_one(LoopRow, loop_id)):
        if kind_of(row.step) not in _ALL_THE_SAME:
            effects.refuse(session, row.key, "not_needed", at)


def is_moot(session: Session, loop: LoopRow, row: EffectRow) -> bool:
    """Whether a notice that waited (for working hours, for a mail server) has lost its point meanwhile."""
    kind = kind_of(row.step)
    if loop.state == LoopState.CLOSED and kind not in _AFTER_CLOSING:
        return True
    judge = _MOOT.get(kind)
    return judge is not None and judge(session, loop, row)


def _clock_stands(session: Session, loop: LoopRow, row: EffectRow) -> bool:
    """Met, stopped or put off: no reason to remind of it."""
    clock = session.get(ClockRow, (loop.id, loop.round, clock_of(row.step)))
    return clock is None or clock.state not in {ClockState.RUNNING, ClockState.MISSED}


def _is_another_s(session: Session, loop: LoopRow, row: EffectRow) -> bool:
    """The case was given on before its owner was told of it."""
    case = find_case(session, loop)
    who = find_person(str(row.spec["to"]))
    if case is None or (who is not None and who != case.owner):
        return True
    later = [other for other in list_untold(session, loop) if kind_of(other.step) == "assigned"]
    return bool(later) and later[-1].key != row.key


def _is_tried(session: Session, loop: LoopRow, row: EffectRow) -> bool:
    """The customer was tried meanwhile, or is to be tried at another time."""
    case = find_case(session, loop)
    planned = case.next_try_at if case else None
    return planned is None or not row.step.endswith(f"{planned:%Y%m%dT%H%M%S}")


def _is_done(session: Session, loop: LoopRow, row: EffectRow) -> bool:
    """The task was done, or taken back, before anybody was told of it."""
    of_task = row.step.removeprefix(f"{STAFF}{kind_of(row.step)}-").partition("-")[0]
    task = session.get(TaskRow, of_task)
    return task is None or task.round != loop.round or task.state != TaskState.OPEN


_MOOT: Mapping[str, Callable[[Session, LoopRow, EffectRow], bool]] = {
    "reminder": _clock_stands,
    "assigned": _is_another_s,
    "next-try": _is_tried,
    "task": _is_done,
    "task-due": _is_done,
    "task-late": _is_done,
}
"""By kind, what makes a notice lose its point; a kind that is not here never does."""
