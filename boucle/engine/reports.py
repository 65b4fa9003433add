"""The figures: what came in, what was decided, what became of the loops. Each with its base.

Responses, scores and decisions are those *answered* in the period; loops, with their attempts, clocks
and messages, those *opened* in it, so that a loop is counted in one period whatever happens later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, literal_column
from sqlmodel import Session, col, func, select

from boucle.engine.clocks import met_percent, state_at
from boucle.engine.nps import Nps, nps_of
from boucle.engine.tables import (
    DecisionRow,
    EffectRow,
    ExposureRow,
    LoopRow,
    ObservationRow,
    QuarantineRow,
    ResponseRow,
    Revision,
    ScoreRow,
)
from boucle.engine.work_tables import AttemptRow, CaseRow, ClockRow, OfferRow
from boucle.model import ClockState, Frozen, LoopState, Money

By = Literal["year", "month", "touchpoint"]
"""What the NPS is broken down by: the period of the answer in the report's zone, or the touchpoint."""

NO_TOUCHPOINT = "not known"

_PERIODS = {"year": "%Y", "month": "%Y-%m"}


class Scores(Frozen):
    """How the answers to one score question are spread; `counts` by score, lowest first."""

    fact: str
    metric: str
    base: int
    counts: Mapping[int, int]


class NpsLine(Frozen):
    """One NPS: of all answers to a question (`group` None), or of those of a period or touchpoint."""

    fact: str
    group: str | None
    figure: Nps


class Decisions(Frozen):
    """Decisions of first revisions by outcome; reasons of those without a winner; gates that held back.

    `deferred` by the gate that makes a start wait; `observed` by the rule in `mode: observe` that
    held; `arms` by holdout and arm.
    """

    by_outcome: Mapping[str, int]
    by_reason: Mapping[str, int]
    by_gate: Mapping[str, int]
    by_rule: Mapping[str, int]
    deferred: Mapping[str, int]
    observed: Mapping[str, int]
    arms: Mapping[str, Mapping[str, int]]
    kept: int


class LoopLine(Frozen):
    """The loops of one play in one state, with one closure where they are closed.

    `merged`: closed in favour of another loop, which counts for both; nobody says that it was a false alarm.
    """

    play: str
    state: str
    closure: str | None
    count: int


class ClockLine(Frozen):
    """The clocks of one kind. `met_percent` is met ÷ (met + missed); None where none has ended so.

    `missed` are also those that run and whose time is over, as in `clock_report`.
    """

    kind: str
    met: int
    missed: int
    running: int
    paused: int
    stopped: int
    met_percent: float | None


class MessageLine(Frozen):
    """The effects of one kind (customer message, offer, staff notification) in one state."""

    kind: str
    state: str
    count: int


class ClaimLine(Frozen):
    """Cases that a person has concluded as `claimed` and whose customer is asked, by what came of it.

    `answer_state` None: it is not known yet.
    """

    claimed: str
    answer_state: str | None
    count: int


class Report(Frozen):
    """Everything at once. `offers` are the values granted and not taken back, one amount a currency."""

    zone: str
    since: datetime | None
    until: datetime | None
    responses: int
    anonymous: int
    without_score: int
    revisions: int
    dating: Mapping[str, int]
    quarantine: Mapping[str, int]
    scores: tuple[Scores, ...]
    nps: tuple[NpsLine, ...]
    decisions: Decisions
    loops: tuple[LoopLine, ...]
    opened: int
    closed: int
    attempts: Mapping[str, int]
    clocks: tuple[ClockLine, ...]
    messages: tuple[MessageLine, ...]
    offers: tuple[str, ...]
    claims: tuple[ClaimLine, ...] = ()


@dataclass(frozen=True)
class _Period:
    """From `since` on, before `until`; None: without end."""

    since: datetime | None
    until: datetime | None

    def holds(self, instant: Any) -> Sequence[ColumnElement[bool]]:
        limits = []
        if self.since is not None:
            limits.append(col(instant) >= self.since)
        if self.until is not None:
            limits.append(col(instant) < self.until)
        return limits


def figures(
    session: Session,
    *,
    zone: str,
    at: datetime | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    by: By | None = None,
) -> Report:
    """The report from `since` on, before `until`, with the NPS broken down `by` something.

    Clocks count as they stand at `at`; without it, as they were last recorded.
    """
    period = _Period(since, until)
    answered = period.holds(ResponseRow.responded_at)
    loops = tuple(_loops(session, period))
    scores = tuple(_scores(session, answered))
    return Report(
        zone=zone,
        since=since,
        until=until,
        **_responses(session, answered),
        quarantine=_count(session, QuarantineRow.state, period.holds(QuarantineRow.at)),
        scores=scores,
        nps=tuple(_nps(session, scores, answered, by, ZoneInfo(zone))),
        decisions=_decisions(session, answered),
        loops=loops,
        opened=sum(line.count for line in loops),
        closed=sum(line.count for line in loops if line.state == LoopState.CLOSED),
        attempts=_count_of_loops(session, AttemptRow, AttemptRow.result, period),
        clocks=tuple(_clocks(session, period, at)),
        messages=tuple(_messages(session, period)),
        offers=tuple(_offers(session, period)),
        claims=tuple(_claims(session, period)),
    )


# -- responses ----------------------------------------------------------------------------------


def _count(session: Session, column: Any, where: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    """How many rows have each value of a column, in the order of the values; those without are left out."""
    query = select(column, func.count()).where(col(column).is_not(None), *where)
    return dict(session.exec(query.group_by(column).order_by(column)).all())


def _responses(session: Session, answered: Sequence[ColumnElement[bool]]) -> dict[str, Any]:
    scored = select(ScoreRow.response_id).where(ScoreRow.response_id == ResponseRow.id).exists()
    anonymous = (col(ResponseRow.customer_id).is_(None)) & (col(ResponseRow.contact_id).is_(None))
    total = select(func.count(), func.coalesce(func.sum(ResponseRow.revision - 1), 0)).select_from(
        ResponseRow
    )
    count, revisions = session.exec(total.where(*answered)).one()
    return {
        "responses": count,
        "revisions": revisions,
        "anonymous": _how_many(session, anonymous, *answered),
        "without_score": _how_many(session, ~scored, *answered),
        "dating": _count(session, ResponseRow.dating, answered),
    }


def _how_many(session: Session, *where: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(ResponseRow).where(*where)).one()


# -- scores -------------------------------------------------------------------------------------


def _scores(session: Session, answered: Sequence[ColumnElement[bool]]) -> Iterator[Scores]:
    query = (
        select(ScoreRow.fact, ScoreRow.metric, ScoreRow.value, func.count())
        .join(ResponseRow, col(ResponseRow.id) == ScoreRow.response_id)
        .where(*answered)
        .group_by(ScoreRow.fact, ScoreRow.metric, col(ScoreRow.value))
        .order_by(ScoreRow.fact, ScoreRow.metric, col(ScoreRow.value))
    )
    spread: dict[tuple[str, str], dict[int, int]] = {}
    for fact, metric, value, count in session.exec(query):
        spread.setdefault((fact, metric), {})[value] = count
    for (fact, metric), counts in spread.items():
        yield Scores(fact=fact, metric=metric, base=sum(counts.values()), counts=counts)


def _nps(
    session: Session,
    scores: Sequence[Scores],
    answered: Sequence[ColumnElement[bool]],
    by: By | None,
    zone: ZoneInfo,
) -> Iterator[NpsLine]:
    for one in scores:
        if one.metric != "nps":
            continue
        yield NpsLine(fact=one.fact, group=None, figure=nps_of(one.counts))
        if by is not None:
            for group, counts in sorted(_grouped(session, one.fact, answered, by, zone).items()):
                yield NpsLine(fact=one.fact, group=group, figure=nps_of(counts))


def _grouped(
    session: Session, fact: str, answered: Sequence[ColumnElement[bool]], by: By, zone: ZoneInfo
) -> dict[str, Counter[int]]:
    said = Revision.facts if by == "touchpoint" else ResponseRow.responded_at
    query = (
        select(ScoreRow.value, said)
        .join(ResponseRow, col(ResponseRow.id) == ScoreRow.response_id)
        .join(
            Revision,
            (col(Revision.response_id) == ResponseRow.id) & (col(Revision.number) == ResponseRow.revision),
        )
        .where(ScoreRow.fact == fact, *answered)
    )
    grouped: dict[str, Counter[int]] = {}
    for value, where in session.exec(query):
        grouped.setdefault(_group(where, by, zone), Counter())[value] += 1
    return grouped


def _group(said: Any, by: By, zone: ZoneInfo) -> str:
    if by == "touchpoint":
        return str(said.get("response.touchpoint", NO_TOUCHPOINT))
    return str(said.astimezone(zone).strftime(_PERIODS[by]))


# -- decisions ----------------------------------------------------------------------------------


def _decisions(session: Session, answered: Sequence[ColumnElement[bool]]) -> Decisions:
    def count(column: Any, *where: ColumnElement[bool]) -> dict[str, int]:
        query = select(column, func.count()).join(ResponseRow, col(ResponseRow.id) == DecisionRow.response_id)
        query = query.where(col(column).is_not(None), *where, *answered)
        return dict(session.exec(query.group_by(column).order_by(column)).all())

    first = col(DecisionRow.outcome) != "kept"
    return Decisions(
        by_outcome=count(DecisionRow.outcome, first),
        by_reason=count(DecisionRow.reason, first),
        by_gate=count(DecisionRow.blocked_by, first),
        by_rule=count(DecisionRow.winner, first),
        deferred=count(DecisionRow.deferred_by, first),
        observed=_observed(session, answered),
        arms=_arms(session, answered),
        kept=count(DecisionRow.outcome, ~first).get("kept", 0),
    )


def _observed(session: Session, answered: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    query = (
        select(ObservationRow.rule, func.count())
        .join(DecisionRow, col(DecisionRow.id) == ObservationRow.decision_id)
        .join(ResponseRow, col(ResponseRow.id) == DecisionRow.response_id)
        .where(*answered)
    )
    return dict(session.exec(query.group_by(ObservationRow.rule).order_by(ObservationRow.rule)).all())


def _arms(session: Session, answered: Sequence[ColumnElement[bool]]) -> dict[str, dict[str, int]]:
    query = (
        select(ExposureRow.holdout, ExposureRow.arm, func.count())
        .join(DecisionRow, col(DecisionRow.id) == ExposureRow.decision_id)
        .join(ResponseRow, col(ResponseRow.id) == DecisionRow.response_id)
        .where(*answered)
        .group_by(ExposureRow.holdout, ExposureRow.arm)
        .order_by(ExposureRow.holdout, ExposureRow.arm)
    )
    found: dict[str, dict[str, int]] = {}
    for holdout, arm, count in session.exec(query):
        found.setdefault(holdout, {})[arm] = count
    return found


# -- loops --------------------------------------------------------------------------------------


def _loops(session: Session, period: _Period) -> Iterator[LoopLine]:
    merged = col(LoopRow.merged_into).is_not(None)
    ended = case((merged, literal_column("'merged'")), else_=col(LoopRow.closure))
    columns = (col(LoopRow.play), col(LoopRow.state), ended)
    query = select(*columns, func.count()).where(*period.holds(LoopRow.opened_at)).group_by(*columns)
    for play, state, closure, count in session.exec(query.order_by(*columns)):
        yield LoopLine(play=play, state=state, closure=closure, count=count)


def _count_of_loops(session: Session, model: Any, column: Any, period: _Period) -> dict[str, int]:
    query = select(column, func.count()).join(LoopRow, col(LoopRow.id) == model.loop_id)
    query = query.where(*period.holds(LoopRow.opened_at)).group_by(column).order_by(column)
    return dict(session.exec(query).all())


def _pairs(session: Session, model: Any, kind: Any, state: Any, period: _Period) -> dict[str, dict[str, int]]:
    query = select(kind, state, func.count()).join(LoopRow, col(LoopRow.id) == model.loop_id)
    query = query.where(*period.holds(LoopRow.opened_at)).group_by(kind, state).order_by(kind, state)
    found: dict[str, dict[str, int]] = {}
    for one, other, count in session.exec(query):
        found.setdefault(one, {})[other] = count
    return found


def _clocks(session: Session, period: _Period, at: datetime | None) -> Iterator[ClockLine]:
    query = select(ClockRow.kind, ClockRow.state, ClockRow.due_at)
    query = query.join(LoopRow, col(LoopRow.id) == ClockRow.loop_id).where(*period.holds(LoopRow.opened_at))
    found: dict[str, Counter[ClockState]] = {}
    for kind, state, due in session.exec(query.order_by(ClockRow.kind)):
        found.setdefault(kind, Counter())[state_at(ClockState(state), due, at or due)] += 1
    for kind, states in found.items():
        yield ClockLine(
            kind=kind,
            met=states[ClockState.MET],
            missed=states[ClockState.MISSED],
            running=states[ClockState.RUNNING],
            paused=states[ClockState.PAUSED],
            stopped=states[ClockState.STOPPED],
            met_percent=met_percent(states),
        )


def _claims(session: Session, period: _Period) -> Iterator[ClaimLine]:
    """What people have said of their cases, beside whether their customers have confirmed it."""
    for claimed, states in _pairs(session, CaseRow, CaseRow.claimed, CaseRow.answer_state, period).items():
        if claimed is not None:
            for state, count in states.items():
                yield ClaimLine(claimed=claimed, answer_state=state, count=count)


def _messages(session: Session, period: _Period) -> Iterator[MessageLine]:
    for kind, states in _pairs(session, EffectRow, EffectRow.kind, EffectRow.state, period).items():
        for state, count in states.items():
            yield MessageLine(kind=kind, state=state, count=count)


def _offers(session: Session, period: _Period) -> Iterator[str]:
    query = select(OfferRow.currency, func.sum(OfferRow.value_minor))
    query = query.join(LoopRow, col(LoopRow.id) == OfferRow.loop_id).where(*period.holds(LoopRow.opened_at))
    query = query.where(col(OfferRow.currency).is_not(None), col(OfferRow.cancelled_at).is_(None))
    for currency, minor in session.exec(query.group_by(OfferRow.currency).order_by(OfferRow.currency)):
        yield str(Money(minor=int(minor or 0), currency=str(currency)))
