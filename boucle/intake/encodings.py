"""From the bytes of a cell to its text, or to the reason why it cannot be read.

Nothing is replaced or dropped: a byte that no declared encoding explains, or that two explain
differently, refuses its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from boucle.intake import french

CODECS: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
    "latin-1": "latin-1",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "cp850": "cp850",
    "cp437": "cp437",
    "mac-roman": "mac-roman",
}
"""The encodings that a map may name, and Python's names of them."""

Fits = Callable[[str, str, str], bool]
LANGUAGES: Mapping[str, Fits] = {"french": french.fits}
"""The languages that can decide between two readings of one byte."""

_ASCII = 128
_UNMENDED = re.compile("⟦[0-9A-F]{2,4}⟧")
_CONTROL = re.compile("[\x00\x80-\x9f\ud800-\udfff]")


class UndecodableError(ValueError):
    """A cell whose bytes cannot be read for certain; the text says which byte, and why."""


@dataclass(frozen=True)
class Encoding:
    """How cells are decoded: one codec, or several with a language that decides byte by byte."""

    codecs: tuple[str, ...] = ("utf-8",)
    language: str | None = None

    def decode(self, cell: str) -> str:
        """The text of a cell whose bytes are given as Latin-1 characters; UndecodableError."""
        return check_text(cell if cell.isascii() else self._decode(cell.encode("latin-1")))

    def show(self, cell: str) -> str:
        """A refused cell for a person to mend: what is certain as text, each unread byte as ⟦D4⟧."""
        raw = cell.encode("latin-1")
        if self.language is None:
            return mark_controls(_show_with(self.codecs[0], raw))
        whole = self._decode_utf_8(raw)
        return mark_controls(whole or "".join(piece for piece, _ in self._pieces(raw)))

    def _decode(self, raw: bytes) -> str:
        if self.language is None:
            return _decode_with(self.codecs[0], raw)
        whole = self._decode_utf_8(raw)
        if whole is not None:
            return whole
        pieces = list(self._pieces(raw))
        problem = next((problem for _, problem in pieces if problem), None)
        if problem:
            raise UndecodableError(problem)
        return "".join(piece for piece, _ in pieces)

    def _decode_utf_8(self, raw: bytes) -> str | None:
        """The whole cell in UTF-8, which other encodings hardly ever imitate; None where it is not."""
        try:
            return raw.decode("utf-8") if "utf-8" in self.codecs else None
        except UnicodeDecodeError:
            return None

    def _pieces(self, raw: bytes) -> Iterator[tuple[str, str | None]]:
        """Byte by byte, from the left: its text, or its mark and why it cannot be read."""
        before = ""
        for index, byte in enumerate(raw):
            problem = None
            if byte < _ASCII:
                piece = chr(byte)
            else:
                piece, problem = self._choose(byte, before, raw[index + 1 :])
            before += piece
            yield piece, problem

    def _choose(self, byte: int, before: str, following: bytes) -> tuple[str, str | None]:
        fits = LANGUAGES[self.language or ""]
        readings = self._readings[byte]
        contexts = self._contexts(following)
        fitting = {char for char in readings.values() for after in contexts if fits(char, before, after)}
        if len(fitting) == 1:
            return fitting.pop(), None
        return _mark(byte), _undecided(byte, readings, fitting, before, following)

    def _contexts(self, following: bytes) -> list[str]:
        """What may follow: each reading of the next byte, so that none is ruled out too early."""
        rest = following[1:16].decode("ascii", "ignore")
        if not following or following[0] < _ASCII:
            return [following[:1].decode("ascii") + rest]
        return [char + rest for char in self._readings[following[0]].values()] or [""]

    @cached_property
    def _readings(self) -> Mapping[int, Mapping[str, str]]:
        """For each byte beyond ASCII, the letter or sign that each one-byte codec reads."""
        single = [codec for codec in self.codecs if not codec.startswith("utf")]
        return {byte: _readings_of(byte, single) for byte in range(_ASCII, 256)}


def _readings_of(byte: int, codecs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for codec in codecs:
        char = bytes([byte]).decode(codec, "ignore")
        if char and not _CONTROL.match(char):
            found[codec] = char
    return found


def _decode_with(codec: str, raw: bytes) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        at = error.start
        around = f"'{_ascii(raw[max(0, at - 12) : at])}{_mark(raw[at])}{_ascii(raw[at + 1 : at + 12])}'"
        raise UndecodableError(f"byte 0x{raw[at]:02X} cannot be read as {codec}: {around}") from error


def _show_with(codec: str, raw: bytes) -> str:
    shown = ""
    while raw:
        try:
            return shown + raw.decode(codec)
        except UnicodeDecodeError as error:
            shown += raw[: error.start].decode(codec) + _mark(raw[error.start])
            raw = raw[error.start + 1 :]
    return shown


def _undecided(
    byte: int, readings: Mapping[str, str], fitting: set[str], before: str, following: bytes
) -> str:
    around = f"'{_on_one_line(before[-12:])}{_mark(byte)}{_ascii(following[:12])}'"
    if not readings:
        return f"byte 0x{byte:02X} is no character in the map's encodings: {around}"
    which = ", ".join(f"'{char}' in {codec}" for codec, char in readings.items())
    verdict = "more than one of which could be meant" if fitting else "none of which fits here"
    return f"byte 0x{byte:02X} is {which}, {verdict}: {around}"


def _mark(code: int) -> str:
    return f"⟦{code:02X}⟧"


def _ascii(raw: bytes) -> str:
    return _on_one_line("".join(chr(byte) if byte < _ASCII else _mark(byte) for byte in raw))


def _on_one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def check_text(text: str) -> str:
    """The text, unless it holds what no text holds: NUL, C1 controls, a byte marked as unread."""
    unmended = _UNMENDED.search(text)
    if unmended:
        raise UndecodableError(f"{unmended[0]} marks a byte that could not be read; write its character")
    control = _CONTROL.search(text)
    if control:
        raise UndecodableError(f"the control character U+{ord(control[0]):04X} stands in the text")
    return text


def mark_controls(text: str) -> str:
    """The text with what `check_text` refuses made visible."""
    return _CONTROL.sub(lambda found: _mark(ord(found[0])), text)
