"""The demo's report: one HTML file that needs nothing else, with the figures and every loop's timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session, col, select

from boucle.commands.output import local, now, span
from boucle.commands.sentences import sentence
from boucle.demo.run import Played
from boucle.engine.reports import Report
from boucle.engine.responses import tell
from boucle.engine.tables import LoopRow, ResponseRow
from boucle.engine.timeline import Entry, read_timeline
from boucle.engine.work_tables import CaseRow
from boucle.model import Closure

CLOSURES: Mapping[Closure, str] = {
    Closure.RECOVERED: "recovered",
    Closure.NOT_RECOVERED: "not recovered",
    Closure.NO_ANSWER: "no answer",
    Closure.UNREACHABLE: "unreachable",
    Closure.DECLINED: "declined",
    Closure.FALSE_ALARM: "false alarm",
    Closure.WITHDRAWN: "withdrawn",
    Closure.COMPLETED: "completed",
}
REASONS: Mapping[str, str] = {
    "content": "not a detractor: nobody needs calling",
    "no_consent": "a detractor who did not agree to be contacted",
    "no_score": "no score at all",
    "max_age": "answered more than 14 days ago: too late to apologise without looking odd",
}
_BREAK = 86_400.0


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: its label, its number, and its length in percent of the longest."""

    label: str
    count: int
    percent: float


@dataclass(frozen=True)
class Line:
    """One line of a loop's timeline; `gap` says how long nothing happened before it."""

    when: str
    number: int
    who: str
    what: str
    quotes: tuple[str, ...]
    gap: str | None


@dataclass(frozen=True)
class Story:
    """One loop as it is told in the report."""

    id: str
    play: str
    rule: str
    score: int | None
    answer: int | None
    closure: str
    owner: str
    lasted: str
    verbatim: str | None
    lines: tuple[Line, ...]


def write_report(played: Played, path: Path) -> None:
    """Write the report; it holds what is personal of the invented customers, as the CSMs saw it."""
    report = played.report
    with played.database.reading() as session:
        stories = list(_stories(session))
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    ).get_template("report.html.j2")
    text = template.render(
        company=played.settings.company,
        made_at=local(now()),
        played=played,
        report=report,
        nps=report.nps[0].figure,
        scores=_bars(_spread(report)),
        endings=_bars(_endings(stories)),
        nothing=_nothing(report),
        closures=list(CLOSURES.values()),
        table=_plays(report),
        stories=stories,
        shown=next((story.id for story in stories if _is_telling(story)), None),
    )
    path.write_text(text, encoding="utf-8")


def _bars(counts: Mapping[str, int]) -> list[Bar]:
    longest = max(counts.values(), default=1)
    return [Bar(label, count, 100 * count / longest) for label, count in counts.items()]


def _spread(report: Report) -> dict[str, int]:
    counts = next(one.counts for one in report.scores if one.metric == "nps")
    return {str(score): counts.get(score, 0) for score in range(11)}


def _endings(stories: Sequence[Story]) -> dict[str, int]:
    counted = Counter(story.closure for story in stories)
    return {name: counted[name] for name in CLOSURES.values() if counted[name]}


def _nothing(report: Report) -> list[tuple[str, int]]:
    held = {**report.decisions.by_reason, **report.decisions.by_gate}
    return [(REASONS.get(code, code), count) for code, count in sorted(held.items(), key=lambda one: -one[1])]


def _plays(report: Report) -> list[tuple[str, list[int], int]]:
    """Per play, the number of loops of each closure, in the order of `CLOSURES`, and their sum."""
    counts: dict[str, Counter[str]] = {}
    for line in report.loops:
        counts.setdefault(line.play, Counter())[line.closure or ""] += line.count
    return [(play, [of[closure] for closure in CLOSURES], of.total()) for play, of in sorted(counts.items())]


def _stories(session: Session) -> Iterator[Story]:
    rows = session.exec(select(LoopRow).order_by(col(LoopRow.play), col(LoopRow.closure), col(LoopRow.id)))
    for row in rows.all():
        case = session.exec(select(CaseRow).where(CaseRow.loop_id == row.id)).first()
        entries = read_timeline(session, row.id)
        yield Story(
            id=row.id[:10],
            play=row.play.replace("_", " "),
            rule=row.rule,
            score=row.first_score,
            answer=row.answer,
            closure=CLOSURES[Closure(row.closure)] if row.closure else "open",
            owner=(case.owner or case.team) if case else "nobody: it ran by itself",
            lasted=span((row.closed_at - row.opened_at).total_seconds()) if row.closed_at else "",
            verbatim=_verbatim(session, row),
            lines=tuple(_lines(entries)),
        )


def _is_telling(story: Story) -> bool:
    """Worth being open when the page is: somebody called, and it helped."""
    return story.play == "csm case" and story.closure == CLOSURES[Closure.RECOVERED]


def _verbatim(session: Session, row: LoopRow) -> str | None:
    said = tell(session, session.get_one(ResponseRow, row.response_id)).verbatims
    return said[0].text if said else None


def _lines(entries: Sequence[Entry]) -> Iterator[Line]:
    """The timeline without the lines that only say that something is about to be done."""
    before: datetime | None = None
    for entry in entries:
        if entry.type == "effect.intended":
            continue
        gap = (entry.happened_at - before).total_seconds() if before else 0.0
        yield Line(
            when=local(entry.happened_at),
            number=entry.number,
            who=entry.actor,
            what=sentence(entry),
            quotes=tuple(entry.texts.values()),
            gap=span(gap) if gap >= _BREAK else None,
        )
        before = max(before, entry.happened_at) if before else entry.happened_at
