"""Bytes become text for certain, or refuse their row: nothing is replaced, dropped or guessed at."""

from __future__ import annotations

import random
import re

import pytest

from boucle.intake.encodings import Encoding, UndecodableError

MIXED = Encoding(("utf-8", "cp1252", "cp850"), "french")

TEXT = (
    "Très déçu du délai, l'hôtesse n'était pas là. Où êtes-vous ? Ça suffit, NOËL approche ; "
    "le maître-chien a mangé le gâteau de ma sœur à côté, coût 15 € (n° 3). « Goûtez » l'aïoli sûr."
)


def _cell(raw: bytes) -> str:
    return raw.decode("latin-1")


def _mix(text: str, random_: random.Random) -> bytes:
    """The text with each of its characters under an encoding of its own."""
    return b"".join(_encode(char, random_) for char in text)


def _encode(char: str, random_: random.Random) -> bytes:
    codecs = ["cp1252", "cp850"]
    random_.shuffle(codecs)
    return next(raw for codec in codecs if (raw := char.encode(codec, "ignore")))


@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "latin-1"])
def test_one_encoding_reads_its_own(codec: str) -> None:
    text = "Très déçu : 15 euros"
    assert Encoding((codec,)).decode(_cell(text.encode(codec))) == text


def test_utf_8_refuses_what_is_not() -> None:
    with pytest.raises(UndecodableError, match="byte 0xE9 cannot be read as utf-8: 'caf⟦E9⟧ noir'"):
        Encoding().decode("café noir")


def test_latin_1_refuses_what_it_would_turn_into_a_control_character() -> None:
    with pytest.raises(UndecodableError, match=r"control character U\+0082"):
        Encoding(("latin-1",)).decode(_cell("été".encode("cp850")))


@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "cp850"])
def test_a_cell_of_one_encoding_among_several_is_read(codec: str) -> None:
    text = "Très déçu, où étiez-vous ? Même le gâteau était brûlé."
    assert MIXED.decode(_cell(text.encode(codec))) == text


@pytest.mark.parametrize("seed", range(200))
def test_bytes_mixed_within_a_cell_are_read_right_or_refused(seed: int) -> None:
    raw = _mix(TEXT, random.Random(seed))  # noqa: S311 - no secret hangs on it
    marked = re.sub("⟦..⟧", "⟦", MIXED.show(_cell(raw)))
    wrong = [found for found, meant in zip(marked, TEXT, strict=True) if found not in {"⟦", meant}]
    assert not wrong
    if "⟦" not in marked:
        assert MIXED.decode(_cell(raw)) == TEXT


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"15\x80 de moins", "15€ de moins"),
        (b"\x80a suffit", "Ça suffit"),
        (b"fran\x80ais", None),
        (b"FRAN\x80AIS", "FRANÇAIS"),
        (b"co\x96t", "coût"),
        (b"oui \x96 non", "oui – non"),  # noqa: RUF001 - the dash is the point
        (b"M\xeame", "Même"),
        (b"\xaezen\xaf", "«zen»"),
        (b"N\xf8 3", "N° 3"),
        (b"vraiment\xa0!", "vraiment\u00a0!"),
        (b"o\x97 ", "où "),
    ],
)
def test_the_neighbours_of_a_byte_decide(raw: bytes, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(UndecodableError):
            MIXED.decode(_cell(raw))
    else:
        assert MIXED.decode(_cell(raw)) == expected


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"TR\xd4S", "0xD4 is 'Ô' in cp1252, 'È' in cp850, more than one of which could be meant: 'TR⟦D4⟧S'"),
        (b"nota\x97mment", "none of which fits here"),
        (b"d\xe9ja l\x85", "more than one of which could be meant"),
        (b"merci\xf5", "none of which fits here"),
        (b" \xa0 la caisse", "none of which fits here"),
    ],
)
def test_a_byte_that_neighbours_leave_open_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(UndecodableError) as caught:
        MIXED.decode(_cell(raw))
    assert message in str(caught.value)


def test_a_refused_cell_is_shown_for_mending_and_refused_until_mended() -> None:
    shown = MIXED.show(_cell(b"D\x82\x87u, TR\xd4S"))
    assert shown == "Déçu, TR⟦D4⟧S"
    with pytest.raises(UndecodableError, match="⟦D4⟧ marks a byte that could not be read"):
        Encoding().decode(_cell(shown.encode()))


def test_nul_is_refused_and_shown() -> None:
    with pytest.raises(UndecodableError, match=r"U\+0000"):
        Encoding().decode("a\x00b")
    assert Encoding().show("a\x00b") == "a⟦00⟧b"
