"""A loop as a story: who answered what, what was decided and why, what people did, how it ended.

For somebody who was not there. Everything is read from the database; every line of the history has its
number in the ledger, and the loop's chain is verified while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session, col, select

from boucle.commands.output import local, span
from boucle.commands.sentences import sentence
from boucle.commands.story_words import CLOSURES, Teller
from boucle.decision import Decision
from boucle.engine import bundles, ledger, privacy
from boucle.engine.cases import REACHED
from boucle.engine.responses import tell
from boucle.engine.tables import Contact, Customer, LoopRow, ResponseRow
from boucle.engine.timeline import Entry, read_timeline
from boucle.engine.verification import Verification, verify_chain
from boucle.engine.work_tables import AttemptRow
from boucle.model import Person, Verbatim

_QUIET_DAYS = 2
"""From so many days on, nothing having happened is told."""


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `number` is its event's in the ledger; `folded`: of interest to few."""

    at: datetime
    text: str
    quotes: tuple[str, ...]
    number: int
    folded: bool


@dataclass(frozen=True)
class Day:
    """What happened on one day; `number` counts from the loop's opening, `quiet` the days before it."""

    number: int
    on: date
    quiet: int
    moments: tuple[Moment, ...]


@dataclass(frozen=True)
class Reason:
    """Why the loop was begun: the rule in its author's words, what held, and what might have held it back."""

    rule: str
    title: str | None
    because: str | None
    bundle: str
    gates: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    """One loop, told; `about` is how it is called: the person, or what is known of them."""

    loop: LoopRow
    about: str
    account: str | None
    responded_at: datetime
    verbatims: tuple[Verbatim, ...]
    reason: Reason
    summary: tuple[str, ...]
    days: tuple[Day, ...]
    proof: Verification
    head: str


def read_story(session: Session, loop: LoopRow, teller: Teller) -> Story:
    """The story of a loop; `teller` knows our own people and teams."""
    response = session.get_one(ResponseRow, loop.response_id)
    told = tell(session, response)
    decided = next(one for one in told.decided if one.row.id == loop.decision_id)
    entries = read_timeline(session, loop.id)
    about = _name(session, loop)
    reason = _reason(session, decided.decision, loop)
    return Story(
        loop=loop,
        about=about,
        account=_account(session, loop),
        responded_at=response.responded_at,
        verbatims=told.verbatims,
        reason=reason,
        summary=tuple(_summarise(session, loop, about, response.responded_at, reason, teller)),
        days=tuple(_days(entries, teller, loop.opened_at)),
        proof=verify_chain(session, ledger.loop_chain(loop.id)),
        head=entries[-1].hash,
    )


def write_story(story: Story, company: str, made_at: datetime) -> str:
    """The story as one HTML page that needs nothing else."""
    return _environment().get_template("story.html.j2").render(
        story=story, company=company, made_at=local(made_at), local=local, closures=CLOSURES
    )  # fmt: skip


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _name(session: Session, loop: LoopRow) -> str:
    person = privacy.find_person(session, loop.contact_id) if loop.contact_id else Person()
    if person.name or person.email:
        return person.name or str(person.email)
    return "Somebody whose data were erased" if loop.contact_id else "Somebody who did not give a name"


def _account(session: Session, loop: LoopRow) -> str | None:
    contact = session.get(Contact, loop.contact_id) if loop.contact_id else None
    id_ = loop.customer_id or (contact.customer_id if contact else None)
    customer = session.get(Customer, id_) if id_ else None
    return customer.key if customer else None


def _reason(session: Session, decision: Decision, loop: LoopRow) -> Reason:
    bundle = bundles.load(session, decision.bundle)
    rule_set = bundle.find_rule_set(loop.rule_set)
    rules = rule_set.rules if rule_set else ()
    return Reason(
        rule=f"{loop.rule_set}/{loop.rule}",
        title=next((rule.title for rule in rules if rule.id == loop.rule), None),
        because=decision.because,
        bundle=decision.bundle,
        gates=tuple(f"{gate.gate}: {gate.result}" for gate in decision.gates),
    )


def _summarise(
    session: Session, loop: LoopRow, about: str, responded_at: datetime, reason: Reason, teller: Teller
) -> Iterator[str]:
    """A few sentences: the answer, what followed of it, whether somebody was reached, how it ended."""
    yield f"{about} {_gave(loop)} on {_day(responded_at)}."
    yield f"{reason.title or 'The rule ' + reason.rule}."
    yield from _contacts(session, loop, teller)
    if loop.answer is not None:
        yield f"Asked again, the customer gave {loop.answer}."
    if loop.closed_at and loop.closure:
        lasted = span((loop.closed_at - loop.opened_at).total_seconds())
        yield f"After {lasted} the loop was closed: {CLOSURES.get(loop.closure, loop.closure)}."
    else:
        yield "The loop is not closed yet."


def _gave(loop: LoopRow) -> str:
    if loop.first_score is None:
        return "answered without a score"
    top = f" out of {loop.scale_high}" if loop.scale_high is not None else ""
    return f"gave {loop.first_score}{top}"


def _contacts(session: Session, loop: LoopRow, teller: Teller) -> Iterator[str]:
    query = select(AttemptRow).where(AttemptRow.loop_id == loop.id)
    tried = session.exec(query.order_by(col(AttemptRow.happened_at))).all()
    reached = next((one for one in tried if one.result in REACHED), None)
    if reached is not None:
        after = span((reached.happened_at - loop.opened_at).total_seconds())
        who = teller.name(reached.actor)
        yield f"{who} spoke to them by {reached.channel}, {after} after the loop was opened."
    elif tried:
        yield f"Nobody was reached, in {len(tried)} attempt(s)."


def _days(entries: Sequence[Entry], teller: Teller, opened_at: datetime) -> Iterator[Day]:
    """Day by day, in the order in which things happened; what was written down later stands at its time."""
    first, before = _day_of(opened_at), _day_of(opened_at)
    happened = sorted((_moment(entry, teller) for entry in entries), key=lambda one: (one.at, one.number))
    for on, moments in groupby(happened, key=lambda one: _day_of(one.at)):
        quiet = (on - before).days - 1
        before = max(on, before)
        yield Day((on - first).days + 1, on, quiet if quiet >= _QUIET_DAYS else 0, tuple(moments))


def _moment(entry: Entry, teller: Teller) -> Moment:
    told = teller.tell(entry)
    return Moment(
        at=entry.happened_at,
        text=told or sentence(entry),
        quotes=tuple(entry.texts.values()),
        number=entry.number,
        folded=told is None,
    )


def _day_of(instant: datetime) -> date:
    return instant.astimezone().date()


def _day(instant: datetime) -> str:
    return f"{instant.astimezone():%A %-d %B %Y}"
