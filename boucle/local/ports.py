"""A port of our own on the loopback address."""

from __future__ import annotations

import random
import socket

LOOPBACK = "127.0.0.1"

LOWEST, HIGHEST = 20_000, 32_000
"""Below the ports that Linux gives to outgoing connections (from 32768): while our server is being
started again, no client's own connection can sit on its port."""

_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def pick_port(preferred: int | None = None) -> int:
    """A free loopback port: the preferred one if it is, so that workers elsewhere find us again."""
    if preferred is not None and is_free(preferred):
        return preferred
    candidates = random.sample(range(LOWEST, HIGHEST), _TRIES)
    for port in candidates:
        if is_free(port):
            return port
    raise OSError(f"no free port among {_TRIES} tried between {LOWEST} and {HIGHEST}")
