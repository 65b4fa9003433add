"""Ctrl-C and SIGTERM, as an event to wait for."""

from __future__ import annotations

import asyncio
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def stop_on_signals() -> asyncio.Event:
    """An event that the first signal sets; a second one ends the process as it always would."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin() -> None:
        stop.set()
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, begin)
    return stop
