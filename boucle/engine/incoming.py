"""What came in, made ready: text in NFC, what no database can hold found out, a digest of the content."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from boucle.engine.plain import from_plain, write_facts
from boucle.model import FactValue, Person, Response, Verbatim
from boucle.rules.catalogue import Catalogue, fit

FUTURE_ALLOWED = timedelta(hours=24)
"""How far after its acceptance a response may claim to be answered: clocks and zones are set wrong."""

LONGEST_KEY = 500
"""A source's id of a response, a customer or a contact has at most so many characters.

PostgreSQL indexes at most 2,704 bytes, and a character takes up to four.
"""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Reason:
    """Why a response does not fit: the fact, where it is one, and what is wrong with it."""

    message: str
    fact: str | None = None


@dataclass(frozen=True)
class Incoming:
    """One response made ready. `facts` are those that fit; `unlisted` those that count as unknown."""

    response: Response
    digest: str
    facts: dict[str, FactValue]
    unlisted: tuple[str, ...]
    reasons: tuple[Reason, ...]
    storable: bool = True

    @property
    def identity(self) -> tuple[str, str]:
        """The source and the source's id."""
        return self.response.source, self.response.source_id


def make_ready(catalogue: Catalogue, response: Response, at: datetime) -> Incoming:
    """The response in NFC, with every reason why it cannot be decided."""
    normal = normalise(response)
    facts, misfits, unlisted = fit(catalogue, normal.facts)
    reasons = [Reason(misfit.message, misfit.fact) for misfit in misfits]
    storable = not any(_UNSTORABLE.search(text) for text in _texts(normal))
    if not storable:
        reasons.append(Reason("a text holds a character that no database keeps (NUL, or half a character)"))
    if any(len(key) > LONGEST_KEY for key in _keys(normal)):
        reasons.append(
            Reason(f"the key of the response, its customer or contact has more than {LONGEST_KEY} characters")
        )
    if normal.responded_at > at + FUTURE_ALLOWED:
        reasons.append(Reason("it was answered more than 24 hours after now; check the date and its zone"))
    dropped = tuple(one.fact for one in unlisted)
    return Incoming(normal, content_digest(normal), facts, dropped, tuple(reasons), storable)


def content_digest(response: Response) -> str:
    """The sha256 of all that a response says. A stated clock is not part of what it says."""
    content = json.dumps(to_json(response, dated=response.dating != "stated"), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def to_json(response: Response, *, dated: bool = True) -> dict[str, JsonValue]:
    """A response as JSON, without loss; `dated` False leaves out when it was answered."""
    person = response.person or Person()
    return {
        "source": response.source,
        "source_id": response.source_id,
        "responded_at": response.responded_at.isoformat() if dated else None,
        "dating": response.dating,
        "facts": write_facts(response.facts),
        "verbatims": [{"text": one.text, "question": one.question} for one in response.verbatims],
        "customer": response.customer,
        "contact": response.contact,
        "person": {"name": person.name, "email": person.email, "phone": person.phone},
    }


def from_json(catalogue: Catalogue, written: Mapping[str, Any]) -> Response:
    """The response that `to_json` wrote, its values typed by the catalogue of today.

    A value that today's catalogue cannot type stays as it was written, for `fit` to say what is wrong.
    """
    facts = {name: _typed(catalogue, name, value) for name, value in written["facts"].items()}
    return Response.model_validate({**written, "facts": facts})


def _typed(catalogue: Catalogue, name: str, value: Any) -> FactValue:
    fact = catalogue.facts.get(name)
    typed = from_plain(fact, value) if fact else None
    if typed is None:
        return tuple(value) if isinstance(value, list) else value
    return typed


def normalise(response: Response) -> Response:
    """The response with all its text in NFC, and blank keys and contact data taken for none."""
    return response.model_copy(
        update={
            "source_id": _nfc(response.source_id),
            "customer": _key(response.customer),
            "contact": _key(response.contact),
            "facts": {name: _normal_value(value) for name, value in response.facts.items()},
            "verbatims": tuple(
                Verbatim(text=_nfc(one.text), question=_nfc(one.question) if one.question else None)
                for one in response.verbatims
            ),
            "person": _normal_person(response.person),
        }
    )


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _key(text: str | None) -> str | None:
    """A key of nothing but blanks names nobody."""
    return _nfc(text.strip()) or None if text else None


def _normal_value(value: FactValue) -> FactValue:
    if isinstance(value, str):
        return _nfc(value)
    return tuple(sorted({_nfc(member) for member in value})) if isinstance(value, tuple) else value


def _normal_person(person: Person | None) -> Person | None:
    if person is None:
        return None
    said = {name: _nfc(value) for name, value in person.model_dump().items() if value and value.strip()}
    return Person(**said) if said else None


def _keys(response: Response) -> tuple[str, str, str]:
    return response.source_id, response.customer or "", response.contact or ""


def _texts(response: Response) -> Iterator[str]:
    yield from _keys(response)
    for value in response.facts.values():
        yield from value if isinstance(value, tuple) else [value] if isinstance(value, str) else []
    for one in response.verbatims:
        yield from (one.text, one.question or "")
    yield from (text for text in (response.person or Person()).model_dump().values() if text)
