"""`boucle unconfirmed`: messages and offers of which nobody knows whether they went out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import ActorOption, FormatOption, WorkspaceOption
from boucle.commands.output import show, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boucle.engine.tables import EffectRow


def list_(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """List what waits for a person to say whether it went out, the oldest first."""
    from boucle.commands.opening import opened
    from boucle.engine.effects import unconfirmed

    with opened(workspace) as here, here.database.reading() as session:
        rows = unconfirmed(session)
        told = [
            row.model_dump(include={"key", "loop_id", "round", "step", "kind", "spec", "intended_at"})
            for row in rows
        ]
        show(told, lambda: _effect_table(rows), format_)


def settle(
    effect: Annotated[str, typer.Argument(help="The effect's key, or as much of it as is needed.")],
    *,
    sent: Annotated[
        bool, typer.Option("--sent/--not-sent", help="Whether it went out; if not, it is tried again.")
    ],
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say whether an unconfirmed effect went out."""
    from boucle.commands.acting import act
    from boucle.commands.opening import opened
    from boucle.engine.effects import find_effect
    from boucle.model import ActKind

    with opened(workspace) as here, here.database.reading() as session:
        row = find_effect(session, effect)
    act(
        row.loop_id,
        ActKind.SETTLE,
        {"effect": row.key, "sent": sent},
        workspace=workspace,
        actor=actor,
        format_=format_,
    )


def _effect_table(rows: Sequence[EffectRow]) -> str:
    if not rows:
        return "nothing is unconfirmed"
    cells = [(row.key, row.kind, row.intended_at, row.spec.get("template")) for row in rows]
    return table(("effect", "kind", "since", "template"), cells)
