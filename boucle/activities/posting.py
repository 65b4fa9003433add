"""Handing a mail over exactly as far as is known: the intent is written before, the receipt after.

No message to a customer goes out twice. What is certainly not sent is released and tried again; what
nobody knows stays unconfirmed, for a person to settle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from sqlmodel import Session

from boucle.activities.mail import Mailer, MailRefusedError, NotSentError
from boucle.engine import effects
from boucle.engine.database import Database
from boucle.model import EffectState


@dataclass(frozen=True)
class Letter:
    """A mail that is ready to go, and the effect that it is."""

    effect: str
    message: EmailMessage
    at: datetime


@dataclass(frozen=True)
class Post:
    """Hands letters to a mailer and writes down what became of them."""

    database: Database
    mailer: Mailer

    def hand_over(self, letter: Letter) -> EffectState:
        """What became of it; NotSentError when it may be tried again, UncertainError when nobody knows."""
        recipient = letter.message["To"].addresses[0].addr_spec
        try:
            self.mailer.send(letter.message, recipient)
        except MailRefusedError as error:
            code = f"smtp_{error.code}"
            return self._write(lambda s: effects.refuse(s, letter.effect, code, letter.at))
        except NotSentError:
            self._write(lambda s: effects.release(s, letter.effect, letter.at))
            raise
        receipt = {"message_id": str(letter.message["Message-ID"])}
        return self._write(lambda s: effects.receipt(s, letter.effect, receipt, letter.at))

    def _write(self, change: Callable[[Session], EffectState]) -> EffectState:
        with self.database.session() as session:
            state = change(session)
            session.commit()
            return state
