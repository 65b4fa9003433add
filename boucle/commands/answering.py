"""`boucle answer`: what a customer answers by the link of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.options import FormatOption, WorkspaceOption
from boucle.commands.output import now

if TYPE_CHECKING:
    from pathlib import Path

    from boucle.engine.work_tables import QuestionRow
    from boucle.model import ActKind

CUSTOMER = "customer"
"""Who acts when a customer does."""


def answer(
    token: Annotated[str, typer.Argument(help="The link, or the last part of it.")],
    score: Annotated[int | None, typer.Argument(help="The score that the customer gives.")] = None,
    *,
    text: Annotated[str | None, typer.Option("--text", help="What the customer writes.")] = None,
    no: Annotated[bool, typer.Option("--no", help="The customer does not want to answer.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="The customer agrees that a testimonial is published.")
    ] = False,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Record what a customer answers by the link of a message: once, and while the link is valid."""
    from boucle.commands.acting import act

    question = _find(token, workspace)
    kind, details = _what(question, score, text=text, no=no, publish=publish)
    act(
        question.loop_id,
        kind,
        details,
        workspace=workspace,
        actor=None,
        by=CUSTOMER,
        format_=format_,
        text=text,
    )


def _find(token: str, workspace: Path | None) -> QuestionRow:
    """The question of a link; ForgedLinkError, ExpiredLinkError, NotFoundError."""
    from boucle.commands.opening import opened
    from boucle.engine.link_keys import read_keys
    from boucle.engine.links import read_token
    from boucle.engine.work_tables import QuestionRow
    from boucle.errors import NotFoundError

    with opened(workspace) as here, here.database.reading() as session:
        keys = read_keys(here.settings.link_secrets, here.settings.data_folder)
        wanted = read_token(keys, token.rpartition("/")[2], now())
        question = session.get(QuestionRow, wanted)
        if question is None:
            raise NotFoundError("question", wanted)
        return question


def _what(
    question: QuestionRow, score: int | None, *, text: str | None, no: bool, publish: bool
) -> tuple[ActKind, dict[str, Any]]:
    """The act that it is, with its details: an invitation is answered by a testimonial."""
    from boucle.model import ActKind, QuestionKind

    if no:
        return ActKind.ANSWER, {"question": question.id, "declined": True}
    if question.kind == QuestionKind.INVITATION and text and score is None:
        return ActKind.TESTIFY, {"question": question.id, "publish": publish}
    return ActKind.ANSWER, {"question": question.id} | ({} if score is None else {"score": score})
