"""Telling colleagues what was written down for them: see `engine/notices.py`.

A notice waits for the working time of whoever it is for: that of the loop's calendar, on their own wall
clock. Where the case's severity is high or critical nobody waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, select
from temporalio import activity

from boucle.activities.calls import Tell, Told
from boucle.activities.letters import BadAddressError, Letterhead, Recipient, compose, write_moment
from boucle.activities.people import Colleague, Directory
from boucle.activities.posting import Letter, Post
from boucle.activities.templates import VARIABLES, Templates, Text
from boucle.activities.tries import at_this_try
from boucle.activities.wording import Wording, find_wording
from boucle.engine import effects, notices, privacy, responses
from boucle.engine.absences import find_present, read_absences
from boucle.engine.case_rows import find_case
from boucle.engine.clock import next_worked
from boucle.engine.loops import lock_loop
from boucle.engine.tables import EffectRow, LoopRow, ResponseRow
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.errors import BoucleError
from boucle.model import EffectKind, EffectState, Plan

_URGENT = frozenset({"high", "critical"})
_INSTANTS = frozenset({"since", "until", "opened"})
_PEOPLE = frozenset({"by", "owner", "absent"})


@dataclass(frozen=True)
class _Scene:
    """The loop that a notice is about, with its case, and its plan."""

    session: Session
    loop: LoopRow
    case: CaseRow | None
    plan: Plan


class NoticeActivities:
    """Tells colleagues by mail. In doubt it tells them again."""

    def __init__(self, post: Post, directory: Directory, head: Letterhead, templates: Templates) -> None:
        self._post = post
        self._directory = directory
        self._head = head
        self._templates = templates

    @activity.defn(no_thread_cancel_exception=True)
    def notify_staff(self, call: Tell) -> Told:
        """Tell all that can be told now, in the order in which it was written down.

        What cannot be told now comes back with the instant at which it can. One that fails does not
        hold up the others; the first failure is raised after them.
        """
        call = call.model_copy(update={"at": at_this_try(call.at)})
        states: dict[str, EffectState] = {}
        later: dict[str, datetime] = {}
        failures: list[BoucleError] = []
        while (step := self._find_next(call, {*later, *states})) is not None:
            try:
                outcome = self._tell(call, step)
            except BoucleError as error:
                failures.append(error)
                states[step] = EffectState.INTENDED
                continue
            if isinstance(outcome, datetime):
                later[step] = outcome
            else:
                states[step] = outcome
        if failures:
            raise failures[0]
        return Told(states=states, later=later)

    def _find_next(self, call: Tell, seen: set[str]) -> str | None:
        """The next one; those for the members of a team are written down only while this goes on."""
        with self._post.database.reading() as session:
            loop = session.get_one(LoopRow, call.loop)
            untold = notices.list_untold(session, loop) if loop.round == call.round else []
            return next((row.step for row in untold if row.step not in seen), None)

    def _tell(self, call: Tell, step: str) -> datetime | EffectState:
        with self._post.database.session() as session:
            prepared = self._prepare(session, call, effects.effect_key(call.loop, call.round, step))
            session.commit()
        return self._post.hand_over(prepared) if isinstance(prepared, Letter) else prepared

    def _prepare(self, session: Session, call: Tell, key: str) -> Letter | datetime | EffectState:
        """The letter, unless it has to wait, has lost its point, or is for several people."""
        scene = _set_scene(session, call.loop)
        row = session.get_one(EffectRow, key, populate_existing=True)
        if notices.is_moot(session, scene.loop, row):
            return effects.refuse(session, key, "moot", call.at)
        team = notices.find_team(row.spec.get("to", ""))
        if team is not None:
            return self._tell_team(scene, row, team, call.at)
        colleague = self._find_colleague(scene, row, call.at)
        if colleague is None:
            return effects.refuse(session, key, "no_address", call.at)
        later = _find_later(scene, colleague, call.at)
        if later is not None:
            return later
        effects.intend(
            session, loop_id=call.loop, round_=call.round, step=row.step, kind=EffectKind.STAFF, spec={},
            at=call.at,
        )  # fmt: skip
        try:
            return self._write(scene, row, colleague, call.at)
        except BadAddressError:
            return effects.refuse(session, key, "no_address", call.at)

    def _tell_team(self, scene: _Scene, row: EffectRow, team: str, at: datetime) -> EffectState:
        """Each of them has a notice of their own, all in this transaction."""
        lead = self._directory.find_lead(team)
        people = self._directory.list_members(team) or ((lead,) if lead else ())
        for one in people:
            notices.write_down(
                scene.session, scene.loop, f"{row.step}-{one}", at, to=notices.person(one),
                values=row.spec["values"], template=row.spec.get("template"),
            )  # fmt: skip
        return effects.receipt(scene.session, row.key, {"people": list(people)}, at)

    def _find_colleague(self, scene: _Scene, row: EffectRow, at: datetime) -> Colleague | None:
        """Whom the notice is for as of now, or who stands in; the lead where nobody owns the case."""
        to = row.spec.get("to", notices.OWNER)
        team = scene.case.team if scene.case else scene.plan.params.get("team")
        lead = self._directory.find_lead(team) if isinstance(team, str) else None
        owner = scene.case.owner if scene.case else None
        wanted = lead if to == notices.LEAD else notices.find_person(to) or owner or lead
        if wanted is None:
            return None
        absences = (*self._directory.make_roster().absences, *read_absences(scene.session, at))
        return self._directory.people.get(find_present(absences, wanted, at) or wanted)

    def _write(self, scene: _Scene, row: EffectRow, colleague: Colleague, at: datetime) -> Letter:
        template = row.spec.get("template")
        if template:
            text = self._templates.write(template, colleague.language, self._variables(scene, row, colleague))
        else:
            values = self._values(scene, row, colleague)
            text = find_wording(colleague.language).write(notices.kind_of(row.step), values)
        return self._seal(scene.loop, row.key, colleague, text, at)

    def _seal(self, loop: LoopRow, key: str, colleague: Colleague, text: Text, at: datetime) -> Letter:
        recipient = Recipient(colleague.name, colleague.email, colleague.language)
        message = compose(self._head, recipient, text, effect=key, loop=loop.id, at=at)
        return Letter(key, message, at)

    def _values(self, scene: _Scene, row: EffectRow, colleague: Colleague) -> dict[str, str]:
        """What the words of a notice can say: see `wording`."""
        wording = find_wording(colleague.language)
        clock = _find_clock(scene, row.step)
        person = _find_name(scene)
        known = {
            "loop": scene.loop.id[:12],
            "customer": person,
            "score": None if scene.loop.first_score is None else str(scene.loop.first_score),
            "severity": wording.name(scene.case.severity) if scene.case else None,
            "clock": wording.name(clock.kind) if clock else "-",
            "due": _write_moment(clock.due_at, colleague) if clock else "-",
            "comment": self._find_comment(scene, row, wording),
        }
        said = {
            name: self._show(name, value, wording, colleague) for name, value in row.spec["values"].items()
        }
        return {name: value for name, value in (known | said).items() if value is not None}

    def _find_comment(self, scene: _Scene, row: EffectRow, wording: Wording) -> str | None:
        """What the customer has written, for a team that may read it; None where nothing is told of it."""
        values = row.spec["values"]
        response = scene.session.get(ResponseRow, values.get("response", ""))
        if response is None:
            return None
        verbatims = responses.tell(scene.session, response).verbatims
        team = self._directory.teams.get(values.get("team", ""))
        if not verbatims or team is None or not team.sees_verbatims:
            return wording.name("comment_hidden" if verbatims else "no_comment")
        return "\n\n".join(verbatim.text for verbatim in verbatims)

    def _show(self, name: str, value: JsonValue, wording: Wording, colleague: Colleague) -> str | None:
        if value is None:
            return None
        if isinstance(value, bool):
            return wording.name("yes" if value else "no")
        if name in _INSTANTS:
            return _write_moment(datetime.fromisoformat(str(value)), colleague)
        if name in _PEOPLE:
            who = self._directory.people.get(str(value))
            return who.name if who else str(value)
        return wording.name(str(value))

    def _variables(self, scene: _Scene, row: EffectRow, colleague: Colleague) -> Mapping[str, object]:
        """What a template of the workspace can say to a colleague."""
        values = self._values(scene, row, colleague)
        return {
            **{name: dict.fromkeys(parts) or None for name, parts in VARIABLES.items()},
            "contact": {"name": values.get("customer")},
            "score": values.get("score"),
            "company": self._head.company,
            "offer": None,
            "loop": {"id": scene.loop.id},
            "case": {name: values.get(name) for name in VARIABLES["case"]},
        }


def _set_scene(session: Session, loop_id: str) -> _Scene:
    loop = lock_loop(session, loop_id)
    case = find_case(session, loop)
    return _Scene(session, loop, case, Plan.model_validate_json(loop.plan))


def _find_name(scene: _Scene) -> str | None:
    person = privacy.find_person(scene.session, scene.loop.contact_id) if scene.loop.contact_id else None
    return person.name if person else None


def _find_later(scene: _Scene, colleague: Colleague, at: datetime) -> datetime | None:
    """When the colleague works next, where they do not work now and the notice can wait."""
    calendar = scene.plan.calendar
    if calendar is None or (scene.case is not None and scene.case.severity in _URGENT):
        return None
    if colleague.works_in is not None:
        calendar = calendar.model_copy(update={"timezone": colleague.works_in})
    opening = next_worked(at, calendar)
    return opening if opening > at else None


def _write_moment(at: datetime, colleague: Colleague) -> str:
    return write_moment(at, colleague.language, colleague.timezone)


def _find_clock(scene: _Scene, step: str) -> ClockRow | None:
    """The clock that the notice is about, else the one that is due first of those that run."""
    about = notices.clock_of(step)
    key = (scene.loop.id, scene.loop.round)
    if about is not None:
        return scene.session.get(ClockRow, (*key, about))
    query = select(ClockRow).where(ClockRow.loop_id == key[0], ClockRow.round == key[1])
    rows = scene.session.exec(query.where(ClockRow.state == "running")).all()
    return min(rows, key=lambda row: row.due_at, default=None)
