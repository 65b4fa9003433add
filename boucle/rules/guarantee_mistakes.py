"""What can be said of a guarantee that holds today."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from boucle.errors import Severity
from boucle.rules.worded import Worded


class GuaranteeEnds(Worded):
    """A guarantee that holds today and no longer does once a rule has ended, within 60 days."""

    code = "B308"
    severity: ClassVar[Severity] = "warning"
    template = "the guarantee '{guarantee}' rests on '{rule}', which ends after {last_day}"
    mend = "prolong the rule, or put another in its place before; `boucle rules prove` shows what is lost"

    guarantee: str
    rule: str
    last_day: date
