"""A small good import map, the header of its file, and what a row of it becomes."""

from __future__ import annotations

from functools import cache

from boucle.errors import Mistake
from boucle.intake.binding import Binding, bind
from boucle.intake.customers_map import read_customers_map
from boucle.intake.drafts import Draft, read_draft
from boucle.intake.encodings import Encoding
from boucle.intake.import_map import ImportMap
from boucle.intake.joining import Rejection, Skipped, join
from boucle.intake.map_file import read_map
from boucle.intake.row import Row
from boucle.intake.statements import bind_customers
from boucle.model import Response
from boucle.rules.catalogue import Catalogue
from tests.unit.small_workspace import FACTS, RULES, read

HEADER = ("id", "date", "score", "delivery", "segment", "arr", "tags", "comment", "why", "why", "follow_up")

MAP = """\
boucle: map/v1
source: survey
id: id
responded_at: {column: date, zone: Europe/Paris}
facts:
  nps: score
"""

DERIVED = """\
derived:
  history.detractors: {count: responses, where: nps in 0..6, per: customer}
"""


@cache
def catalogue() -> Catalogue:
    """The small workspace's catalogue with one derived fact."""
    texts = {"facts.yaml": FACTS + DERIVED, "policy.yaml": "boucle: policy/v1\nmax_age: 14 days\n"}
    workspace, mistakes = read({**texts, "rules/nps.yaml": RULES})
    assert workspace is not None, mistakes
    return workspace.catalogue


def read_good(text: str) -> ImportMap:
    map_, mistakes = read_map(text, "map.yaml")
    assert map_ is not None, [f"{one.place}: {one.message}" for one in mistakes]
    return map_


def find_mistakes(text: str, header: tuple[str, ...] = HEADER) -> list[Mistake]:
    """Every mistake of a map, in itself or against the header and the catalogue."""
    map_, mistakes = read_map(text, "map.yaml")
    return mistakes if map_ is None else bind(map_, header, "responses.csv", catalogue())[1]


def find_mistakes_of_customers(text: str, header: tuple[str, ...] = HEADER) -> list[Mistake]:
    """Every mistake of a map of customers, in itself or against the header and the catalogue."""
    map_, mistakes = read_customers_map(text, "map.yaml")
    if map_ is None:
        return mistakes
    return bind_customers(map_.columns, header, "customers.csv", catalogue())[1]


def bound(text: str, header: tuple[str, ...] = HEADER) -> Binding:
    binding, mistakes = bind(read_good(text), header, "responses.csv", catalogue())
    assert binding is not None, [f"{one.place}: {one.message}" for one in mistakes]
    return binding


def read_rows(text: str, header: str, *rows: str) -> Response | Rejection | Skipped:
    """What the rows of one respondent become; header and rows are written with `|` between the cells."""
    binding = bound(text, tuple(header.split("|")))
    drafts: list[Draft] = []
    for number, cells in enumerate(rows, 2):
        raw = tuple(cell.encode().decode("latin-1") for cell in cells.split("|"))
        draft = read_draft(binding, Row(number, raw), Encoding())
        assert draft is not None
        drafts.append(draft)
    return join(binding, drafts)


def read_good_rows(text: str, header: str, *rows: str) -> Response:
    found = read_rows(text, header, *rows)
    assert isinstance(found, Response), found
    return found


def read_bad_rows(text: str, header: str, *rows: str) -> Rejection:
    found = read_rows(text, header, *rows)
    assert isinstance(found, Rejection), found
    return found
