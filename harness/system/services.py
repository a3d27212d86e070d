"""The services a trial stands on, each a context manager that is ready when its block begins and gone when it ends."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.system.process import accepts, child, free_port, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from experiment.design.model import ServerConfig
    from harness.system.pinning import CorePlan

_READY_TIMEOUT_S = 30.0
_KEEP_ALIVE_S = 75
"""uvicorn closes idle connections after 5 s by default, which paced loads would meet as errors."""

_UNWANTED = (
    *("WEB_CONCURRENCY", "UVICORN_", "BENCH_", "OTEL_", "PG"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE"),
)
"""Variables of the caller's that would change the SUT without the manifest knowing; proxies are dropped as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service: its port, its process, how long it took to be ready, and its log."""

    port: int
    process: subprocess.Popen[bytes]
    ready_s: float
    log: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.poll() is None


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment without what would change the SUT behind our back, plus `extra`."""
    kept = {name: value for name, value in os.environ.items() if not _is_unwanted(name)}
    return {**kept, **extra}


def _is_unwanted(name: str) -> bool:
    # a proxy would be asked for the upstream's answers, by every client that reads the environment
    return name.startswith(_UNWANTED) or name.lower().endswith("_proxy")


@contextmanager
def upstream(*, delay_s: float, log: Path, cores: tuple[int, ...]) -> Iterator[Service]:
    """Run the upstream stub that the http variants ask."""
    port = free_port()
    command = [sys.executable, "-m", "harness.system.upstream", "--port", str(port), "--delay-s", str(delay_s)]
    with child(command, log=log, cores=cores, env=clean_environment({})) as process:
        ready_s = wait_until(
            lambda: accepts(port),
            process=process,
            what="the upstream stub",
            log=log,
            timeout_s=_READY_TIMEOUT_S,
        )
        yield Service(port=port, process=process, ready_s=ready_s, log=log)


@contextmanager
def sut(
    *,
    server: ServerConfig,
    environment: Mapping[str, str],
    log: Path,
    plan: CorePlan,
    port: int | None = None,
    patience_s: float = 0.0,
) -> Iterator[Service]:
    """Run the app under test, as `uvicorn` runs it in production: uvloop, httptools, no access log.

    By default it is killed without patience when the block ends: a blocked loop would need seconds to drain, and what
    it would still answer nobody waits for.
    """
    chosen = port or free_port()
    cores = plan.for_sut(server.cores)
    settings = {} if server.thread_tokens is None else {"BENCH_THREAD_TOKENS": str(server.thread_tokens)}
    command = [
        *(sys.executable, "-m", "uvicorn", "--factory", "bench_app.app:create_app"),
        *("--host", "127.0.0.1", "--port", str(chosen), "--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--log-level", "warning", "--timeout-keep-alive", str(_KEEP_ALIVE_S)),
    ]
    env = clean_environment({**environment, **settings})
    pinned = cores if plan.enforced else ()
    with child(command, log=log, cores=pinned, env=env, patience_s=patience_s) as process:
        ready_s = wait_until(
            lambda: accepts(chosen), process=process, what="the app", log=log, timeout_s=_READY_TIMEOUT_S
        )
        yield Service(port=chosen, process=process, ready_s=ready_s, log=log)
