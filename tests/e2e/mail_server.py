"""A real SMTP server that remembers what it took, and can kill whoever is handing it a mail."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from boucle.local.ports import pick_port
from tests.e2e.processes import find_owner, kill_and_wait

When = Literal["before", "after"]


@dataclass(frozen=True)
class Ambush:
    """A kill of the process that handed over a mail, before or after it was taken."""

    effect: str
    when: When
    pid: int


@dataclass
class MailServer:
    """Takes every mail. `prey` says which effects an ambush may strike, `processes` who may send.

    `senders` are the processes that have handed over a mail.
    """

    prey: Callable[[str], bool]
    processes: Callable[[], list[int]] = list
    taken: list[Message] = field(default_factory=list)
    senders: set[int] = field(default_factory=set)
    ambushes: list[Ambush] = field(default_factory=list)
    _laid: list[When] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lay_ambush(self, when: When) -> None:
        """Strike at the next mail of a customer-facing effect."""
        with self._lock:
            self._laid.append(when)

    @property
    def waiting(self) -> int:
        """How many ambushes have not struck yet."""
        return len(self._laid)

    def counts(self) -> Counter[str]:
        """How many mails were taken of each effect."""
        return Counter(message["X-Boucle-Effect"] for message in self.taken)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Called with the whole content, before the answer that tells the client it was taken."""
        del server
        assert isinstance(envelope.original_content, bytes)
        message = message_from_bytes(envelope.original_content)
        assert isinstance(session.peer, tuple)
        sender = find_owner(session.peer, self.processes())
        with self._lock:
            when = self._strikes(message["X-Boucle-Effect"]) if sender else None
            if when is None or when == "after":
                self.taken.append(message)
            if sender and when:
                kill_and_wait(sender)
                self.ambushes.append(Ambush(message["X-Boucle-Effect"], when, sender))
        if sender:
            self.senders.add(sender)
        return "451 struck" if when == "before" else "250 OK"

    def _strikes(self, effect: str) -> When | None:
        return self._laid.pop(0) if self._laid and self.prey(effect) else None


@contextmanager
def listening_mail_server(mail: MailServer) -> Iterator[Mapping[str, str]]:
    """Serve on a loopback port until the end; the settings that lead the product there."""
    port = pick_port()
    controller = Controller(mail, hostname="127.0.0.1", port=port, ready_timeout=30)
    controller.start()
    try:
        yield {
            "BOUCLE_SMTP__HOST": "127.0.0.1",
            "BOUCLE_SMTP__PORT": str(port),
            "BOUCLE_SMTP__STARTTLS": "false",
        }
    finally:
        controller.stop()
