"""Ids of our own: opaque, random, never a source's."""

from __future__ import annotations

import base64
import secrets

_BYTES = 16


def new_id() -> str:
    """26 lower-case letters and digits, 128 random bits."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()
