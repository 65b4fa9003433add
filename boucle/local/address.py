"""The address file: where a running `boucle up` is found by the other commands."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from boucle.errors import BoucleError, UnreachableError
from boucle.local import lock
from boucle.model import Frozen


class Running(Frozen):
    """A running `boucle up`: who it is, and where its Temporal server answers.

    `server_pid` is None when the server is somebody else's (`TEMPORAL_ADDRESS`).
    """

    pid: int
    server_pid: int | None
    temporal_address: str
    namespace: str
    started_at: datetime


class FolderInUseError(BoucleError):
    """A second `boucle up` on one data folder."""

    exit_code = 1

    def __init__(self, folder: Path, holder: Running | None) -> None:
        who = f"process {holder.pid} has run since {holder.started_at:%Y-%m-%d %H:%M:%S %Z}" if holder else ""
        super().__init__(
            f"boucle up already works on {folder}{': ' + who if who else ''}; "
            "stop that one first, or look with `boucle doctor`"
        )
        self.holder = holder


def address_file(folder: Path) -> Path:
    """Where the address file of a data folder lies."""
    return folder / "running.json"


def read_address(folder: Path) -> Running | None:
    """What the address file says, whether or not it still holds; None without a readable one."""
    try:
        return Running.model_validate_json(address_file(folder).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write_address(folder: Path, running: Running) -> None:
    """Replace the address file whole: a reader sees the old one or the new one. Call under the lock."""
    fresh = address_file(folder).with_suffix(".new")
    fresh.write_text(running.model_dump_json(indent=2) + "\n", encoding="utf-8")
    fresh.replace(address_file(folder))


def remove_address(folder: Path) -> None:
    """Forget the address, at a clean stop. Call under the lock."""
    address_file(folder).unlink(missing_ok=True)


def find_running(folder: Path) -> Running | None:
    """The `boucle up` that works on this data folder, or None.

    The lock tells the truth: what a killed `up` left in the file is stale, whatever process may
    have its number by now.
    """
    running = read_address(folder)
    if running is None or not lock.is_held(folder) or not _alive(running.pid):
        return None
    return running


def get_running(folder: Path) -> Running:
    """The `boucle up` that works on this data folder; UnreachableError when none does."""
    running = find_running(folder)
    if running is None:
        raise UnreachableError("boucle", str(folder), "it is not running; start it with `boucle up`")
    return running


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
