"""`boucle cases script`: the open questions that are read before a call, in the customer's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boucle.commands.options import FormatOption, LoopArgument, WorkspaceOption
from boucle.commands.output import show
from boucle.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue
    from sqlmodel import Session

    from boucle.activities.scripts import Script
    from boucle.engine.tables import LoopRow
    from boucle.settings import Settings


def script(loop: LoopArgument, *, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Show the questions for the call to the customer of a case."""
    from boucle.commands.opening import opened
    from boucle.engine.loops import find_loop

    with opened(workspace) as here, here.database.reading() as session:
        row = find_loop(session, loop)
        found = read_script(here.settings, session, row)
    if found is None:
        raise NotFoundError("script for loop", row.id)
    show(found, lambda: "\n".join(script_lines(found)), format_)


def read_script(settings: Settings, session: Session, loop: LoopRow) -> Script | None:
    """The script of a loop in the customer's language, else in the workspace's; None where there is none."""
    from boucle.activities.text_files import SCRIPTS
    from boucle.model import Plan

    plan = Plan.model_validate_json(loop.plan)
    name, folder = _name_script(plan.play, plan.params), settings.workspace / SCRIPTS.folder
    if name not in SCRIPTS.find_texts(folder):
        return None
    from boucle.activities.letters import one_line
    from boucle.activities.scripts import find_script
    from boucle.engine import privacy
    from boucle.engine.work_tables import CaseRow
    from boucle.model import Person

    person = privacy.find_person(session, loop.contact_id) if loop.contact_id else Person()
    case = session.get(CaseRow, (loop.id, loop.round))
    owner = settings.people.get(case.owner) if case and case.owner else None
    values = {
        "contact": {"name": one_line(person.name) if person.name else None},
        "score": loop.first_score,
        "company": settings.company,
        "owner": {"name": owner.name if owner else None},
    }
    return find_script(folder, name, (loop.language, settings.language), values)


def _name_script(play: str, params: Mapping[str, JsonValue]) -> str:
    """The script of a case: the one that its rule names, else the one that is called like its play."""
    case = params.get("case")
    named = params.get("script") or (case.get("script") if isinstance(case, dict) else None)
    return named if isinstance(named, str) else play


def script_lines(found: Script) -> Sequence[str]:
    """The questions as lines, numbered."""
    return [f"{number:>2}. {question}" for number, question in enumerate(found.questions, start=1)]
