"""From the text of a map file to an `ImportMap`, or to every mistake in it."""

from __future__ import annotations

import re

from boucle.errors import Mistake
from boucle.intake.import_map import CommentFeed, ImportMap, Only, Text, as_key
from boucle.intake.map_dates import read_when
from boucle.intake.map_feeds import read_blank, read_feed
from boucle.intake.map_layout import read_file, read_numbers
from boucle.intake.map_mistakes import BadName, FeedsNothing, NotAMap
from boucle.intake.section import Section
from boucle.model import Person
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, read_yaml
from boucle.rules.worded import shortened

VERSION = "map/v1"
KEYS = (
    "boucle",
    "source",
    "file",
    "numbers",
    "missing",
    "blank",
    "only",
    "id",
    "id_prefix",
    "group_by",
    "customer",
    "contact",
    "person",
    "responded_at",
    "facts",
    "comments",
)
PERSON_KEYS = tuple(Person.model_fields)
COMMENT_KEYS = ("column", "question", "question_column", "missing")

_SOURCE = re.compile("[a-z0-9][a-z0-9-]*")


def read_map(text: str, file: str) -> tuple[ImportMap | None, list[Mistake]]:
    """Read one map file; None where it has a mistake. `file` is the name that places carry."""
    node, mistakes = read_yaml(text, file)
    if node is None:
        return None, mistakes
    not_a_map = _check_version(node)
    if not_a_map or not isinstance(node, Mapping_):
        return None, [*mistakes, *not_a_map]
    found = _read(Section(node, KEYS, mistakes))
    return (None if mistakes else found), sorted(mistakes, key=lambda mistake: mistake.place)


def _check_version(node: Node) -> list[Mistake]:
    if not isinstance(node, Mapping_):
        return [NotAMap(node.place)]
    version = node.find("boucle")
    if version is None:
        return [NotAMap(node.place)]
    if isinstance(version, Scalar) and version.text == VERSION:
        return []
    return [NotAMap(version.place, f", not '{shortened(getattr(version, 'text', '…'))}'")]


def _read(section: Section) -> ImportMap | None:
    when = read_when(section)
    source = read_source(section)
    missing = read_missing(section)
    blank = read_blank(section)
    entries = section.entries("facts")
    facts = [read_feed(section, name, node, missing, blank) for name, node in entries]
    comments = [_read_comment(section, node, missing) for node in section.items("comments")]
    if not facts and not comments:
        section.mistakes.append(FeedsNothing(section.place))
    prefix = section.text("id_prefix")
    layout, encoding = read_file(section)
    found = ImportMap(
        place=section.place,
        source=source,
        id=_read_id(section),
        id_prefix=prefix.text if prefix else "",
        responded_at=when,
        layout=layout,
        encoding=encoding,
        numbers=read_numbers(section),
        group_by=section.texts("group_by"),
        only=read_only(section),
        customer=section.text("customer"),
        contact=section.text("contact"),
        person=read_person(section),
        facts=tuple(feed for feed in facts if feed),
        comments=tuple(comment for comment in comments if comment),
    )
    return None if section.mistakes else found


def read_missing(section: Section) -> frozenset[str]:
    """The cells that say nothing."""
    return frozenset(as_key(text.text) for text in section.texts("missing"))


def read_source(section: Section) -> str:
    """Where the file comes from; whose keys its customers and contacts have."""
    section.require("source", "name where the file comes from, such as 'source: nps-survey'")
    found = section.text("source")
    if found and not _SOURCE.fullmatch(found.text):
        section.mistakes.append(BadName(found.place, shortened(found.text)))
    return found.text if found else ""


def _read_id(section: Section) -> tuple[Text, ...]:
    """The id's columns; those of `group_by` where the map names none."""
    if "id" not in section and "group_by" in section:
        return section.texts("group_by")
    section.require("id", "name the column that tells one response from another, such as 'id: response_id'")
    return section.texts("id")


def read_only(section: Section) -> tuple[Only, ...]:
    """Which rows count."""
    found = []
    for column, node in section.entries("only"):
        values = frozenset(as_key(text.text) for text in section.as_texts(column.text, node))
        found.append(Only(Text(column.text, column.place), values))
    return tuple(found)


def read_person(section: Section) -> dict[str, Text]:
    """The columns of what is personal."""
    inner = section.inner("person", PERSON_KEYS)
    found = {key: inner.text(key) for key in PERSON_KEYS} if inner else {}
    return {key: column for key, column in found.items() if column}


def _read_comment(section: Section, node: Node, missing: frozenset[str]) -> CommentFeed | None:
    if isinstance(node, Scalar):
        column = section.as_text("comments", node)
        return CommentFeed(column, missing=missing) if column else None
    inner = section.as_section("comments", node, COMMENT_KEYS)
    if inner is None:
        return None
    inner.exclude("question", "question_column")
    inner.require("column", "name the column of the comments")
    column, question = inner.text("column"), inner.text("question")
    if column is None:
        return None
    return CommentFeed(
        column=column,
        question=question.text if question else None,
        question_column=inner.text("question_column"),
        missing=missing | read_missing(inner),
    )
