"""A map of customers: which column of a file feeds which fact of a customer or contact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from boucle.errors import Mistake
from boucle.intake.import_map import Dated, Feed, ImportMap, Stated
from boucle.intake.map_dates import read_when
from boucle.intake.map_feeds import read_blank, read_feed
from boucle.intake.map_file import read_missing, read_only, read_person, read_source
from boucle.intake.map_layout import read_file, read_numbers
from boucle.intake.map_mistakes import FeedsNothing, MissingKey, NoPartyFor, NotACustomersMap, NotOfCustomers
from boucle.intake.section import Section
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, read_yaml
from boucle.rules.worded import shortened

VERSION = "customers/v1"
KEYS = (
    "boucle",
    "source",
    "said_by",
    "file",
    "numbers",
    "missing",
    "blank",
    "only",
    "customer",
    "contact",
    "person",
    "as_of",
    "facts",
)
_PARTIES = {"customer": "customer", "contact": "contact", "consent": "contact"}
"""Whose each fact is, by the first part of its name."""
_UNSAID = Stated(datetime.fromtimestamp(0, UTC))
"""What stands for the instant of the import until a file is read."""


@dataclass(frozen=True)
class CustomersMap:
    """A map of customers, sound in itself. `when` is None where the file's facts have no date of their own.

    `said_by` names who keeps the file, as the facts will name it.
    """

    columns: ImportMap
    said_by: str
    when: Dated | Stated | None


def read_customers_map(text: str, file: str) -> tuple[CustomersMap | None, list[Mistake]]:
    """Read one map; None where it has a mistake. `file` is the name that places carry."""
    node, mistakes = read_yaml(text, file)
    if node is None:
        return None, mistakes
    found = _find_version(node)
    if found != VERSION or not isinstance(node, Mapping_):
        said = f", not '{shortened(found)}'" if found else ""
        return None, [*mistakes, NotACustomersMap(node.place, said)]
    read = _read(Section(node, KEYS, mistakes))
    return (None if mistakes else read), sorted(mistakes, key=lambda mistake: mistake.place)


def party_of(fact: str) -> str | None:
    """Whose fact it is: `customer` or `contact`; None: a response's."""
    return _PARTIES.get(fact.partition(".")[0])


def _find_version(node: Node) -> str | None:
    version = node.find("boucle") if isinstance(node, Mapping_) else None
    return version.text if isinstance(version, Scalar) else None


def _read(section: Section) -> CustomersMap:
    layout, encoding = read_file(section)
    missing, blank = read_missing(section), read_blank(section)
    entries = section.entries("facts")
    feeds = [read_feed(section, name, node, missing, blank) for name, node in entries]
    said_by = section.text("said_by")
    when = read_when(section, "as_of") if "as_of" in section else None
    columns = ImportMap(
        place=section.place,
        source=read_source(section),
        id=(),
        responded_at=when or _UNSAID,
        layout=layout,
        encoding=encoding,
        numbers=read_numbers(section),
        only=read_only(section),
        customer=section.text("customer"),
        contact=section.text("contact"),
        person=read_person(section),
        facts=tuple(feed for feed in feeds if feed),
        about="statement",
    )
    section.mistakes.extend(_check(section, columns))
    return CustomersMap(columns, said_by.text if said_by else columns.source, when)


def _check(section: Section, columns: ImportMap) -> Iterator[Mistake]:
    if not columns.customer and not columns.contact:
        how = "name the column of the customer's key, of the contact's, or of both"
        yield MissingKey(section.place, "customer", how)
    if not columns.facts and not columns.person:
        yield FeedsNothing(section.place, "which fact, such as 'customer.segment: segment'")
    for feed in columns.facts:
        yield from _check_party(feed, columns)
    if columns.person and not columns.contact:
        yield NoPartyFor(section.place_of("person"), "person", "contact")


def _check_party(feed: Feed, columns: ImportMap) -> Iterator[Mistake]:
    name = feed.fact.text
    party = party_of(name)
    named = {"customer": columns.customer, "contact": columns.contact}
    if party is None:
        yield NotOfCustomers(feed.fact.place, name)
    elif not named[party]:
        yield NoPartyFor(feed.fact.place, name, party)
