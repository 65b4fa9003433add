"""`boucle people`: who has how much to do, who is away, and who stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.options import ActorOption, FormatOption, WorkspaceOption
from boucle.commands.output import local, now, show, table
from boucle.errors import BoucleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlmodel import Session

    from boucle.activities.people import Colleague, Directory
    from boucle.engine.absences import Absence
    from boucle.settings import Settings

PersonArgument = Annotated[str, typer.Argument(help="The person's id.")]


class BadAbsenceError(BoucleError):
    """An absence that cannot be: it ends before it begins, or is one's own stand-in."""


class NotAwayError(BoucleError):
    """Somebody is back who was not away, or whose absence stands in the file."""

    exit_code = 1


def list_(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """List our own people: role, teams, open cases against capacity, and who is away."""
    from boucle.commands.opening import opened

    with opened(workspace) as here, here.database.reading() as session:
        told = _tell_all(session, here.settings)
        show(told, lambda: _table(told) if told else "nobody is listed in boucle.toml yet", format_)


def show_(
    person: PersonArgument, *, workspace: WorkspaceOption = None, format_: FormatOption = "text"
) -> None:
    """Show one person: open cases by team and severity against capacity, tasks, when they are away."""
    from boucle.commands.opening import opened, require_person
    from boucle.engine import cases, tasks

    with opened(workspace) as here, here.database.reading() as session:
        require_person(here.settings, person)
        told = next(one for one in _tell_all(session, here.settings) if one["person"] == person)
        counts: dict[tuple[str, str], int] = {}
        for case, _ in cases.list_cases(session, owner=person, limit=100_000):
            counts[case.team, case.severity] = counts.get((case.team, case.severity), 0) + 1
        told["cases_by"] = [
            {"team": team, "severity": severity, "cases": count}
            for (team, severity), count in sorted(counts.items())
        ]
        told["tasks"] = len(tasks.list_tasks(session, owner=person, limit=100_000))
        told["absences"] = _all_absences(session, here.settings, person)
        show(told, lambda: _text(told), format_)


def absent(
    person: PersonArgument,
    *,
    since: Annotated[
        str | None, typer.Option("--from", help="The first day, such as 2026-08-03; without it, today.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="The last day; without it, until they are back.")
    ] = None,
    stand_in: Annotated[
        str | None, typer.Option("--stand-in", help="Id of the person who gets their new cases meanwhile.")
    ] = None,
    hand_over: Annotated[
        bool, typer.Option("--hand-over", help="Give the stand-in their open cases too, now.")
    ] = False,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say that somebody is away: they get no new case until they are back, their stand-in does."""
    from boucle.commands.opening import get_actor, opened, require_person
    from boucle.engine.absences import record_absence

    with opened(workspace) as here:
        require_person(here.settings, person)
        who = get_actor(here.settings, actor)
        absence = _read_absence(here.settings, person, since, until, stand_in)
        if hand_over:
            _check_hand_over(absence)
        with here.database.session() as session:
            row = record_absence(session, absence, by=who, at=now())
            given = _hand_over(session, absence, who) if hand_over else []
            session.commit()
            show(
                {**row.model_dump(), "handed_over": given},
                lambda: f"{_said(absence)}\n{_cases_said(session, absence, given)}",
                format_,
            )


def back(
    person: PersonArgument,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say that somebody is back."""
    from boucle.commands.opening import get_actor, opened, require_person
    from boucle.engine.absences import end_absences, find_absence

    with opened(workspace) as here:
        require_person(here.settings, person)
        who, at = get_actor(here.settings, actor), now()
        with here.database.session() as session:
            ended = end_absences(session, person, by=who, at=at)
            session.commit()
        written = find_absence(_directory(here.settings).people[person].absences, person, at)
        if written is not None:
            where = f"people.{person}.absences"
            raise NotAwayError(f"boucle.toml says that '{person}' is away: change {where} there")
        if not ended:
            raise NotAwayError(f"'{person}' is not away")
        show({"person": person, "ended": len(ended)}, f"{person} is back", format_)


# -- reading ------------------------------------------------------------------------------------


def _read_absence(
    settings: Settings, person: str, since: str | None, until: str | None, stand_in: str | None
) -> Absence:
    from pydantic import ValidationError

    from boucle.commands.opening import require_worker
    from boucle.settings import Away
    from boucle.worker.directory import make_absence

    zone = settings.people[person].timezone or settings.timezone
    if stand_in is not None:
        require_worker(settings, stand_in)
    if stand_in == person:
        raise BadAbsenceError(f"'{person}' cannot stand in for themselves")
    try:
        away = Away.model_validate({"from": since or _today(zone), "until": until, "stand_in": stand_in})
    except ValidationError as error:
        found = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadAbsenceError(f"{found}; write days such as 2026-08-03") from error
    return make_absence(person, away, zone)


def _check_hand_over(absence: Absence) -> None:
    if absence.stand_in is None:
        raise BadAbsenceError("--hand-over needs --stand-in: somebody to give the cases to")
    if absence.begins_at > now():
        raise BadAbsenceError(f"'{absence.person}' is still there; hand their cases over on the first day")


def _hand_over(session: Session, absence: Absence, who: str) -> list[str]:
    from boucle.engine.handing_over import hand_over

    text = f"{absence.person} is away."
    return hand_over(session, absence.person, to=str(absence.stand_in), by=who, at=now(), text=text)


def _today(zone: str) -> Any:
    from zoneinfo import ZoneInfo

    return now().astimezone(ZoneInfo(zone)).date()


def _directory(settings: Settings) -> Directory:
    from boucle.worker.directory import make_directory

    return make_directory(settings)


# -- telling ------------------------------------------------------------------------------------


def _tell_all(session: Session, settings: Settings) -> list[dict[str, Any]]:
    from boucle.engine.absences import find_absence, read_absences
    from boucle.engine.cases import count_open_cases

    directory, at = _directory(settings), now()
    counts = count_open_cases(session, list(directory.people))
    recorded = read_absences(session, at)
    return [
        _tell(
            directory, person, colleague, counts, find_absence((*colleague.absences, *recorded), person, at)
        )
        for person, colleague in directory.people.items()
    ]


def _tell(
    directory: Directory, person: str, colleague: Colleague, counts: Mapping[str, int], away: Absence | None
) -> dict[str, Any]:
    return {
        "person": person,
        "name": colleague.name,
        "role": directory.role_of(person),
        "teams": list(directory.list_teams(person)),
        "skills": list(colleague.skills),
        "languages": list(colleague.languages),
        "cases": counts[person],
        "capacity": colleague.capacity,
        "absent": away is not None,
        "absent_until": away.ends_at if away else None,
        "stand_in": away.stand_in if away else None,
    }


def _all_absences(session: Session, settings: Settings, person: str) -> list[dict[str, Any]]:
    """What is going on or to come, of the file and by command."""
    from boucle.engine.absences import read_absences

    at = now()
    written = _directory(settings).people[person].absences
    both = [("boucle.toml", one) for one in written if one.ends_at is None or one.ends_at > at]
    both += [("command", one) for one in read_absences(session, at) if one.person == person]
    return [
        {"from": one.begins_at, "until": one.ends_at, "stand_in": one.stand_in, "said_by": where}
        for where, one in sorted(both, key=lambda pair: pair[1].begins_at)
    ]


def _load(told: Mapping[str, Any]) -> str:
    capacity = told["capacity"]
    return f"{told['cases']}" if capacity is None else f"{told['cases']} of {capacity}"


def _absence(told: Mapping[str, Any]) -> str:
    if not told["absent"]:
        return ""
    ends = f"until {local(told['absent_until'])}" if told["absent_until"] else "until further notice"
    return f"{ends}, {told['stand_in']} stands in" if told["stand_in"] else ends


def _table(told: list[dict[str, Any]]) -> str:
    rows = [(one["person"], one["role"], ", ".join(one["teams"]), _load(one), _absence(one)) for one in told]
    return table(("person", "role", "teams", "cases", "away"), rows)


def _text(told: dict[str, Any]) -> str:
    lines = [
        f"person    {told['person']}, {told['name']}",
        f"role      {told['role']}",
        f"teams     {', '.join(told['teams']) or 'none'}",
        f"skills    {', '.join(told['skills']) or 'none'}",
        f"languages {', '.join(told['languages']) or 'every one'}",
        f"cases     {_load(told)}",
        f"tasks     {told['tasks']}",
    ]
    if told["absent"]:
        lines.append(f"away      {_absence(told)}")
    lines += [f"absence   {_period(one)}" for one in told["absences"]]
    if told["cases_by"]:
        rows = [(one["team"], one["severity"], one["cases"]) for one in told["cases_by"]]
        lines += ["", table(("team", "severity", "cases"), rows)]
    return "\n".join(lines)


def _period(one: Mapping[str, Any]) -> str:
    ends = f"to {local(one['until'])}" if one["until"] else "until further notice"
    who = f", {one['stand_in']} stands in" if one["stand_in"] else ""
    return f"{local(one['from'])} {ends}{who} ({one['said_by']})"


def _cases_said(session: Session, absence: Absence, given: list[str]) -> str:
    from boucle.engine.cases import count_open_cases

    if given:
        return f"{len(given)} open case(s) go to {absence.stand_in}"
    count = count_open_cases(session, [absence.person])[absence.person]
    return (
        f"{count} open case(s) stay theirs; 'boucle cases assign' gives one on" if count else "no open cases"
    )


def _said(absence: Absence) -> str:
    ends = f"until {local(absence.ends_at)}" if absence.ends_at else "until further notice"
    who = f"{absence.stand_in} stands in" if absence.stand_in else "nobody stands in"
    return f"{absence.person} is away from {local(absence.begins_at)} {ends}; {who}"
