"""Which characters stand where in French text: how a byte is told that two encodings read differently.

A file whose bytes were written under two encodings can only be read by asking, byte for byte, which
reading is French. `fits` is generous: it says no only to what does not occur, so that two readings
that could both be meant leave the byte undecided, and the row is refused instead of guessed at.
"""

from __future__ import annotations

_LOWER = "àâæçéèêëîïôœùûü"
_UPPER = "ÀÂÆÇÉÈÊËÎÏÔŒÙÛÜ"
_DASHES = "\u2013\u2014"
_OPENING_QUOTES = "«“\u2018"
_APOSTROPHE = "\u2019"
_NO_BREAK_SPACE = "\u00a0"

_SIGNS = _DASHES + _OPENING_QUOTES + _APOSTROPHE + _NO_BREAK_SPACE + "»”€°…"


def fits(character: str, before: str, after: str) -> bool:
    """Whether a character outside ASCII can stand in French between the texts before and after it."""
    left, right = before[-1:], after[:1]
    if character in _LOWER:
        return _fits_lower(character, left, right)
    if character in _UPPER:
        return _fits_upper(character, before, right)
    return character in _SIGNS and _fits_sign(character, before, after)


def _fits_lower(character: str, left: str, right: str) -> bool:
    if character == "ù":  # French has it in one word only: où
        return left in {"o", "O"} and not right.isalpha()
    if character == "à" and not left.isalpha() and not right.isalpha():
        return True
    return left.isalpha() or right.isalpha()


def _fits_upper(character: str, before: str, right: str) -> bool:
    left = before[-1:]
    if left.islower():
        return False
    if character == "Ù":
        return left == "O" and not right.isalpha()
    if character == "Û" and not left.isalpha():  # no French word begins with it
        return False
    if character == "Œ" and right not in set("uisdcntrvUISDCNTRV"):
        return False
    starts_word = not left.isalpha()
    if not right.isalpha():
        return not starts_word or character == "À"
    return starts_word or right.isupper()


def _fits_sign(character: str, before: str, after: str) -> bool:
    left, right = before[-1:], after[:1]
    match character:
        case "€":
            fit = before.rstrip()[-1:].isdigit() or after.lstrip()[:1].isdigit()
        case "°":
            fit = left.isdigit() or left in {"n", "N"}
        case _ if character in _OPENING_QUOTES:
            fit = not left.isalnum()
        case _ if character == _APOSTROPHE:
            fit = left.isalpha()
        case _ if character == _NO_BREAK_SPACE:
            fit = (right != "" and right in "?!:;»%€") or left == "«"
        case _ if character in _DASHES:
            fit = not (left.isalpha() or right.isalpha())
        case _:
            fit = not right.isalpha()
    return fit
