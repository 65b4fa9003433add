"""The hours in which no message goes to a customer, in the customer's own time where it is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from boucle.engine.tables import Contact, LoopRow
from boucle.model import Plan, QuietHours

ZONE = "contact.timezone"
"""The fact that names a contact's time zone, where the catalogue has it."""

_DAY = timedelta(days=1)


def find_end(session: Session, loop: LoopRow, at: datetime) -> datetime | None:
    """When a message to the loop's customer may go, where it may not at `at`; None where it may."""
    plan = Plan.model_validate_json(loop.plan)
    if plan.quiet is None:
        return None
    contact = session.get(Contact, loop.contact_id) if loop.contact_id else None
    return end_of(plan.quiet, _zone(contact, plan.timezone), at)


def end_of(quiet: QuietHours, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The end of the quiet hours that `at` lies in, in UTC; None where it lies in none.

    They are told by the clock on the wall: an hour that it repeats is quiet both times; an end that it skips
    is as much later as it skips.
    """
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if quiet.begins < quiet.ends:
        inside, days = quiet.begins <= minute < quiet.ends, 0
    else:
        inside, days = minute >= quiet.begins or minute < quiet.ends, int(minute >= quiet.begins)
    if not inside:
        return None
    day = local.date() + days * _DAY
    end = datetime(day.year, day.month, day.day, quiet.ends // 60, quiet.ends % 60, tzinfo=zone)
    return max(end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _zone(contact: Contact | None, otherwise: str) -> ZoneInfo:
    named = contact.facts.get(ZONE) if contact else None
    try:
        return ZoneInfo(str(named)) if named else ZoneInfo(otherwise)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # whoever wrote it down may have written anything
        return ZoneInfo(otherwise)
