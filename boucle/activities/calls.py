"""What plays hand to activities and get back: ids, closed-list values and instants, nothing personal.

`at` is always the loop's own instant, `workflow.now()`: activities read no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from boucle.model import ActKind, CaseSeverity, ClockKind, Closure, Duration, EffectState, Frozen, Money


class Clock(Frozen):
    """A clock to start: `within` in business time runs on the team's clock, else on the customer's."""

    kind: ClockKind
    within: Duration


class Advance(Frozen):
    """Go on to a stage, and start its clocks; the clock `met` has been waited for."""

    loop: str
    stage: str
    at: datetime
    clocks: tuple[Clock, ...] = ()
    met: ClockKind | None = None


class OpenCase(Frozen):
    """Open the round's case for a team and go on to `stage`; `to_lead` gives it to the lead at once."""

    loop: str
    round: int
    stage: str
    team: str
    severity: CaseSeverity
    to_lead: bool
    clocks: tuple[Clock, ...]
    at: datetime


class MissClock(Frozen):
    """A clock has run out."""

    loop: str
    round: int
    clock: ClockKind
    at: datetime


class Wake(Frozen):
    """A snooze, or a wait for the customer, is over."""

    loop: str
    round: int
    at: datetime


class PromiseDue(Frozen):
    """A promise is due soon, or was not kept in time; `step` is the notice of it."""

    loop: str
    round: int
    promise: int
    step: str
    at: datetime


class Close(Frozen):
    """Close the loop; `closure` None: as the answer to the follow-up question says."""

    loop: str
    at: datetime
    closure: Closure | None = None


class ApplyAct(Frozen):
    """Apply an act that is recorded in the database."""

    loop: str
    round: int
    command: str
    kind: ActKind
    at: datetime


class Grant(Frozen):
    """Grant the loop's one offer. `label` says by language what it is, where its kind does not."""

    loop: str
    round: int
    step: str
    kind: str
    value: Money | None
    valid_for: Duration
    at: datetime
    label: Mapping[str, str] = {}


class Propose(Frozen):
    """Ask somebody to approve an offer within some time; `team`: its lead is asked."""

    offer: Grant
    within: Duration
    team: str | None = None


class Approval(Frozen):
    """A proposal whose approver is to be reminded (`reminder` tells one from another), or that has lapsed."""

    loop: str
    round: int
    step: str
    at: datetime
    reminder: str | None = None


class Send(Frozen):
    """Send a message to the customer; `template` None: the one written down at the first try."""

    loop: str
    round: int
    step: str
    at: datetime
    template: str | None = None


class Tell(Frozen):
    """Tell colleagues all that was written down for them and can be told now, and of `step` besides."""

    loop: str
    round: int
    at: datetime
    step: str | None = None


class Told(Frozen):
    """What became of each notice, by its step. `later`: whoever it is for does not work before."""

    states: Mapping[str, EffectState] = {}
    later: Mapping[str, datetime] = {}


class Delivery(Frozen):
    """What became of a message."""

    state: EffectState
