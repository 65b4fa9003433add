"""The part of a map that says how the file is written: layout, encoding, numbers."""

from __future__ import annotations

from boucle.intake.encodings import CODECS, LANGUAGES, Encoding
from boucle.intake.import_map import Text
from boucle.intake.map_mistakes import BadSign
from boucle.intake.numbers import NumberFormat
from boucle.intake.section import Section
from boucle.intake.sheets import Layout
from boucle.rules.strict_yaml.source import Mapping_

FILE_KEYS = ("delimiter", "encoding", "header_row", "skip_after_header", "sheet")
ENCODING_KEYS = ("any_of", "language")
NUMBER_KEYS = ("decimal", "thousands")

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", ",": ",", ";": ";", "|": "|"}
DECIMALS = (".", ",")
THOUSANDS = (" ", ",", ".", "'")


def read_file(section: Section) -> tuple[Layout, Encoding]:
    """How the file is written, from `file:`; UTF-8 with commas and one header row where nothing is said."""
    inner = section.inner("file", FILE_KEYS)
    return (_read_layout(inner), _read_encoding(inner)) if inner else (Layout(), Encoding())


def _read_layout(inner: Section) -> Layout:
    delimiter, sheet = inner.text("delimiter"), inner.text("sheet")
    if delimiter and delimiter.text not in DELIMITERS:
        inner.refuse_choice("delimiter", delimiter, tuple(DELIMITERS))
    return Layout(
        header_row=inner.number("header_row", 1, 1),
        skip_after_header=inner.number("skip_after_header", 0, 0),
        delimiter=DELIMITERS.get(delimiter.text, ",") if delimiter else ",",
        sheet=sheet.text if sheet else None,
    )


def _read_encoding(inner: Section) -> Encoding:
    found = inner.node.find("encoding")
    if isinstance(found, Mapping_):
        return _read_several(Section(found, ENCODING_KEYS, inner.mistakes))
    name = inner.text("encoding")
    return Encoding(_codecs(inner, (name,) if name else ()) or ("utf-8",))


def _read_several(several: Section) -> Encoding:
    if not several.require("any_of", "list the encodings that occur in the file"):
        return Encoding()
    language = "french"
    if several.require("language", "name the language whose letters decide, such as 'language: french'"):
        language = several.choice("language", tuple(LANGUAGES), language)
    codecs = _codecs(several, several.texts("any_of"))
    return Encoding(codecs or ("utf-8",), language)


def _codecs(section: Section, names: tuple[Text, ...]) -> tuple[str, ...]:
    for name in names:
        if name.text.lower() not in CODECS:
            section.refuse_choice("encoding", name, tuple(CODECS))
    return tuple(CODECS[name.text.lower()] for name in names if name.text.lower() in CODECS)


def read_numbers(section: Section) -> NumberFormat:
    """The decimal sign and the sign between thousands, from `numbers:`."""
    inner = section.inner("numbers", NUMBER_KEYS)
    if inner is None:
        return NumberFormat()
    decimal = inner.choice("decimal", DECIMALS, ".")
    thousands = inner.choice("thousands", THOUSANDS, "") or None
    if thousands == decimal:
        how = "the decimal sign and the sign between thousands must differ"
        inner.mistakes.append(BadSign(inner.place_of("thousands"), decimal, "sign between thousands", how))
    return NumberFormat(decimal, thousands)
