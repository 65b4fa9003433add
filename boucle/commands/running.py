"""`boucle up`, `boucle worker`: what works by itself until it is stopped; `boucle doctor` looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from boucle.commands.options import FormatOption, WorkspaceOption
from boucle.commands.output import Format, now, show

_MARKS = {"ok": "ok  ", "attention": "look", "problem": "BAD "}

if TYPE_CHECKING:
    from boucle.local.address import Running
    from boucle.local.findings import Finding
    from boucle.settings import Settings


def up(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Run everything on this machine: the embedded Temporal server and a worker. Ctrl-C stops it."""
    from boucle.commands.opening import get_settings
    from boucle.local.logs import log_file, log_to
    from boucle.local.up import up as run_up

    settings = get_settings(workspace)
    log_to(log_file(settings.data_folder, "up"))
    run_up(settings, lambda running: show(running, lambda: _what_runs(settings, running), format_))


def worker(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Run one more worker, for `boucle up` or for your own Temporal server. Ctrl-C stops it."""
    from boucle.commands.opening import get_settings
    from boucle.local.alone import work_alone
    from boucle.local.logs import log_file, log_to

    settings = get_settings(workspace)
    log_to(log_file(settings.data_folder, "worker"))
    work_alone(settings, lambda address: _show_worker(settings, address, format_))


def doctor(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Look at everything that could be wrong; exit code 1 when something is."""
    from boucle.commands.opening import get_settings
    from boucle.local.doctor import examine
    from boucle.local.findings import is_sound

    findings = examine(get_settings(workspace), now())
    show(findings, lambda: "\n".join(map(_finding_line, findings)), format_)
    if not is_sound(findings):
        raise typer.Exit(1)


def _show_worker(settings: Settings, address: str, format_: Format) -> None:
    value = {"temporal_address": address, "namespace": settings.namespace, "task_queue": settings.task_queue}
    show(value, f"a worker for Temporal at {address}; Ctrl-C stops it", format_)


def _what_runs(settings: Settings, running: Running) -> str:
    from boucle.engine.database import Database
    from boucle.local.logs import log_file

    smtp = settings.smtp
    lines = {
        "database": Database(settings.database).where,
        "Temporal": f"{running.temporal_address}" + (", embedded" if running.server_pid else ""),
        "worker": f"task queue {settings.task_queue} in namespace {settings.namespace}",
        "messages": f"by {smtp.host}:{smtp.port}" if smtp else f"files in {settings.mailbox_folder}",
        "log": str(log_file(settings.data_folder, "up")),
    }
    shown = [f"  {name:<9}  {value}" for name, value in lines.items()]
    return "\n".join([f"boucle runs on {settings.workspace}", *shown, "Ctrl-C stops it"])


def _finding_line(finding: Finding) -> str:
    return f"{_MARKS[finding.verdict]} {finding.check:<12} {finding.text}  → {finding.next}"
