"""The local log: all details to a file that only its owner reads, one line of each warning to stderr."""

from __future__ import annotations

import logging
import os
from io import FileIO, TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

_LARGEST = 5_000_000
_KEPT = 3


class _Brief(logging.Formatter):
    """The message alone: a traceback belongs into the file."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return f"{self.formatTime(record)} {record.levelname.lower()}: {record.getMessage()}"


class _Private(RotatingFileHandler):
    """A file that only its owner reads, also the next one after it has grown full."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return TextIOWrapper(FileIO(descriptor, "a"), encoding=self.encoding, write_through=True)


def log_file(folder: Path, name: str) -> Path:
    """Where the log of a command lies, `up` or `worker`."""
    return folder / f"{name}.log"


def log_to(path: Path) -> None:
    """Send every logger of this process there, Temporal's client too. Call before its first use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = _Private(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")
    file.setFormatter(logging.Formatter(f"%(asctime)s {os.getpid()} %(levelname)s %(name)s: %(message)s"))
    screen = logging.StreamHandler()
    screen.setFormatter(_Brief())
    screen.setLevel(logging.WARNING)
    screen.addFilter(logging.Filter("boucle"))
    logging.basicConfig(level=logging.INFO, handlers=[file, screen], force=True)
    _forward_client_log()


def _forward_client_log() -> None:
    """Temporal's client would write to stderr, dozens of lines for each restart of a server."""
    logger = logging.getLogger("temporalio.core")
    config = LoggingConfig(
        TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=LogForwardingConfig(logger)
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=config)), error_if_already_set=False)
