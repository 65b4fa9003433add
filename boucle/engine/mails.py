"""A mail that came in, as it is read: what it is, which of our messages it is about, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from boucle.model import ReplyKind


@dataclass(frozen=True)
class Mail:
    """One mail. `digest` is the sha256 of its Message-ID, of a mail without one that of its bytes.

    `loops` are the loop ids of our reply addresses that it went to, `marks` the beginnings of Message-IDs
    (`effects.mark_of`) of our domain that it answers or carries. `status` is the enhanced status code
    (RFC 3463) of a delivery report. `text` is all of its text, `said` what its sender wrote anew.
    """

    digest: str
    kind: ReplyKind
    loops: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    status: str | None = None
    sender: str = ""
    subject: str = ""
    text: str = ""
    said: str = ""
    attachments: tuple[str, ...] = ()
    written_at: datetime | None = None
