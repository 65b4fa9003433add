"""What is known of customers and contacts, told with who said it and how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boucle.commands.output import span

if TYPE_CHECKING:
    from sqlmodel import Session

    from boucle.engine.knowledge import Known
    from boucle.engine.tables import LoopRow

_DAY = 86_400


def list_names(session: Session, loops: Sequence[LoopRow]) -> dict[str, str]:
    """By loop, whom it is about: the contact's name, else the address, else the number."""
    from boucle.engine.privacy import find_persons

    people = find_persons(session, sorted({row.contact_id for row in loops if row.contact_id}))
    names = {
        contact: one.get("name") or one.get("email") or one.get("phone", "")
        for contact, one in people.items()
    }
    return {row.id: names[row.contact_id] for row in loops if row.contact_id in names}


def tell_known(known: Known, at: datetime) -> str:
    """`customer.segment key, from CRM, 12 days old`."""
    said = tell_origin(known.by, known.source)
    return f"{known.name} {tell_value(known.value)}, {said}, {tell_age(known.at, at)}"


def tell_value(value: Any) -> str:
    """A fact's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)


def tell_origin(by: str, source: str) -> str:
    """Who said it."""
    return f"from {source}" if by == "import" else f"said in a response ({source})"


def tell_age(since: datetime, at: datetime) -> str:
    """How long it is so: in days once there are any."""
    seconds = max(0.0, (at - since).total_seconds())
    days = int(seconds // _DAY)
    if not days:
        return f"{span(seconds)} old"
    return f"{days:,} day{'s' if days > 1 else ''} old"
