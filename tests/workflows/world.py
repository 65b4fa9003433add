"""A whole world around a loop: database, mail server, worker, and a Temporal server that skips time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from pydantic import JsonValue
from sqlmodel import Session, select
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from boucle.activities import Means
from boucle.activities.letters import Letterhead
from boucle.activities.mail import SmtpConfig, SmtpMailer
from boucle.activities.people import Colleague, Directory, Team
from boucle.activities.templates import Templates
from boucle.engine import commands, loops, privacy
from boucle.engine.database import Database
from boucle.engine.links import LinkKeys, Links
from boucle.engine.standing import get_standing
from boucle.engine.tables import (
    BundleRow,
    CommandRow,
    Contact,
    Customer,
    DecisionRow,
    EffectRow,
    LoopRow,
    OutboxRow,
    ResponseRow,
)
from boucle.model import (
    ActKind,
    Authority,
    Calendar,
    ClockKind,
    EffectState,
    LoopState,
    Money,
    Person,
    Plan,
    QuietHours,
    Role,
)
from boucle.standing import Standing
from boucle.worker.reconciler import Reconciler
from boucle.worker.running import work
from tests.workflows.mail_exchange import MailExchange

AMELIE = Person(name="Amélie Dupont", email="amelie.dupont@kunde.example", phone="+33 6 12 34 56 78")
"""Nothing of her may ever stand in a history."""

DIRECTORY = Directory(
    people={
        "carla": Colleague("Carla", "carla@firm.example", "en", "Europe/Paris"),
        "denis": Colleague("Denis", "denis@firm.example", "fr", "Europe/Paris"),
        "lea": Colleague("Léa", "lea@firm.example", "fr", "Europe/Paris"),
    },
    teams={"csm": Team("Customer success", "lea", ("carla", "denis"))},
    authorities={"lea": Authority(role=Role.LEAD, ceilings=(Money.parse("200.00 EUR"),))},
)
LINKS = Links("https://firm.example/feedback", LinkKeys((b"k" * 32,)))
TEXTS = {
    "apology.en": "Subject: Sorry, {{ contact.name }}\n\n{{ score }}/10. {% if offer %}{{ offer.code }}, "
    "worth {{ offer.value }}, until {{ offer.valid_until }}.{% endif %}\n\n{{ company }}\n",
    "apology.fr": "Subject: Désolés, {{ contact.name }}\n\n{{ score }} sur 10. "
    "{% if offer %}{{ offer.code }}, soit {{ offer.value }}, "
    "jusqu'au {{ offer.valid_until }}.{% endif %}\n\n{{ company }}\n",
    "follow-up.en": "Subject: One question\n\nHello {{ contact.name }}\n",
    "follow-up.fr": "Subject: Une question\n\nBonjour {{ contact.name }}\n",
    "we-call-you.en": "Subject: We call you\n\nHello {{ contact.name }}\n",
    "question.en": "Subject: What is missing?\n\nTell us: {{ link }}\n",
    "invitation.en": "Subject: Would you recommend us?\n\n{{ referral.code }} or {{ link }}\n",
    "reminder.en": "Subject: Once more\n\n{{ link }}\n",
    "thanks.en": "Subject: Thank you\n\nThank you, {{ contact.name }}\n",
    "we-call-you.fr": "Subject: Nous vous appelons\n\nBonjour {{ contact.name }}\n",
}
ALWAYS = Calendar(name="always", timezone="UTC", week=(((0, 1440),),) * 7)
_numbers = count(1)
T = TypeVar("T")
PATIENCE = 90.0
"""Seconds that something may take on a machine that does much else besides."""


def closed_for(hours: int) -> Calendar:
    """A team that begins to work in so many hours from now, for the rest of that day and two more."""
    opening = datetime.now(UTC) + timedelta(hours=hours)
    week: list[tuple[tuple[int, int], ...]] = [()] * 7
    week[opening.weekday()] = ((opening.hour * 60 + opening.minute, 1440),)
    week[(opening.weekday() + 1) % 7] = week[(opening.weekday() + 2) % 7] = ((0, 1440),)
    return Calendar(name="later", timezone="UTC", week=tuple(week))


@dataclass
class World:
    """One test's own: nothing of it is shared but the Temporal server."""

    env: WorkflowEnvironment
    database: Database
    means: Means
    mails: MailExchange
    task_queue: str
    skipped: dict[str, timedelta] = field(default_factory=dict)

    # -- what is done ---------------------------------------------------------------------------

    def open_loop(
        self,
        play: str,
        params: Mapping[str, JsonValue],
        *,
        score: int | None = 3,
        person: Person | None = AMELIE,
        language: str = "en",
        calendar: Calendar = ALWAYS,
        deferred_until: datetime | None = None,
        quiet: QuietHours | None = None,
    ) -> str:
        """A response was decided and starts the play: what intake leaves in the database."""
        number, at = next(_numbers), datetime.now(UTC)
        plan = Plan(
            rule_set="nps", rule=f"rule-{play}", rule_digest="0", bundle="b", play=play, params=params,
            quiet=quiet,
        )  # fmt: skip
        with self.database.session() as session:
            response = _accept(session, number, at, person)
            decision = DecisionRow(
                id=f"d{number}", response_id=response.id, revision=1, at=at, bundle="b",
                outcome="starts", record="{}",
            )  # fmt: skip
            session.add(decision)
            session.flush()
            loop = loops.open_loop(
                session, decision_id=decision.id, response=response, plan=plan, language=language,
                first_score=score, calendar=calendar, intake_chain=response.chain, intake_seq=1, at=at,
                scale=loops.Scale("nps", 0, 10), deferred_until=deferred_until,
            )  # fmt: skip
            session.commit()
            return loop.id

    async def act(
        self, loop: str, kind: ActKind, actor: str = "carla", *, text: str | None = None, **details: Any
    ) -> CommandRow:
        """Somebody does something now, in the loop's own time; returns when it is applied or refused."""
        at = await self.now(loop)
        with self.database.session() as session:
            command = commands.record(
                session,
                loop_id=loop,
                kind=kind,
                actor=actor,
                at=at,
                recorded_at=at,
                details=details,
                text=text,
            )
            session.commit()
        return await self.decided(command.id)

    async def skip(self, loop: str, **duration: float) -> None:
        """Let time pass for the loop, then let it come to rest."""
        await self.env.fast_forward(self.handle(loop), timedelta(**duration))
        await asyncio.sleep(0.3)

    # -- what is seen ---------------------------------------------------------------------------

    def handle(self, loop: str) -> WorkflowHandle[Any, Any]:
        return self.env.client.get_workflow_handle(loop)

    async def counts_events(self, loop: str, kind: EventType.ValueType, number: int) -> None:
        """The history comes to have so many of them: it is written after the database."""

        async def are_there() -> bool:
            history = await self.handle(loop).fetch_history()
            return sum(event.event_type == kind for event in history.events) == number

        await eventually_told(are_there)

    async def now(self, loop: str) -> datetime:
        """The loop's own time."""
        return await self.env.get_current_time(self.handle(loop))

    def standing(self, loop: str) -> Standing:
        with self.database.reading() as session:
            return get_standing(session, loop)

    def find_run(self, loop: str) -> str | None:
        """The Temporal start of the loop's round, once the outbox says that it was taken."""
        with self.database.reading() as session:
            row = session.get_one(OutboxRow, f"{loop}/{self.standing(loop).round}")
            return row.id if row.state == "started" and row.again else None

    def row(self, loop: str) -> LoopRow:
        with self.database.reading() as session:
            return session.get_one(LoopRow, loop)

    def due(self, loop: str, kind: ClockKind) -> datetime:
        return next(clock.due for clock in self.standing(loop).clocks if clock.kind == kind)

    def effect(self, loop: str, step: str) -> EffectState | None:
        """An effect of the loop's round, as the standing tells it."""
        query = select(EffectRow.state).join(LoopRow)
        here = (EffectRow.loop_id == loop, EffectRow.round == LoopRow.round, EffectRow.step == step)
        with self.database.reading() as session:
            state = session.exec(query.where(*here)).first()
            return None if state is None else EffectState(state)

    async def reached(self, loop: str, stage: str) -> Standing:
        """The standing once the loop is in the stage."""
        return await self._stands(loop, LoopRow.stage, stage)

    async def closed(self, loop: str) -> Standing:
        """The standing once the loop is closed and its workflow has ended."""
        standing = await self._stands(loop, LoopRow.state, LoopState.CLOSED)
        await asyncio.wait_for(self.handle(loop).result(), PATIENCE)
        return standing

    async def _stands(self, loop: str, column: str, value: str) -> Standing:
        """The standing once a column of the loop has the value; the whole of it is read only then."""

        def look() -> Standing | None:
            with self.database.reading() as session:
                there = session.exec(select(LoopRow.id).where(LoopRow.id == loop, column == value)).first()
                return get_standing(session, loop) if there else None

        return await eventually(look)

    async def end_by_hand(self, loop: str, reason: str | None = None) -> None:
        """Its workflow is terminated; returns once a reconciler has found it: Temporal lists it late."""
        await self.handle(loop).terminate(reason=reason)
        reconciler = Reconciler(self.env.client, self.database, self.task_queue)
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(self._find_end, loop) is None:
                await reconciler.reconcile()

    def _find_end(self, loop: str) -> str | None:
        with self.database.reading() as session:
            return session.get_one(OutboxRow, f"{loop}/{session.get_one(LoopRow, loop).round}").problem

    async def decided(self, command: str) -> CommandRow:
        """The act once it is applied or refused."""

        query = select(CommandRow).where(CommandRow.id == command, CommandRow.state != "recorded")

        def look() -> CommandRow | None:
            with self.database.reading() as session:
                return session.exec(query).first()

        return await eventually(look)

    async def has_effect(self, loop: str, step: str, state: EffectState = EffectState.DONE) -> None:
        """Returns once the effect is in the state."""
        await eventually(lambda: self.effect(loop, step) == state or None)


async def eventually(look: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """What `look` sees, as soon as it is not None."""
    async with asyncio.timeout(seconds):
        while (seen := look()) is None:  # noqa: ASYNC110 a database does not call back
            await asyncio.sleep(0.02)
        return seen


async def eventually_told(ask: Callable[[], Awaitable[T]], seconds: float = PATIENCE) -> T:
    """As `eventually`, of a server that has to be asked: the first answer that says something."""
    async with asyncio.timeout(seconds):
        while not (answer := await ask()):  # noqa: ASYNC110 nor does a server call back
            await asyncio.sleep(0.05)
        return answer


def _accept(session: Session, number: int, at: datetime, person: Person | None) -> ResponseRow:
    if session.get(BundleRow, "b") is None:
        session.add(BundleRow(digest="b", body="{}", first_used_at=at))
    response = ResponseRow(
        id=f"r{number}", source="test", source_id=str(number), responded_at=at, accepted_at=at,
        chain=f"intake/u{number}",
    )  # fmt: skip
    if person is not None:
        seen: dict[str, Any] = {"first_seen_at": at, "updated_at": at}
        session.add(Customer(id=f"k{number}", source="test", key=f"K{number}", **seen))
        session.flush()
        session.add(
            Contact(id=f"c{number}", source="test", key=f"C{number}", customer_id=f"k{number}", **seen)
        )
        session.flush()
        privacy.keep_person(session, f"c{number}", person)
        response.customer_id, response.contact_id = f"k{number}", f"c{number}"
    session.add(response)
    session.flush()
    return response


def write_templates(folder: Path) -> Templates:
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return Templates(folder, "en")


def make_means(database: Database, folder: Path, port: int) -> Means:
    return Means(
        database=database,
        mailer=SmtpMailer(SmtpConfig("127.0.0.1", port, "firm.example", starttls=False)),
        templates=write_templates(folder / "templates"),
        head=Letterhead("Firm", "Firm <hello@firm.example>", "firm.example"),
        directory=DIRECTORY,
        links=LINKS,
    )


@asynccontextmanager
async def working(world: World) -> AsyncIterator[None]:
    """The worker works meanwhile."""
    stop = asyncio.Event()
    task = asyncio.create_task(work(world.env.client, world.means, world.task_queue, stop))
    try:
        yield
    finally:
        stop.set()
        await task
