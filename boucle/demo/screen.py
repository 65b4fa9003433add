"""What the demo shows while it runs: its steps, and a table that moves while the loops are driven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from boucle.demo.driver import Driver

_EVERY = 10


class Screen:
    """Writes to stderr: the result on stdout stays clean."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._steps = 0
        self._live: Live | None = None
        self._told = 0

    def step(self, what: str, detail: str) -> None:
        """Announce the next step."""
        self._steps += 1
        self._console.print(f"[bold]{self._steps}. {what}[/bold]")
        if detail:
            self._console.print(f"   {detail}", style="dim", soft_wrap=True)

    @contextmanager
    def live(self) -> Iterator[None]:
        """A live table on a terminal; elsewhere a line now and then."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=8, transient=True) as self._live:
            yield
        self._live = None

    def progress(self, driver: Driver, loops: int) -> None:
        """Show how far the driver is."""
        if self._live is not None:
            self._live.update(_table(driver, loops))
        elif driver.ended >= self._told + _EVERY or (driver.ended == loops and self._told < loops):
            self._told = driver.ended
            self._console.print(f"   {driver.ended} of {loops} loops closed, {driver.acts} acts", style="dim")


def _table(driver: Driver, loops: int) -> Table:
    table = Table("loops", "closed", "acts of people and customers")
    table.add_row(str(loops), str(driver.ended), str(driver.acts))
    return table
