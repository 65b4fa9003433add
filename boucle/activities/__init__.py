"""The one list of activities: every side effect of a loop, with what it needs to be done.

Who only reads a template or names a call does not wait for the database and the mailer: this file
imports nothing until it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from boucle.activities.letters import Letterhead
    from boucle.activities.mail import Mailer
    from boucle.activities.people import Directory
    from boucle.activities.templates import Templates
    from boucle.engine.database import Database
    from boucle.engine.links import Links


@dataclass(frozen=True)
class Means:
    """What activities work with."""

    database: Database
    mailer: Mailer
    templates: Templates
    head: Letterhead
    directory: Directory
    links: Links


def list_activities(means: Means) -> list[Callable[..., Any]]:
    """Every activity that a worker runs."""
    from boucle.activities.cases import CaseActivities  # noqa: PLC0415 see the module
    from boucle.activities.loops import LoopActivities  # noqa: PLC0415 see the module
    from boucle.activities.messages import MessageActivities  # noqa: PLC0415 see the module
    from boucle.activities.notices import NoticeActivities  # noqa: PLC0415 see the module
    from boucle.activities.offers import OfferActivities  # noqa: PLC0415 see the module
    from boucle.activities.posting import Post  # noqa: PLC0415 see the module
    from boucle.activities.recovery import RecoveryActivities  # noqa: PLC0415 see the module
    from boucle.activities.sequences import SequenceActivities  # noqa: PLC0415 see the module
    from boucle.activities.tasks import TaskActivities  # noqa: PLC0415 see the module
    from boucle.activities.waits import WaitActivities  # noqa: PLC0415 see the module

    post = Post(means.database, means.mailer)
    loops = LoopActivities(means.database)
    cases = CaseActivities(means.database, means.directory)
    sequences = SequenceActivities(means.database)
    tasks = TaskActivities(means.database)
    waits = WaitActivities(means.database, means.directory)
    messages = MessageActivities(post, means.templates, means.head, means.links)
    recovery = RecoveryActivities(means.database)
    notices = NoticeActivities(post, means.directory, means.head, means.templates)
    offers = OfferActivities(means.database, means.directory)
    return [
        loops.load,
        loops.advance,
        loops.close_loop,
        loops.apply_act,
        loops.record_interruption,
        cases.open_case,
        cases.look_after,
        waits.wake_case,
        waits.remind_of_promise,
        waits.miss_promise,
        tasks.remind_of_task,
        tasks.call_task_late,
        offers.grant_offer,
        offers.propose_offer,
        offers.remind_of_approval,
        recovery.judge_answer,
        recovery.finish_follow_up,
        sequences.tell_step,
        messages.send_message,
        notices.notify_staff,
    ]
