"""Whether the customer was won back: the answer to the follow-up question beside the first score."""

from __future__ import annotations

import unicodedata

from sqlmodel import Session
from temporalio import activity

from boucle.activities.calls import FinishFollowUp, JudgeAnswer, Judged
from boucle.engine import followups, notices, privacy, questions
from boucle.engine.database import Database
from boucle.engine.loops import lock_loop, subject_of
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import QuestionRow
from boucle.model import Band, Closure, LoopState, nps_band
from boucle.standing import Standing

_ORDER = (Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER)
_ACTS = "act"


def judge(metric: str | None, first: int | None, answer: int) -> Closure:
    """Recovered: for NPS a higher band, for any other metric a higher score; without a first score, not."""
    if first is None:
        return Closure.NOT_RECOVERED
    if metric == "nps":
        better = _ORDER.index(nps_band(answer)) > _ORDER.index(nps_band(first))
    else:
        better = answer > first
    return Closure.RECOVERED if better else Closure.NOT_RECOVERED


def names_problem(text: str, words: tuple[str, ...]) -> bool:
    """Whether a text holds any of these words, or groups of words; case and accents don't matter."""
    folded = f" {_fold(text)} "
    return any(f" {_fold(word)} " in folded for word in words)


class RecoveryActivities:
    """Looks at what customers have answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(no_thread_cancel_exception=True)
    def judge_answer(self, call: JudgeAnswer) -> Judged:
        """What the answer means; a text that was erased meanwhile names nothing."""
        with self._database.reading() as session:
            loop = session.get_one(LoopRow, call.loop)
            question = questions.find_question(session, loop, call.step)
            score = question.score if question else loop.answer
            low = score is not None and call.problem_below is not None and score < call.problem_below
            problem = low or names_problem(_read_text(session, loop, question), call.problem_words)
            return Judged(still_low=_judge(loop) == Closure.NOT_RECOVERED, problem=problem)

    @activity.defn(no_thread_cancel_exception=True)
    def finish_follow_up(self, call: FinishFollowUp) -> Standing:
        """The loop ends, and where its rule says so goes on with its next round."""
        with self._database.session() as session:
            loop = lock_loop(session, call.loop)
            followups.finish(
                session, call.loop, round_=call.round, judged=_judge(loop), if_still_low=call.if_still_low,
                at=call.at,
            )  # fmt: skip
            if loop.state == LoopState.CLOSED:
                notices.drop(session, call.loop, call.at)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing


def _judge(loop: LoopRow) -> Closure | None:
    return None if loop.answer is None else judge(loop.metric, loop.first_score, loop.answer)


def _read_text(session: Session, loop: LoopRow, question: QuestionRow | None) -> str:
    if question is None or question.answered_by is None:
        return ""
    return privacy.read(session, subject_of(loop), _ACTS).get(question.answered_by, "")


def _fold(text: str) -> str:
    """Letters and digits alone, in lower case and without accents, one space between words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare.casefold()).split())
