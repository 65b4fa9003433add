"""Who gets a case: whoever had it, the account owner, who has least to do of those who can, or nobody yet.

`choose` is the whole rule, without a database. `give` asks it with what the database knows, one case at a
time: two cases that are opened at once never both go to somebody's last free place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import text
from sqlmodel import Session

from boucle.engine import cases, loops, notices
from boucle.engine.absences import Absence, find_present, read_absences
from boucle.engine.effects import effect_key
from boucle.engine.tables import Customer, EffectRow, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.model import AssignReason

ACCOUNT_OWNER = "customer.owner"
"""The fact that says whose account a customer is: a person's id, or their e-mail address."""


@dataclass(frozen=True)
class Candidate:
    """One of our own people, as assignment knows them.

    No `languages`: every one. No `capacity`: any number of cases.
    """

    id: str
    email: str = ""
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    capacity: int | None = None

    def can(self, skill: str | None) -> bool:
        """Whether they have the skill that a case asks for."""
        return skill is None or skill in self.skills

    def speaks(self, language: str) -> bool:
        """Whether they speak the language with customers."""
        return not self.languages or language in self.languages


@dataclass(frozen=True)
class Roster:
    """Our own people by id, the members and the lead of each team, and who is away as the settings say."""

    people: Mapping[str, Candidate] = field(default_factory=dict)
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)
    absences: Sequence[Absence] = ()

    def find_person(self, name: str) -> str | None:
        """The id of whom an id or an e-mail address names."""
        if name in self.people:
            return name
        wanted = name.casefold()
        return next((one.id for one in self.people.values() if one.email.casefold() == wanted), None)


@dataclass(frozen=True)
class Wanted:
    """What a case asks for. `but`: who is not to get it. `to_lead`: the team's lead is to get it at once.

    `previous_owner` had the case of the round before.
    """

    team: str
    language: str
    skill: str | None = None
    account_owner: str | None = None
    previous_owner: str | None = None
    to_lead: bool = False
    but: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Choice:
    """Who gets it, and why; `instead_of` is who is away. Nobody: it waits in the team's queue."""

    owner: str | None
    reason: AssignReason
    instead_of: str | None = None


def choose(
    wanted: Wanted, roster: Roster, absences: Sequence[Absence], loads: Mapping[str, int], at: datetime
) -> Choice:
    """Who gets a case at `at`; `loads` says how many open cases each has.

    The previous owner and the account owner get it whatever their load. Who is away is replaced by their
    stand-in; a team without members is its lead.
    """
    for name, reason in _list_first(wanted, roster):
        choice = _take(name, reason, wanted, absences, at)
        if choice is not None:
            return choice
    return _least_loaded(wanted, roster, absences, loads, at)


def _list_first(wanted: Wanted, roster: Roster) -> Iterator[tuple[str | None, AssignReason]]:
    """Who is asked before the team is; who has left it is passed over."""
    if wanted.to_lead:
        yield roster.leads.get(wanted.team), AssignReason.LEAD
        return
    if wanted.previous_owner in roster.people:
        yield wanted.previous_owner, AssignReason.PREVIOUS_OWNER
    owner = roster.find_person(wanted.account_owner) if wanted.account_owner else None
    if owner is not None:
        yield owner, AssignReason.ACCOUNT_OWNER


def _take(
    name: str | None, reason: AssignReason, wanted: Wanted, absences: Sequence[Absence], at: datetime
) -> Choice | None:
    """That person, or who stands in; None where nobody is there."""
    who = find_present(absences, name, at) if name else None
    if name is None or who is None or who in wanted.but:
        return None
    return Choice(who, reason) if who == name else Choice(who, AssignReason.STAND_IN, instead_of=name)


def _least_loaded(
    wanted: Wanted, roster: Roster, absences: Sequence[Absence], loads: Mapping[str, int], at: datetime
) -> Choice:
    """Each test in turn; the one that leaves nobody is why nobody gets it."""
    members = roster.members.get(wanted.team, ())
    usual = AssignReason.LEAST_LOADED if members else AssignReason.LEAD
    names = members or [*filter(None, [roster.leads.get(wanted.team)])]
    found = _present(
        [choice for name in names if (choice := _take(name, usual, wanted, absences, at))], roster
    )
    if not found:
        return Choice(None, AssignReason.ALL_ABSENT)
    tests: tuple[tuple[AssignReason, Callable[[Candidate], bool]], ...] = (
        (AssignReason.NO_SKILL, lambda one: one.can(wanted.skill)),
        (AssignReason.NO_LANGUAGE, lambda one: one.speaks(wanted.language)),
        (AssignReason.NO_CAPACITY, lambda one: one.capacity is None or loads.get(one.id, 0) < one.capacity),
    )
    for reason, passes in tests:
        found = {one: choice for one, choice in found.items() if passes(one)}
        if not found:
            return Choice(None, reason)
    return found[min(found, key=lambda one: loads.get(one.id, 0))]


def _present(choices: Iterable[Choice], roster: Roster) -> dict[Candidate, Choice]:
    """Each of them once, in order; who is a member and stands in as well is there as a member."""
    found: dict[Candidate, Choice] = {}
    for choice in choices:
        one = roster.people.get(choice.owner or "")
        if one is not None and (one not in found or choice.instead_of is None):
            found[one] = choice
    return found


# -- with the database --------------------------------------------------------------------------


def give(
    session: Session,
    loop: LoopRow,
    case: CaseRow,
    roster: Roster,
    *,
    at: datetime,
    how: str,
    to_lead: bool = False,
    but: Iterable[str] = (),
) -> Choice:
    """Give the loop's case to whom it is to go to, or leave it in the team's queue and tell the lead.

    `how` tells this assignment from others of the round; the same one again does nothing new. The new
    owner is told. The caller holds the loop.
    """
    hold(session)
    wanted = read_wanted(session, loop, case, to_lead=to_lead, but=but)
    absences = (*roster.absences, *read_absences(session, at))
    loads = cases.count_open_cases(session, list(roster.people))
    choice = choose(wanted, roster, absences, loads, at)
    if choice.owner is None:
        _queue(session, loop, case, choice.reason, how, at)
        return choice
    cases.assign(
        session, loop.id, owner=choice.owner, by=loops.BOUCLE, at=at, reason=choice.reason,
        instead_of=choice.instead_of,
    )  # fmt: skip
    tell_owner(session, loop, choice, how, at)
    return choice


def tell_owner(session: Session, loop: LoopRow, choice: Choice, how: str, at: datetime) -> None:
    """Note that a new owner is to be told, and why it is they where somebody is away."""
    to = notices.person(choice.owner or "")
    values: dict[str, JsonValue] = {"absent": choice.instead_of}
    if choice.instead_of is None:
        notices.write_down(session, loop, notices.assigned(how), at, to=to)
    else:
        notices.write_down(session, loop, notices.step("stand-in", how), at, to=to, values=values)


def hold(session: Session) -> None:
    """Let nobody else choose an owner until this transaction ends. SQLite has one writer anyhow."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('assignment', 0))"))


def read_wanted(
    session: Session, loop: LoopRow, case: CaseRow, *, to_lead: bool = False, but: Iterable[str] = ()
) -> Wanted:
    """What the loop's case asks for."""
    customer = session.get(Customer, loop.customer_id) if loop.customer_id else None
    owner = customer.facts.get(ACCOUNT_OWNER) if customer else None
    before = session.get(CaseRow, (loop.id, loop.round - 1))
    return Wanted(
        team=case.team,
        language=loop.language,
        skill=case.skill,
        account_owner=owner if isinstance(owner, str) else None,
        previous_owner=before.owner if before else None,
        to_lead=to_lead,
        but=frozenset(but),
    )


def _queue(
    session: Session, loop: LoopRow, case: CaseRow, reason: AssignReason, how: str, at: datetime
) -> None:
    step = notices.step("queued", how)
    if session.get(EffectRow, effect_key(loop.id, loop.round, step)) is None:
        payload: dict[str, JsonValue] = {"team": case.team, "reason": str(reason)}
        loops.append(session, loop, "case.queued", at=at, payload=payload)
        notices.write_down(session, loop, step, at, to=notices.LEAD)
