"""docs/customers.md: its example comes out as it says, and every key of a map is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from boucle.engine.plain import write_facts
from boucle.intake.customers_map import KEYS, read_customers_map
from boucle.intake.statements import StatementBatch, read_statements
from boucle.model import Statement
from tests.unit.small_map import catalogue

PAGE = (Path(__file__).parents[2] / "docs" / "customers.md").read_text("utf-8")
[(MAP, FILE, EXPECTED)] = re.findall(
    r"```yaml\n(.*?)```\s+```csv\n(.*?)```\s+```text\n(.*?)```", PAGE, re.DOTALL
)


def test_the_example_comes_out_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(FILE, "utf-8")
    map_, mistakes = read_customers_map(MAP, "map.yaml")
    assert map_ is not None, mistakes
    batch = read_statements(map_, path, catalogue(), datetime(2026, 3, 10, tzinfo=UTC))
    assert list(_show(batch)) == EXPECTED.splitlines()


def _show(batch: StatementBatch) -> Iterator[str]:
    yield from (_show_statement(one) for one in batch.statements)
    for one in batch.rejections:
        yield f"rejected: row {one.numbers[0]}, {one.column}: {one.message}"


def _show_statement(said: Statement) -> str:
    known = {name: value for name, value in said.facts.items() if value is not None}
    who = [*filter(None, (said.customer, said.contact)), said.as_of.strftime("%Y-%m-%dT%H:%MZ")]
    facts = (f"{name}={_plain(value)}" for name, value in sorted(write_facts(known).items()))
    person = said.person.model_dump(exclude_none=True).values() if said.person else ()
    return " | ".join(part for part in (" ".join(who), " ".join(facts), ", ".join(person)) if part)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_key_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| `.*? \|", PAGE, re.MULTILINE))))
    assert set(KEYS) - {"boucle"} <= told
