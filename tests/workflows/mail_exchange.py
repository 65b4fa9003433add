"""A real SMTP server: takes mails, refuses addresses for good, or hangs up after the content."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailExchange:
    """What it took; whom it refuses; and the effects after whose content it hangs up, once each."""

    taken: list[EmailMessage] = field(default_factory=list)
    unknown_addresses: set[str] = field(default_factory=set)
    hang_up_after: set[str] = field(default_factory=set)
    busy: int = 0
    """So many mails are put off for the time being."""

    def of(self, step: str) -> list[EmailMessage]:
        """The mails of a step, whatever the loop and round."""
        return [mail for mail in self.taken if mail["X-Boucle-Effect"].endswith(f"/{step}")]

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A refusal names the address, as servers do."""
        del server, session, options
        if self.busy:
            self.busy -= 1
            return "451 try again later"
        if address in self.unknown_addresses:
            return f"550 5.1.1 <{address}> is not known here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Takes the mail, and then answers or not."""
        del session
        assert isinstance(envelope.original_content, bytes)
        message = message_from_bytes(envelope.original_content, policy=modern)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        step = message["X-Boucle-Effect"].rpartition("/")[2]
        if step in self.hang_up_after:
            self.hang_up_after.remove(step)
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"


@contextmanager
def open_exchange(mails: MailExchange) -> Iterator[int]:
    """Serve on a loopback port until the end; the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    controller = Controller(mails, hostname="127.0.0.1", port=port, ready_timeout=30)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
