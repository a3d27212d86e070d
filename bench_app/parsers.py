"""The process pool that parses PDFs for the async-process variant."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Self

from bench_app.pdf import extract_text

if TYPE_CHECKING:
    from bench_app.settings import Settings

START_LIMIT_S = 20.0


class ParserDiedError(RuntimeError):
    """A worker process died under a request. The pool has been replaced; requests after this one are served."""


def _prepare_worker() -> None:
    """Load what the first request would otherwise have to load, and end when the SUT does."""
    import pypdf  # noqa: F401

    threading.Thread(target=_die_with_parent, name="parent-watch", daemon=True).start()


def _die_with_parent() -> None:
    # A worker waits for work on a pipe whose other end the other workers hold as well. When the SUT is killed, as at
    # the end of a trial, nothing wakes them, and they would stay for ever.
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _report_pid() -> int:
    time.sleep(0.02)  # long enough that the same worker does not answer for all
    return os.getpid()


class ParserPool:
    """An async context manager around a ProcessPoolExecutor whose workers are all up when it is entered.

    Workers come from a forkserver. A forked worker would inherit the SUT's listening socket and keep the port when the
    SUT is gone, and forking beside running threads can deadlock.
    """

    def __init__(self, *, workers: int) -> None:
        self._workers = workers
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["bench_app.pdf", "pypdf"])
        self._executor = self._new_executor()

    def _new_executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, mp_context=self._context, initializer=_prepare_worker)

    async def __aenter__(self) -> Self:
        """Start the workers. Raises TimeoutError if they are not all up within START_LIMIT_S seconds."""
        loop = asyncio.get_running_loop()
        up: set[int] = set()
        async with asyncio.timeout(START_LIMIT_S):
            while len(up) < self._workers:
                calls = [loop.run_in_executor(self._executor, _report_pid) for _ in range(self._workers)]
                up.update(await asyncio.gather(*calls))
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Drop what is queued and end the workers, without waiting for running parses."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def extract_text(self, data: bytes) -> str:
        """Return the text of the PDF `data`, parsed in a worker.

        Raises UnreadablePdfError for a bad file, and ParserDiedError if the worker died. An executor with a dead worker
        refuses all work from then on, so it is replaced, and the next request starts new workers.
        """
        executor = self._executor
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, extract_text, data)
        except BrokenProcessPool as e:
            if self._executor is executor:  # the first of the requests that it failed
                self._executor = self._new_executor()
                executor.shutdown(wait=False)
            raise ParserDiedError("the process parsing this file died") from e


@dataclass(frozen=True, slots=True)
class Parsers:
    """The pool as the lifespan opens it for the variants that use it."""

    name: str = "parsers"

    def open(self, settings: Settings) -> ParserPool:
        """Return the pool; entering it waits until every worker is ready."""
        return ParserPool(workers=settings.process_workers)


PARSERS = Parsers()
