"""Loops live for weeks: an edit of a play that would break running ones must fail here first."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from boucle.model import Closure
from boucle.standing import LoopRef
from boucle.worker.connection import DATA_CONVERTER
from boucle.worker.play_runner import PlayRunner
from boucle.workflows import list_plays
from boucle.workflows.case_work import WORKING
from boucle.workflows.play import Play
from tests.workflows.history_text import plain_text
from tests.workflows.record_histories import FOLDER, SCENARIOS
from tests.workflows.world import AMELIE

RECORDED = sorted(FOLDER.glob("*.json"))


def read(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))


def replayer(*plays: type) -> Replayer:
    return Replayer(workflows=plays, data_converter=DATA_CONVERTER, workflow_runner=PlayRunner())


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer(*(play.workflow for play in list_plays().values())).replay_workflow(read(path))


def test_every_play_has_histories_of_open_and_of_closed_loops() -> None:
    names = [path.stem for path in RECORDED]
    assert set(SCENARIOS) <= set(names)
    for play in list_plays():
        states = {name.split(".")[1].startswith("open") for name in names if name.startswith(f"{play}.")}
        assert states == {True, False}, play


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_history_names_no_person_and_no_machine(path: Path) -> None:
    said = plain_text(path.read_text(encoding="utf-8"))
    for secret in (
        AMELIE.email,
        AMELIE.phone,
        "Amélie",
        "Dupont",
        "firm.example",
        f"{Path.home()}/",
        "/home/",
        "@",
    ):
        assert secret is not None
        assert secret not in said


@workflow.defn(name="escalate")
class HastyEscalation(Play):
    """An edit that running loops would not survive: it closes what the recorded ones work."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Close at once."""
        del ref
        await self.follow({"accepted": self.give_up, WORKING: self.give_up})

    async def give_up(self) -> None:
        """Not what was recorded."""
        await self.close(Closure.WITHDRAWN)


async def test_an_edit_that_breaks_running_loops_is_found() -> None:
    history = read(FOLDER / "escalate.open_missed.json")
    with pytest.raises(NondeterminismError):
        await replayer(HastyEscalation).replay_workflow(history)
