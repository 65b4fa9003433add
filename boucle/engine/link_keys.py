"""The keys that links are signed with: from the settings, or a file made once beside the database."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from boucle.engine.links import KEY_BYTES, LinkKeys
from boucle.errors import BoucleError

FILE = "link-keys"
_MODE = 0o600


class BadLinkKeyError(BoucleError):
    """A key that is not one; its text is left out, it is a secret."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where}: a key for links is {2 * KEY_BYTES} or more hexadecimal digits; make one with "
            f"python -c 'import secrets; print(secrets.token_hex({KEY_BYTES}))'"
        )


def read_keys(given: Sequence[str], folder: Path) -> LinkKeys:
    """The keys that were given, else those of the folder's file, which is made at the first asking.

    BadLinkKeyError. Several processes that ask at once get the same key.
    """
    if given:
        return _parse(given, "the setting link_keys")
    path = folder / FILE
    if not path.exists():
        _make(path)
    return _parse(path.read_text("ascii").split(), str(path))


def _make(path: Path) -> None:
    """Write a new key beside its place, then put it there unless another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            _place(draft, path)
    finally:
        draft.unlink()


def _place(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return


def _parse(texts: Sequence[str], where: str) -> LinkKeys:
    try:
        return LinkKeys(tuple(bytes.fromhex(text) for text in texts))
    except ValueError as error:
        raise BadLinkKeyError(where) from error
