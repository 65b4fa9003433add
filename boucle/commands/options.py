"""Options that several commands share, and the closed lists that they take.

The lists repeat those of `boucle.model`, whose import would cost every command, `--version` too, a tenth of
a second; a test holds them equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from boucle.commands.output import Format

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="Folder with the boucle.toml; without it, the nearest one from here upwards.",
        exists=True,
        file_okay=False,
    ),
]
FolderArgument = Annotated[
    Path | None, typer.Argument(help="The workspace; without it, the nearest one.", file_okay=False)
]
FileArgument = Annotated[Path, typer.Argument(help="The file: CSV, XLSX or JSON lines.", dir_okay=False)]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]
ActorOption = Annotated[
    str | None,
    typer.Option("--as", envvar="BOUCLE_ACTOR", help="Who acts, by id; without it, your login name."),
]
ImporterOption = Annotated[
    str | None,
    typer.Option("--as", envvar="BOUCLE_ACTOR", help="Who imports; without it, your login name."),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]
TextOption = Annotated[str | None, typer.Option("--text", help="What to write down with it.")]
LoopArgument = Annotated[str, typer.Argument(help="The loop's id, or as much of it as is needed.")]

ChannelName = Literal["phone", "email", "sms", "visit", "chat"]
ResultName = Literal["reached", "no_reply", "left_message", "wrong_contact", "refused"]
ClosureName = Literal[
    "recovered",
    "not_recovered",
    "unreachable",
    "no_answer",
    "declined",
    "false_alarm",
    "withdrawn",
    "completed",
]
LoopStateName = Literal["open", "in_progress", "closed"]
