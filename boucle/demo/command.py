"""`boucle demo`: the whole product on a fictional company, in a few minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from boucle.commands.options import FormatOption
from boucle.commands.output import show


def demo(
    folder: Annotated[
        Path,
        typer.Option("--folder", help="Where to work; an earlier demo there is replaced.", file_okay=False),
    ] = Path("boucle-demo"),
    *,
    format_: FormatOption = "text",
) -> None:
    """Play a fictional company's survey from the file to the last closed loop, and leave a report.

    Customers and colleagues are played by a script, in fast motion; rules, workflows, messages (files)
    and history are the real ones. Nothing leaves this machine.
    """
    from boucle.demo.report import write_report
    from boucle.demo.run import REPORT, play
    from boucle.demo.screen import Screen
    from boucle.demo.summary import summarise, values

    folder = folder.resolve()
    played = play(folder, Screen())
    write_report(played, folder / REPORT)
    lines = [
        summarise(played),
        "",
        f"report: {folder / REPORT}",
        f"look around: cd {folder} && boucle loops list",
    ]
    show(values(played, folder / REPORT), "\n".join(lines), format_)
    played.database.dispose()
