"""Writing a mail: its headers, and amounts and dates as the reader's language has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from zoneinfo import ZoneInfo

from boucle.activities.templates import Text
from boucle.engine.effects import mark_of
from boucle.model import Money

_MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": tuple(
        "January February March April May June July August September October November December".split()
    ),
    "fr": tuple(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    ),
}


@dataclass(frozen=True)
class Letterhead:
    """Who writes: the company's name, the sender (`Name <address>`), the domain of ids and replies."""

    company: str
    sender: str
    domain: str


@dataclass(frozen=True)
class Recipient:
    """Whom a mail goes to."""

    name: str | None
    email: str
    language: str


class BadAddressError(ValueError):
    """Not an e-mail address at all; the text is left out, it is personal."""

    def __init__(self) -> None:
        super().__init__("not an e-mail address")


class _Headers(HeaderRegistry):
    """Makes the class of each kind of header once; the base makes it for every header."""

    @cache  # noqa: B019 there is one registry
    def __getitem__(self, name: str) -> type:
        return super().__getitem__(name)


_POLICY = EmailPolicy(header_factory=_Headers())


def compose(
    head: Letterhead, recipient: Recipient, text: Text, *, effect: str, loop: str, at: datetime
) -> EmailMessage:
    """The mail of one effect. The same effect always has the same Message-ID; BadAddressError."""
    message = EmailMessage(_POLICY)
    name, address = parseaddr(head.sender)
    message["From"] = _address(name, address)
    message["To"] = _address(recipient.name, recipient.email)
    message["Subject"] = one_line(text.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mark_of(effect)}@{head.domain}>"
    message["Reply-To"] = f"loop+{loop}@{head.domain}"
    message["X-Boucle-Effect"] = effect
    message["Content-Language"] = recipient.language
    message.set_content(text.body, charset="utf-8", cte="quoted-printable")
    return message


def one_line(text: str) -> str:
    """Without line breaks, tabs and other control characters: what a header may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _address(name: str | None, address: str) -> Address:
    """A domain may be international; what stands before the @ may not, few servers take it."""
    local, _, domain = address.strip().rpartition("@")
    try:
        spec = f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
        return Address(display_name=one_line(name or ""), addr_spec=spec)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise BadAddressError from error


def write_money(value: Money, language: str) -> str:
    """`15.00 EUR`; in French `15,00 EUR`."""
    return str(value).replace(".", ",") if language == "fr" else str(value)


def write_day(instant: datetime, language: str, timezone: str) -> str:
    """`3 April 2026`; in French `3 avril 2026`, `1er avril 2026`."""
    day = instant.astimezone(ZoneInfo(timezone))
    first = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{first} {_MONTHS.get(language, _MONTHS['en'])[day.month - 1]} {day.year}"


def write_moment(instant: datetime, language: str, timezone: str) -> str:
    """A day and the time of day, with the zone's abbreviation."""
    there = instant.astimezone(ZoneInfo(timezone))
    return f"{write_day(instant, language, timezone)}, {there:%H:%M} ({there.tzname()})"
