"""Whether messages could go out now."""

from __future__ import annotations

import os
import smtplib
import ssl
from pathlib import Path

from boucle.local.findings import Finding
from boucle.settings import Settings, Smtp

_SECONDS = 5.0


def check_mail(settings: Settings) -> Finding:
    """The mail server greets us, or the mailbox folder can be written; nothing is sent."""
    if settings.smtp is None:
        return _check_mailbox(settings.mailbox_folder)
    return _check_server(settings.smtp)


def _check_mailbox(folder: Path) -> Finding:
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    look = f"ls {folder}"
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return Finding("mail", "ok", f"no mail server is set: messages are files in {folder}", look)
    return Finding("mail", "problem", f"the mailbox {folder} cannot be written", f"ls -ld {nearest}")


def _check_server(smtp: Smtp) -> Finding:
    where = f"{smtp.host}:{smtp.port}"
    try:
        with smtplib.SMTP(smtp.host, smtp.port, timeout=_SECONDS) as client:
            _greet(client, smtp)
    except (smtplib.SMTPException, OSError) as error:
        detail = f"the mail server {where} does not take us: {type(error).__name__}"
        return Finding("mail", "problem", detail, "see [smtp] in boucle.toml, then: boucle doctor")
    return Finding("mail", "ok", f"the mail server {where} takes us", "boucle unconfirmed list")


def _greet(client: smtplib.SMTP, smtp: Smtp) -> None:
    """As for sending: encrypted where that is set, logged in where a name is."""
    if smtp.starttls:
        client.starttls(context=ssl.create_default_context())
    if smtp.username is not None and smtp.password is not None:
        client.login(smtp.username, smtp.password.get_secret_value())
    client.noop()
