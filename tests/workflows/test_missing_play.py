"""A loop whose play is not installed waits for it; nothing that it reserved is given back."""

from __future__ import annotations

from sqlmodel import select

from boucle.engine.tables import OutboxRow
from tests.workflows.world import World, eventually


async def test_a_start_waits_for_its_play(world: World) -> None:
    loop = world.open_loop("not_installed", {})

    def tried() -> OutboxRow | None:
        with world.database.reading() as session:
            row = session.exec(select(OutboxRow).where(OutboxRow.loop_id == loop)).one()
            return row if row.tries else None

    row = await eventually(tried, 20)
    assert row is not None
    assert (row.state, row.problem) == ("pending", "unknown_play")
