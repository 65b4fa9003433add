"""What is known after a mail was handed over, against a real SMTP server and a real folder."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from boucle.activities.mail import (
    Mailbox,
    MailRefusedError,
    NotSentError,
    SmtpConfig,
    SmtpMailer,
    UncertainError,
)


class Moody:
    """A server that answers as the recipient's name says."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_MAIL(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Sender first."""
        del server, session, options
        if address.startswith("banned"):
            return "550 you may not send"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Then the recipient."""
        del server, session, options
        answers = {"unknown": "550 no such user", "full": "452 mailbox full"}
        if answer := answers.get(address.partition("@")[0]):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Then the content."""
        del session
        (recipient,) = envelope.rcpt_tos
        name = recipient.partition("@")[0]
        if name == "hangup":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        answers = {"spam": "554 looks like spam", "later": "451 greylisted"}
        if name not in answers:
            self.taken.append(recipient)
        return answers.get(name, "250 OK")


@pytest.fixture
def moody() -> Iterator[tuple[Moody, SmtpMailer]]:
    handler = Moody()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=30)
    controller.start()
    yield handler, SmtpMailer(SmtpConfig("127.0.0.1", port, "firm.example", starttls=False))
    controller.stop()


def message(sender: str = "hello@firm.example") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["X-Boucle-Effect"] = "loop/1/apology"
    mail.set_content("Hello.\n")
    return mail


def test_a_mail_is_taken(moody: tuple[Moody, SmtpMailer]) -> None:
    server, mailer = moody
    mailer.send(message(), "zoe@kunde.example")
    assert server.taken == ["zoe@kunde.example"]


@pytest.mark.parametrize(("name", "code"), [("unknown", 550), ("spam", 554)])
def test_refused_for_good(moody: tuple[Moody, SmtpMailer], name: str, code: int) -> None:
    with pytest.raises(MailRefusedError) as refusal:
        moody[1].send(message(), f"{name}@kunde.example")
    assert refusal.value.code == code
    assert "kunde" not in str(refusal.value)


@pytest.mark.parametrize("name", ["full", "later"])
def test_put_off_is_certainly_not_sent(moody: tuple[Moody, SmtpMailer], name: str) -> None:
    with pytest.raises(NotSentError):
        moody[1].send(message(), f"{name}@kunde.example")
    assert moody[0].taken == []


def test_a_refused_sender_is_our_own_mistake_and_can_be_mended(moody: tuple[Moody, SmtpMailer]) -> None:
    with pytest.raises(NotSentError, match="the sender answered 550"):
        moody[1].send(message("banned@firm.example"), "zoe@kunde.example")


def test_a_connection_lost_after_the_content_is_uncertain(moody: tuple[Moody, SmtpMailer]) -> None:
    with pytest.raises(UncertainError):
        moody[1].send(message(), "hangup@kunde.example")


def test_no_server_and_no_encryption_are_certainly_not_sent(moody: tuple[Moody, SmtpMailer]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(NotSentError):
        SmtpMailer(SmtpConfig("127.0.0.1", port, "x")).send(message(), "zoe@kunde.example")
    demanding = SmtpConfig("127.0.0.1", moody[1].config.port, "x", starttls=True)
    with pytest.raises(NotSentError):
        SmtpMailer(demanding).send(message(), "zoe@kunde.example")


def test_a_mailbox_holds_whole_mails_and_never_hides_a_second_one(tmp_path: Path) -> None:
    box = Mailbox(tmp_path / "mailbox")
    box.send(message(), "zoe@kunde.example")
    box.send(message(), "zoe@kunde.example")
    assert sorted(path.name for path in (tmp_path / "mailbox").iterdir()) == [
        "loop.1.apology.2.eml",
        "loop.1.apology.eml",
    ]
    assert b"X-Boucle-Effect: loop/1/apology" in (tmp_path / "mailbox/loop.1.apology.eml").read_bytes()
