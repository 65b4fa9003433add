"""A play can be changed while its loops run, done as docs/changing-plays.md says; otherwise it fails here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from temporalio import workflow
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from boucle.model import ActKind, Closure, EffectState
from boucle.standing import LoopRef
from boucle.worker import running
from boucle.worker.connection import DATA_CONVERTER
from boucle.worker.installed_workflows import load_workflows
from boucle.worker.play_runner import PlayRunner
from boucle.workflows.case_work import WORKING
from boucle.workflows.escalate import Escalate
from boucle.workflows.play import Play
from tests.workflows.play_commands import FOLDER, read_committed, read_recorded
from tests.workflows.test_histories import read
from tests.workflows.world import World, working

INSTRUCTIONS = """
The recorded history '{name}' does not hold the commands that were taken up for it.

A loop in flight replays what it has done so far; a play that now does otherwise can never go on with it.
- Did you edit a play and record its histories anew? Take the old history back (git checkout), put the edit
  behind workflow.patched(...) as docs/changing-plays.md says, and record a history of the new way under a
  name of its own.
- Was the play never released? Then: python -m tests.workflows.play_commands --rewrite
"""
OLD = sorted(path for path in FOLDER.glob("escalate.*.json"))
ESCALATION = {"team": "csm", "close_within": "2 days"}
PATCH = "2026-12-tell-the-customer"


@pytest.mark.parametrize("name", sorted(read_recorded()))
def test_a_recorded_history_holds_the_commands_that_were_taken_up(name: str) -> None:
    assert read_committed().get(name) == read_recorded()[name], INSTRUCTIONS.format(name=name)


def test_no_history_that_loops_may_be_of_is_taken_away() -> None:
    gone = set(read_committed()) - set(read_recorded())
    assert gone == set(), "loops in flight may be of these histories: " + ", ".join(sorted(gone))


class TellingEscalation(Escalate):
    """The change: the customer is told at once that the lead will call."""

    def tell_customer(self) -> None:
        """Once, whatever becomes of it."""
        if "acknowledge" not in self.standing.effects:
            self.send("acknowledge", "we-call-you")


@workflow.defn(name="escalate")
class HastilyChanged(TellingEscalation):
    """The change without a patch."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """As before, but the customer is told."""
        del ref
        await self.follow({"accepted": self.open, WORKING: self.work, **self.verifying})

    async def work(self) -> None:
        """Tell, then work."""
        self.tell_customer()
        await self.work_case()


@workflow.defn(name="escalate")
class Changed(TellingEscalation):
    """The change as docs/changing-plays.md says."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """As before, but the customer is told where the loop began after the change."""
        del ref
        await self.follow({"accepted": self.open, WORKING: self.work, **self.verifying})

    async def work(self) -> None:
        """Tell, where the loop has not been here before; then work."""
        if workflow.patched(PATCH):
            self.tell_customer()
        await self.work_case()


def replayer(play: type[Play]) -> Replayer:
    return Replayer(workflows=[play], data_converter=DATA_CONVERTER, workflow_runner=PlayRunner())


async def test_a_change_without_a_patch_fails_on_the_histories_of_running_loops() -> None:
    assert OLD
    for path in OLD:
        with pytest.raises(NondeterminismError):
            await replayer(HastilyChanged).replay_workflow(read(path))


async def test_a_patched_change_replays_every_history_of_before() -> None:
    for path in OLD:
        await replayer(Changed).replay_workflow(read(path))


async def test_loops_of_before_finish_as_they_began_and_new_ones_take_the_new_way(
    idle_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is replaced by one with the changed play while a loop is open."""
    world = idle_world
    async with working(world):
        before = world.open_loop("escalate", ESCALATION)
        await world.has_effect(before, "staff-assigned-first")
    changed = {**load_workflows().workflows, "escalate": Changed}
    monkeypatch.setattr(running, "load_workflows", lambda: replace(load_workflows(), workflows=changed))
    async with working(world):
        after = world.open_loop("escalate", ESCALATION)
        await world.has_effect(after, "acknowledge")
        for loop in (before, after):
            await world.act(loop, ActKind.CLOSE, "lea", closure="false_alarm")
            assert (await world.closed(loop)).closure == Closure.FALSE_ALARM
    assert (world.effect(before, "acknowledge"), world.effect(after, "acknowledge")) == (
        None,
        EffectState.DONE,
    )
