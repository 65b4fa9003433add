"""Where errors end: one line on stderr and an exit code; a report file where nobody expected them.

Exit codes: 0 done; 1 the answer is "no"; 2 usage or configuration; 3 a service cannot be reached; 4 not
allowed; 130 interrupted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import typer

UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h: none of the codes that a script relies on
_CONFIGURATION = 2
_INTERRUPTED = 130


def run(app: Callable[[], object]) -> int:
    """Run a command line that ends by SystemExit; the exit code."""
    try:
        app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 the last edge: whatever it is, the user reads one line
        return _explain(error)
    return 0


def _explain(error: Exception) -> int:
    from boucle.errors import BoucleError

    if os.environ.get("BOUCLE_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    if isinstance(error, BoucleError):
        text = str(error)  # a report on files says itself where it comes from
        typer.echo(text if "\n" in text else f"boucle: {text}", err=True)
        return error.exit_code
    if isinstance(error, OSError) and isinstance(error.filename, str) and error.strerror:
        typer.echo(f"boucle: {error.filename} cannot be used: {error.strerror.lower()}", err=True)
        return _CONFIGURATION
    where = f"; details are in {path}" if (path := _report(error)) else ""
    typer.echo(f"boucle: unexpected {type(error).__name__}{where}", err=True)
    return UNEXPECTED


def _report(error: Exception) -> Path | None:
    """Write the traceback, without variables or arguments, to a file that only its owner reads."""
    import platform
    import tempfile
    import traceback
    from importlib.metadata import version

    head = f"boucle {version('boucle')}, Python {platform.python_version()}, {platform.platform()}\n\n"
    try:
        handle, name = tempfile.mkstemp(prefix="boucle-report-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(head + "".join(traceback.format_exception(error)))
    except OSError:
        return None
    return Path(name)
