"""The calendar that most tests count by."""

from __future__ import annotations

from boucle.engine.clock import with_digest
from boucle.model import Calendar
from boucle.working_time import WorkingTime


def weekdays_9_to_18(timezone: str) -> Calendar:
    """What teams work by where nothing is said: Monday to Friday from 9 to 18; without holidays."""
    return with_digest(WorkingTime().calendar("weekdays 9-18", timezone, years=()))
