"""When a try of an activity is made: an activity reads no clock, and may be tried again for weeks."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import activity


def at_this_try(at: datetime) -> datetime:
    """What the play said was now, as much later as this try comes after the first one.

    So what waits for a mail server by day is not sent once that is back in the night.
    """
    if not activity.in_activity() or activity.info().attempt == 1:
        return at
    info = activity.info()
    return at + max(info.current_attempt_scheduled_time - info.scheduled_time, timedelta())
