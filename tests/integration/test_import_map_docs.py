"""docs/import-maps.md: every example comes out as it says, every key and every code is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from boucle.intake import map_dates, map_feeds, map_file, map_layout, map_mistakes
from boucle.intake.batch import Batch, read_batch
from boucle.intake.joining import Rejection
from boucle.model import FactValue, Response, Verbatim
from boucle.rules.worded import Worded
from tests.unit.small_map import catalogue, read_good

PAGE = (Path(__file__).parents[2] / "docs" / "import-maps.md").read_text("utf-8")
LEFT_OUT = {
    "boucle": "boucle: map/v1\n",
    "source": "source: survey\n",
    "id": "id: id\n",
    "responded_at": "responded_at: {column: date, zone: Europe/Paris}\n",
    "facts": "facts: {nps: score}\n",
}
BLOCKS = re.findall(r"```(yaml|csv|csv bytes|text)\n(.*?)```", PAGE, re.DOTALL)


def _examples() -> list[tuple[str, bytes, str]]:
    """The map, the file and what comes of it, of each example."""
    kinds = [kind.split()[0] for kind, _ in BLOCKS]
    assert kinds == ["yaml", "csv", "text"] * (len(BLOCKS) // 3)
    texts = [(_to_bytes(text) if kind == "csv bytes" else text.encode()) for kind, text in BLOCKS]
    return [(texts[at].decode(), texts[at + 1], texts[at + 2].decode()) for at in range(0, len(texts), 3)]


def _to_bytes(text: str) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), text.encode())


def _whole(fragment: str) -> str:
    keys = set(re.findall(r"^(\w+):", fragment, re.MULTILINE))
    given = keys | ({"id"} if "group_by" in keys else set())
    return "".join(text for key, text in LEFT_OUT.items() if key not in given) + fragment


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example[0].splitlines()[0])
def test_every_example_comes_out_as_it_says(example: tuple[str, bytes, str], tmp_path: Path) -> None:
    map_text, content, expected = example
    path = tmp_path / "responses.csv"
    path.write_bytes(content)
    batch = read_batch(read_good(_whole(map_text)), path, catalogue())
    assert sorted(_show(batch)) == sorted(expected.splitlines())


def _show(batch: Batch) -> Iterator[str]:
    yield from (_show_response(response) for response in batch.responses)
    yield from (_show_rejection(rejection) for rejection in batch.rejections)
    if batch.counts.skipped:
        yield f"skipped: {batch.counts.skipped}"


def _show_response(found: Response) -> str:
    facts = {name: value for name, value in sorted(found.facts.items()) if name != "comment.text"}
    parts = [
        f"{found.source_id} {_show_instant(found.responded_at)} {found.dating}",
        " ".join(f"{name}={_show_value(value)}" for name, value in facts.items()),
        " ".join(_show_verbatim(verbatim) for verbatim in found.verbatims),
        ", ".join(_show_who(found)),
    ]
    return " | ".join(part for part in parts if part)


def _show_instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%MZ")


def _show_value(value: FactValue) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, datetime):
        return _show_instant(value)
    return str(value.normalize() if isinstance(value, Decimal) else value)


def _show_verbatim(verbatim: Verbatim) -> str:
    return f'"{verbatim.text}"' + (f" ({verbatim.question})" if verbatim.question else "")


def _show_who(found: Response) -> Iterator[str]:
    if found.customer:
        yield f"customer {found.customer}"
    if found.contact:
        yield f"contact {found.contact}"
    if found.person:
        yield from (text for text in (found.person.name, found.person.email, found.person.phone) if text)


def _show_rejection(found: Rejection) -> str:
    where = f"row {found.problems[0].row}" + (f", {found.column}" if found.column else "")
    return f"rejected: {where}: {found.message}"


def test_every_key_is_explained() -> None:
    keys = {
        *map_file.KEYS,
        *map_file.PERSON_KEYS,
        *map_file.COMMENT_KEYS,
        *map_layout.FILE_KEYS,
        *map_layout.ENCODING_KEYS,
        *(f"numbers.{key}" for key in map_layout.NUMBER_KEYS),
        *map_dates.WHEN_KEYS,
        *map_feeds.FEED_KEYS,
    }
    explained = set(re.findall(r"`([a-z_.]+)(?::[^`]*)?`", PAGE)) | {"boucle"}
    assert keys - explained == set()


def test_every_code_is_listed() -> None:
    codes = [
        found.code
        for found in vars(map_mistakes).values()
        if isinstance(found, type) and issubclass(found, Worded) and found is not Worded
    ]
    assert re.findall(r"^\| (M[0-9]{3}) \|", PAGE, re.MULTILINE) == sorted(codes)
