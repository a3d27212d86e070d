"""Which machine and which network this process is on, as names that differ where two of them do."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACES = Path("/proc/self/ns")


def machine() -> str:
    """Return a name that those share who see each other's pids; the host's name where the system does not say."""
    return _named("pid")


def network() -> str:
    """Return a name that those share who have the same loopback address; as `machine` where the system does not say."""
    return _named("net")


def _named(namespace: str) -> str:
    with suppress(OSError):
        boot = _BOOT.read_text(encoding="ascii").strip()
        return f"{boot} {(_NAMESPACES / namespace).readlink()}"
    return socket.gethostname()
