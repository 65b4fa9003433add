"""The terms on which a case is worked: who is told when, and what becomes of a silent owner.

They are written in a rule, travel with the plan, and are kept with the case when it is opened.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import model_serializer, model_validator

from boucle.model import ClockKind, Duration, Frozen

_CLOCKS = "first_contact|close"
_MISSED = re.compile(rf"({_CLOCKS})\s+missed")
_RELATIVE = re.compile(rf"(.+?)\s+(before|after)\s+({_CLOCKS}|opening)")
_FORMS = "write '2h before first_contact', 'close missed', '1 business day after close' or '4h after opening'"


class Moment(Frozen):
    """When somebody is told: so long before or after a clock of the case runs out, or after its opening.

    Written `2h before first_contact`, `close missed`, `1 business day after close`, `4h after opening`.
    """

    of: ClockKind | None
    """The clock; None: the instant from which the case's clocks run."""
    by: Duration
    before: bool = False

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Read `text`; ValueError says what is accepted."""
        said = text.strip().lower()
        if missed := _MISSED.fullmatch(said):
            return cls(of=ClockKind(missed[1]), by=Duration(amount=0, unit="hours"))
        found = _RELATIVE.fullmatch(said)
        if found is None or (found[2] == "before" and found[3] == "opening"):
            raise ValueError(f"'{text}' is no moment of a case; {_FORMS}")
        by = Duration.parse(found[1])
        if by.amount == 0:
            raise ValueError(f"'{text}' is no time at all; {_FORMS}")
        of = None if found[3] == "opening" else ClockKind(found[3])
        return cls(of=of, by=by, before=found[2] == "before")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return dict(cls.parse(value)) if isinstance(value, str) else value

    @model_serializer
    def _to_text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.by.amount == 0:
            return f"{self.of} missed"
        return f"{self.by} {'before' if self.before else 'after'} {self.of or 'opening'}"

    @property
    def name(self) -> str:
        """What a notice at this moment is called: its kind, and what tells it from others of the case."""
        if self.by.amount == 0:
            return f"missed-{self.of}"
        if self.of is None:
            return f"standing-{short(self.by)}"
        return f"{'reminder' if self.before else 'late'}-{self.of}-{short(self.by)}"


class Level(Frozen):
    """A level of the ladder: who is told at a moment, as `to` in `engine/notices.py`.

    `template`: a message of the workspace; None: the product's own words.
    """

    when: Moment
    tell: tuple[str, ...]
    template: str | None = None


class Silence(Frozen):
    """How long an owner may give no sign: when they are reminded, and what happens in the end.

    `after` None: nothing does. `reassign`: somebody else gets the case, where there is somebody.
    """

    remind_after: tuple[Duration, ...] = ()
    after: Duration | None = None
    then: Literal["reassign", "escalate"] = "escalate"


class CaseTerms(Frozen):
    """Who is told when. Nothing by default."""

    ladder: tuple[Level, ...] = ()
    silence: Silence = Silence()


def short(duration: Duration) -> str:
    """A duration in a name: `24h`, `2d`, `4bh` for business hours."""
    return f"{duration.amount}{'b' if duration.business else ''}{duration.unit[0]}"
