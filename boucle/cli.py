"""The `boucle` command: the edge at which every error becomes a line and an exit code.

Commands import what is heavy when they run, and `--version` not even the command line's own library, so that
a script may ask it often.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn


def entry() -> NoReturn:
    """Run the command line; leave at once, since Temporal's client can abort in a tidy exit."""
    code = _print_version() if sys.argv[1:] == ["--version"] else _run()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    os._exit(code)


def _print_version() -> int:
    from importlib.metadata import version

    sys.stdout.write(f"boucle {version('boucle')}\n")
    return 0


def _run() -> int:
    # What a command loads stays to its end: searching it for garbage time and again finds nothing.
    gc.set_threshold(200_000)
    # Nor is anything registered for pydantic; to find that, it would read of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from boucle.commands import failures
    from boucle.registry import make_app

    return failures.run(make_app())


if __name__ == "__main__":
    entry()
