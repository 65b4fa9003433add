"""The part of a map that says what feeds each fact."""

from __future__ import annotations

import re

from boucle.intake.import_map import Blank, Feed, Text, Unlisted, as_key
from boucle.intake.map_dates import read_formats, read_zone
from boucle.intake.map_mistakes import BadScale, Exclusive
from boucle.intake.section import Section
from boucle.rules.strict_yaml.source import Node, Scalar
from boucle.rules.worded import shortened

FEED_KEYS = (
    "column",
    "constant",
    "values",
    "unlisted",
    "reverse",
    "missing",
    "blank",
    "format",
    "zone",
    "separator",
)
_SCALE = re.compile(r"(-?[0-9]{1,6})\.\.(-?[0-9]{1,6})")
_WITH_COLUMN = tuple(key for key in FEED_KEYS if key not in {"column", "constant"})


def read_feed(
    section: Section, name: Scalar, node: Node, missing: frozenset[str], blank: Blank
) -> Feed | None:
    """What feeds one fact: a column's name alone, or a mapping that says more."""
    fact = Text(name.text, name.place)
    if isinstance(node, Scalar):
        column = section.as_text(name.text, node)
        return Feed(fact, column, missing=missing, blank=blank) if column else None
    inner = section.as_section(name.text, node, FEED_KEYS)
    if inner is None:
        return None
    _check_keys(inner, name.text)
    return Feed(
        fact=fact,
        column=inner.text("column"),
        constant=inner.text("constant"),
        values=_read_values(inner),
        unlisted=_read_unlisted(inner),
        reverse=_read_scale(inner),
        missing=missing | {as_key(text.text) for text in inner.texts("missing")},
        blank=read_blank(inner, blank),
        formats=read_formats(inner, inner.texts("format")),
        zone=read_zone(inner),
        separator=found.text if (found := inner.text("separator")) else ";",
    )


def read_blank(section: Section, default: Blank = "unknown") -> Blank:
    """What a response is whose cell is blank: one with an unknown fact, or none at all."""
    choices: tuple[Blank, ...] = ("unknown", "skip")
    return section.choice("blank", choices, default)


def _check_keys(inner: Section, fact: str) -> None:
    inner.exclude("values", "reverse")
    if "constant" in inner:
        for key in ("column", *_WITH_COLUMN):
            inner.exclude("constant", key)
    elif "column" not in inner:
        what = f"nothing feeds '{fact}': give 'column' or 'constant'"
        inner.mistakes.append(Exclusive(inner.place, what))
    elif "unlisted" in inner and "values" not in inner:
        what = "'unlisted' says what a cell outside 'values' is, and there are no 'values'"
        inner.mistakes.append(Exclusive(inner.place_of("unlisted"), what))


def _read_unlisted(inner: Section) -> Unlisted:
    choices: tuple[Unlisted, ...] = ("reject", "unknown", "keep")
    return inner.choice("unlisted", choices, "reject")


def _read_values(inner: Section) -> dict[str, Text]:
    found = {as_key(key.text): inner.as_text(key.text, node) for key, node in inner.entries("values")}
    return {cell: value for cell, value in found.items() if value}


def _read_scale(inner: Section) -> tuple[int, int] | None:
    found = inner.text("reverse")
    if found is None:
        return None
    scale = _SCALE.fullmatch(found.text)
    if scale is None or int(scale[1]) >= int(scale[2]):
        inner.mistakes.append(BadScale(found.place, shortened(found.text)))
        return None
    return int(scale[1]), int(scale[2])
