"""Numbers as people write them: a stated decimal sign, optional thousands, never through float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

_LONGEST = 40
_SPACES = " \u00a0\u202f"
_MINUS_SIGN = "\u2212"


@dataclass(frozen=True)
class NumberFormat:
    """How a file writes numbers. A `thousands` of one space also stands for the no-break spaces."""

    decimal: str = "."
    thousands: str | None = None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        whole = "[0-9]+"
        if self.thousands:
            whole = f"[0-9]{{1,3}}(?:{self._separator}[0-9]{{3}})+|[0-9]+"
        return re.compile(f"(?P<sign>[+-]?)(?P<whole>{whole})(?:{re.escape(self.decimal)}(?P<part>[0-9]+))?")

    @property
    def _separator(self) -> str:
        return f"[{_SPACES}]" if self.thousands == " " else re.escape(self.thousands or "")

    def parse(self, text: str) -> Decimal:
        """The number; ValueError where it is none."""
        found = self._pattern.fullmatch(text.strip().replace(_MINUS_SIGN, "-"))
        if found is None or len(text) > _LONGEST:
            raise ValueError("not a number")
        whole = re.sub("[^0-9]", "", found["whole"])
        return Decimal(f"{found['sign']}{whole}.{found['part'] or '0'}".removesuffix(".0"))

    def show(self, number: Decimal) -> str:
        """A number as this format writes it, without idle zeros."""
        text = f"{number:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace(".", self.decimal)
