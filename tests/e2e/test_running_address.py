"""The lock and the address file: who runs on a data folder, also after a kill."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from boucle.errors import UnreachableError
from boucle.local import lock
from boucle.local.address import (
    FolderInUseError,
    Running,
    address_file,
    find_running,
    get_running,
    read_address,
    remove_address,
    write_address,
)


def running(pid: int) -> Running:
    return Running(
        pid=pid,
        server_pid=None,
        temporal_address="127.0.0.1:7233",
        namespace="default",
        started_at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
    )


def test_who_holds_the_lock_is_found_by_its_address(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None
    with lock.held(tmp_path) as descriptor:
        assert descriptor is not None
        write_address(tmp_path, running(os.getpid()))
        assert get_running(tmp_path) == running(os.getpid())
        assert [path.name for path in tmp_path.glob("running*")] == ["running.json"]
        remove_address(tmp_path)
        assert find_running(tmp_path) is None


def test_a_second_holder_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with lock.held(tmp_path), lock.held(tmp_path, patience=0.1) as second:
        assert second is None
    error = FolderInUseError(tmp_path, running(4711))
    assert "process 4711 has run since 2026-01-05 09:00:00 UTC" in str(error)
    assert error.exit_code == 1


def test_an_address_without_its_lock_is_stale_whoever_has_the_number_now(tmp_path: Path) -> None:
    write_address(tmp_path, running(os.getpid()))
    assert read_address(tmp_path) is not None
    assert find_running(tmp_path) is None
    with pytest.raises(UnreachableError, match="boucle up"):
        get_running(tmp_path)


HOLDER = """
import sys, time
from pathlib import Path
from boucle.local import lock
with lock.held(Path(sys.argv[1])) as descriptor:
    print(descriptor is not None, flush=True)
    time.sleep(600)
"""


def test_a_killed_holder_leaves_the_folder_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        write_address(tmp_path, running(holder.pid))
        assert find_running(tmp_path) is not None
        holder.kill()
    assert find_running(tmp_path) is None


def test_asking_who_runs_does_not_keep_a_new_one_from_starting(tmp_path: Path) -> None:
    with lock.held(tmp_path) as first:
        assert first is not None
        assert lock.is_held(tmp_path)
    assert not lock.is_held(tmp_path)
    with lock.held(tmp_path, patience=0) as again:
        assert again is not None


def test_an_unreadable_address_file_is_no_address(tmp_path: Path) -> None:
    address_file(tmp_path).write_text('{"pid": ')
    assert read_address(tmp_path) is None
