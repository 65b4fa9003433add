"""What the kernel says of a process: whether it lives, and where it listens."""

from __future__ import annotations

import re
import socket
import struct
from pathlib import Path


def gone(pid: int) -> bool:
    """Whether a process has ended; one that only waits to be reaped has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


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


def listening(pid: int) -> list[tuple[str, int]]:
    """Every (address, port) that a process listens on by TCP."""
    mine = _sockets(pid)
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="utf-8").splitlines()[1:]
    ]
    listen = "0A"  # TCP_LISTEN in <net/tcp_states.h>
    return [_address(row[1]) for row in rows if row[3] == listen and row[9] in mine]
