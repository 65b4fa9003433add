"""Canonical JSON of what is hashed, and instants as text."""

from __future__ import annotations

from datetime import UTC, datetime

from boucle.rules.canonical import canonical

__all__ = ["canonical", "instant_text"]


def instant_text(at: datetime) -> str:
    """An aware instant as text of fixed width, in UTC, to the microsecond."""
    if at.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {at!r}")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
