"""The links by which customers answer: a token that names one question, is signed, and expires.

A token is base64url, without padding, of: one byte, the version; the expiry, in seconds since 1970, as
eight bytes; the question's opaque id; and the HMAC-SHA256 of all that under a secret key (RFC 2104, FIPS
198-1). It holds nothing personal, so it can stand in a log; who has it can answer that one question.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from boucle.errors import BoucleError

_VERSION = b"\x01"
_PURPOSE = b"boucle answer link\x00"
_SIGNED = hashlib.sha256().digest_size
_HEAD = 1 + 8
KEY_BYTES = 32
"""How long a key is, at least: as long as the hash (RFC 2104, section 3)."""


class ForgedLinkError(BoucleError):
    """A link that we have not made, or that was changed on its way."""

    exit_code = 1

    def __init__(self) -> None:
        super().__init__("this is no link of ours: it was not copied whole, or it was changed")


class ExpiredLinkError(BoucleError):
    """A link whose time is over."""

    exit_code = 1

    def __init__(self, expired_at: datetime) -> None:
        super().__init__(f"this link was valid until {expired_at.astimezone():%Y-%m-%d %H:%M}")


class ShortKeyError(ValueError):
    """A key that could be guessed."""

    def __init__(self) -> None:
        super().__init__(f"a key for links has at least {KEY_BYTES} bytes")


@dataclass(frozen=True)
class LinkKeys:
    """The secrets that links are signed with: the first signs, all are accepted.

    So a key is replaced by putting a new one before it, and taken away once its last link has expired.
    """

    keys: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < KEY_BYTES for key in self.keys):
            raise ShortKeyError

    def __repr__(self) -> str:
        return f"LinkKeys({len(self.keys)} keys)"


@dataclass(frozen=True)
class Links:
    """Makes links. `url` is where customers reach our pages, without a slash at its end."""

    url: str
    keys: LinkKeys

    def write(self, question: str, expires_at: datetime) -> str:
        """The link under which the question is answered."""
        return f"{self.url}/a/{make_token(self.keys, question, expires_at)}"


def make_token(keys: LinkKeys, question: str, expires_at: datetime) -> str:
    """The token of a question; a fraction of a second at the end of its time counts as a whole one."""
    head = _VERSION + math.ceil(expires_at.timestamp()).to_bytes(8, "big")
    body = head + question.encode()
    return _write(body + _sign(keys.keys[0], body))


def read_token(keys: LinkKeys, token: str, at: datetime) -> str:
    """The question that a token names; ForgedLinkError, or ExpiredLinkError after its time.

    The signature is looked at first, in constant time: what it does not cover is believed in nothing.
    """
    data = _read(token)
    body, signature = data[:-_SIGNED], data[-_SIGNED:]
    if len(body) <= _HEAD or not _is_ours(keys.keys, body, signature) or body[:1] != _VERSION:
        raise ForgedLinkError
    expires_at = datetime.fromtimestamp(int.from_bytes(body[1:_HEAD], "big"), UTC)
    if at > expires_at:
        raise ExpiredLinkError(expires_at)
    return body[_HEAD:].decode()


def _is_ours(keys: Sequence[bytes], body: bytes, signature: bytes) -> bool:
    """Whether any key has signed it; all are tried, so that the time tells nothing of which."""
    matches = [hmac.compare_digest(_sign(key, body), signature) for key in keys]
    return any(matches)


def _sign(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, "sha256")


def _write(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _read(token: str) -> bytes:
    """The bytes of a token, of which there is one spelling only."""
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ForgedLinkError from error
    if _write(data) != token:
        raise ForgedLinkError
    return data
