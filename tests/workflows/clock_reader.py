"""A play that does what plays must not do."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import workflow

from boucle.workflows.play import Play

with workflow.unsafe.imports_passed_through():
    from boucle.standing import LoopRef


@workflow.defn
class ClockReader(Play):
    """Reads the machine's clock."""

    @workflow.run
    async def run(self, ref: LoopRef) -> str:
        """A replay would see another time than the first run."""
        return f"{ref.loop} {datetime.now(UTC)}"
