"""The workflow classes that a worker here runs: ours, and those of installed packages that can be run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from temporalio import workflow

from boucle.worker.own_plays import UnfitPlayError, Unusable, find_own_plays, told_error
from boucle.worker.play_runner import PlayRunner
from boucle.workflows import list_plays
from boucle.workflows.own_play import OwnPlay
from boucle.workflows.play import Play


@dataclass(frozen=True)
class Installed:
    """The classes by the play's name, and the packages' plays that cannot be run."""

    workflows: Mapping[str, type[Play]]
    unusable: tuple[Unusable, ...]


@cache
def load_workflows() -> Installed:
    """Load every play's class, and try those of packages in the sandbox. Done once in a process."""
    found = find_own_plays()
    workflows: dict[str, type[Play]] = {name: play.workflow for name, play in list_plays().items()}
    unusable = list(found.unusable)
    for name, play in found.plays.items():
        try:
            workflows[name] = _load(name, play)
        except UnfitPlayError as error:
            unusable.append(Unusable(name, found.packages[name], str(error)))
    return Installed(workflows, tuple(unusable))


def _load(name: str, play: OwnPlay) -> type[Play]:
    """The class, tried; UnfitPlayError."""
    module, _, attribute = play.workflow.partition(":")
    try:
        loaded = getattr(import_module(module), attribute)
    except Exception as error:  # other people's code, which may raise anything
        raise UnfitPlayError(f"importing {play.workflow} fails: {told_error(error)}{_mend(error)}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Play)):
        raise UnfitPlayError(f"{play.workflow} is no class that derives from boucle.workflows.play.Play")
    _try_out(name, play.workflow, loaded)
    return loaded


def _mend(error: Exception) -> str:
    """What to do where Temporal compares our annotation of the input, which is a text, with a type."""
    unlike = "parameters do not match" in str(error)
    return "; its file has to begin with 'from __future__ import annotations'" if unlike else ""


def _try_out(name: str, where: str, loaded: type[Play]) -> None:
    """Import it as the sandbox does for every loop; UnfitPlayError."""
    definition = workflow._Definition.from_class(loaded)  # noqa: SLF001 Temporal's only way to ask
    if definition is None or definition.name != name or definition.cls is not loaded:
        raise UnfitPlayError(f"{where} needs '@workflow.defn(name=\"{name}\")' above it")
    try:
        with ThreadPoolExecutor(1) as thread:  # whoever asks may be in an event loop, or in none
            thread.submit(asyncio.run, _prepare(definition)).result()
    except Exception as error:  # other people's code, which may raise anything
        cause = error.__cause__ or error
        raise UnfitPlayError(f"Temporal's sandbox does not take it: {told_error(cause)}") from error


async def _prepare(definition: workflow._Definition) -> None:
    PlayRunner().prepare_workflow(definition)
