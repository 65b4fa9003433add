"""What the kernel says of a process: whether it lives, and where it listens."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path

_ESTABLISHED, _LISTEN = "01", "0A"  # <net/tcp_states.h>


def gone(pid: int) -> bool:
    """Whether a process has ended; one that only waits to be reaped has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def wait_until_gone(pid: int, seconds: float = 10) -> None:
    """Return when the process has ended; AssertionError when it does not in time."""
    until = time.monotonic() + seconds
    while not gone(pid):
        assert time.monotonic() < until, f"process {pid} still lives"
        time.sleep(0.001)


def kill_and_wait(pid: int) -> None:
    """Kill a process that may have ended already, and return when it has."""
    if not gone(pid):
        os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)


def _sockets(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        match = re.fullmatch(r"socket:\[(\d+)\]", str(entry.readlink()))
        if match:
            found.add(match[1])
    return found


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, packed), int(port, 16)


def _connections(pid: int, state: str) -> set[tuple[str, int]]:
    mine = _sockets(pid)
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="utf-8").splitlines()[1:]
    ]
    return {_address(row[1]) for row in rows if row[3] == state and row[9] in mine}


def listening(pid: int) -> set[tuple[str, int]]:
    """Every (address, port) that a process listens on by TCP."""
    return _connections(pid, _LISTEN)


def find_owner(local: tuple[str, int], among: list[int]) -> int | None:
    """Which of the processes holds the connection whose near end is `local`; None when it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):  # one that ends while it is looked at
        return next((pid for pid in among if local in _connections(pid, _ESTABLISHED)), None)
    return find_owner(local, [pid for pid in among if not gone(pid)])
