"""Sending a mail: by SMTP, or as a file in a mailbox folder.

What matters afterwards is what is known: `send` returns when the other side has taken the mail, and
raises `NotSentError` (certainly not sent: may be tried again), `MailRefusedError` (refused for good),
or `UncertainError` (nobody knows). Only the first may ever be repeated.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol

import aiosmtplib

from boucle.errors import BoucleError

SMTP_POLICY = SMTP.clone(max_line_length=200)
"""An effect key is longer than the usual 78 characters; folded, it would be read with a space."""

_SECONDS = 20.0
_PERMANENT = 500


class NotSentError(BoucleError):
    """Certainly not sent: no connection, no login, or a refusal for the time being."""

    exit_code = 3

    def __init__(self, step: str, code: int | None = None) -> None:
        super().__init__(f"the mail was not sent: {step}" + (f" answered {code}" if code else ""))


class MailRefusedError(BoucleError):
    """Refused for good. `code` is the SMTP reply code; its text may name the address, so it is left out."""

    exit_code = 1

    def __init__(self, code: int) -> None:
        super().__init__(f"the mail was refused for good with code {code}")
        self.code = code


class UncertainError(BoucleError):
    """The connection was lost after the content had begun to go out: nobody knows."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("the connection was lost while the mail was handed over")


@dataclass(frozen=True)
class SmtpConfig:
    """The mail server: `password` only with `username`; `starttls` demands encryption.

    `greeting` is the name we give ourselves.
    """

    host: str
    port: int
    greeting: str
    username: str | None = None
    password: str | None = None
    starttls: bool = True


class Mailer(Protocol):
    """Hands one mail over; see the module for what it raises."""

    def send(self, message: EmailMessage, recipient: str) -> None:
        """Return when the other side has taken it."""


@dataclass(frozen=True)
class Mailbox:
    """Mails as `.eml` files in a folder, whole or not at all. Named by their effect, never overwritten."""

    folder: Path

    def send(self, message: EmailMessage, recipient: str) -> None:  # noqa: ARG002 the message names it
        """Write the file beside its place, then link it into place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = message["X-Boucle-Effect"].replace("/", ".")
        fresh = self.folder / f".{name}.{os.getpid()}.new"
        with fresh.open("wb") as file:
            file.write(message.as_bytes(policy=SMTP_POLICY))
            file.flush()
            os.fsync(file.fileno())
        self._link(fresh, name)
        fresh.unlink()

    def _link(self, fresh: Path, name: str) -> None:
        """A second mail of the same effect would be a mistake of ours: it must show, not hide."""
        number = 1
        while True:
            suffix = f".{number}" if number > 1 else ""
            try:
                os.link(fresh, self.folder / f"{name}{suffix}.eml")
            except FileExistsError:
                number += 1
            else:
                return


@dataclass(frozen=True)
class SmtpMailer:
    """Mails by SMTP, one connection each. Called from an activity's thread, which has no event loop."""

    config: SmtpConfig

    def send(self, message: EmailMessage, recipient: str) -> None:
        """Run the dialogue to its end."""
        asyncio.run(self._send(message, recipient))

    async def _send(self, message: EmailMessage, recipient: str) -> None:
        client = await self._connect()
        try:
            await self._envelope(client, message["From"].addresses[0].addr_spec, recipient)
            await self._content(client, message)
        finally:
            client.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        config = self.config
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            username=config.username,
            password=config.password,
            start_tls=config.starttls,
            local_hostname=config.greeting,
            timeout=_SECONDS,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSentError("connecting") from error
        return client

    async def _envelope(self, client: aiosmtplib.SMTP, sender: str, recipient: str) -> None:
        """A refused sender is our own configuration: mendable, so not final. A refused recipient is."""
        try:
            await client.mail(sender)
            await client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _refusal(error.code, "the recipient") from error
        except aiosmtplib.SMTPResponseException as error:
            raise NotSentError("the sender", error.code) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSentError("the envelope") from error

    async def _content(self, client: aiosmtplib.SMTP, message: EmailMessage) -> None:
        try:
            await client.data(message.as_bytes(policy=SMTP_POLICY))
        except aiosmtplib.SMTPDataError as error:
            raise _refusal(error.code, "the content") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UncertainError from error
        with suppress(aiosmtplib.SMTPException, OSError):  # taken is taken, whatever the goodbye says
            await client.quit()


def _refusal(code: int, step: str) -> BoucleError:
    return MailRefusedError(code) if code >= _PERMANENT else NotSentError(step, code)
