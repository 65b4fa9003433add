"""Good data files, mutated: every row is accepted or refused, none is lost, and nothing ever crashes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from openpyxl import Workbook

from boucle.intake.batch import Batch, UnfitMapError, read_batch
from boucle.intake.import_map import ImportMap
from boucle.intake.rejects import write_rejects
from boucle.intake.row import UnreadableFileError
from tests.unit.small_map import catalogue, read_good

MUTATIONS, PARTS = 400, 4

START = """\
boucle: map/v1
source: survey
file: {encoding: {any_of: [utf-8, cp1252, cp850], language: french}}
responded_at: {column: date, format: [D/M/YYYY, M/D/YYYY], zone: UTC}
facts: {nps: score, customer.arr: arr, customer.tags: tags, consent.follow_up: ok}
comments: comment
"""
MAPS = [read_good(START + "id: id\n"), read_good(START + "id: id\ngroup_by: id\n")]
GOOD = "id,date,score,arr,tags,ok,comment\n" + "".join(
    f'r{number},{number}/2/2026,{number % 11},{number}.50,vip;legal_hold,yes,"très ""déçu"",\nà {number}"\n'
    for number in range(1, 13)
)
SPICE = [
    b"",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xe9",
    b"\x82",
    b"\xd4",
    b"\xff",
    b";",
    b"\xc2\x85",
    b"  ",
    b"=1",
]


def _mutate(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(content) + 1)
        content = content[:at] + rng.choice(SPICE) + content[at + rng.randint(0, 2) :]
    return content


def _read(map_: ImportMap, path: Path) -> Batch | None:
    try:
        return read_batch(map_, path, catalogue())
    except (UnreadableFileError, UnfitMapError):
        return None


def _account(batch: Batch, map_: ImportMap) -> None:
    counts = batch.counts
    assert len(batch.responses) == counts.responses
    assert sum(len(found.rows) for found in batch.rejections) == counts.rejected_rows
    if not map_.group_by:
        assert counts.responses + counts.rejected_rows == counts.rows
    assert all("\ufffd" not in verbatim.text for found in batch.responses for verbatim in found.verbatims)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_mutated_csv_is_accounted_for_row_by_row(part: int, tmp_path: Path) -> None:
    path, rejects = tmp_path / "responses.csv", tmp_path / "rejects.csv"
    read = 0
    for seed in range(part, MUTATIONS, PARTS):
        rng = random.Random(seed)  # noqa: S311 - no secret hangs on it
        map_ = rng.choice(MAPS)
        path.write_bytes(_mutate(GOOD.encode(rng.choice(["utf-8", "cp1252", "cp850"])), rng))
        batch = _read(map_, path)
        if batch is None:
            continue
        read += 1
        _account(batch, map_)
        write_rejects(batch, rejects)
        unmended = read_batch(map_, rejects, catalogue())
        assert unmended.responses == [], f"seed {seed}: a refused row was accepted without a mend"
    assert read > MUTATIONS / PARTS / 2, "the mutations are too rough to say anything"


def test_a_mutated_workbook_is_read_or_refused(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for line in GOOD.replace('"', "").splitlines():
        sheet.append(line.split(","))
    good, path = tmp_path / "good.xlsx", tmp_path / "responses.xlsx"
    workbook.save(good)
    content = good.read_bytes()
    refused = 0
    for seed in range(150):
        path.write_bytes(_mutate(content, random.Random(seed)))  # noqa: S311 - as above
        refused += _read(MAPS[0], path) is None
    assert refused > 0
