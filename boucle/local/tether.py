"""Runs a command that dies with its parent: `python tether.py PARENT_PID COMMAND…`.

Linux sends the signal asked for here when the thread that started us ends, and keeps that over the
`exec`. Elsewhere the command outlives a killed parent; the lock it inherits still guards the folder.
Stands alone: it is run by path, without the package.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main(parent: int, command: list[str]) -> None:
    """Become `command`; exit 1 when the parent is gone already."""
    if sys.platform == "linux":
        # SIGKILL, not SIGTERM: the next server may start at once, and acknowledged work is on disk
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)
    os.execv(command[0], command)  # noqa: S606 the command is our caller's own


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
