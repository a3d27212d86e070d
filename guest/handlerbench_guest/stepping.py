"""Runs a coroutine to its end in a thread that has no loop; what really awaits is caught at its first await.

A coroutine that only ever awaits what is ready ends at its first step. While it is stepped, asking for the running loop
gives one that nothing can be done with: whoever uses it is about to await, and is stopped there, on the line that does.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import CodeType
from typing import Any, NoReturn

from handlerbench_guest.own_code import OwnCode, awaited_frames

_SAYS_SO = ("running event loop", "current event loop", "inside a task", "async library", "asynchronous event loop")


@dataclass(frozen=True)
class Line:
    """A line of the app's, and the function in which it stands."""

    file: str | None
    line: int | None
    function: str | None


class AwaitsError(Exception):
    """A coroutine really awaits, and cannot be run in a thread."""

    def __init__(self, line: Line) -> None:
        super().__init__(f"it really awaits, in line {line.line} of {line.file}")
        self.line = line


class _NeedsLoop(BaseException):
    """Raised to whoever uses the loop: not an Exception, for handlers catch those."""


class _NoLoop:
    """Stands in for the running loop; only the time can be had from it."""

    time = staticmethod(time.monotonic)

    def __getattr__(self, name: str) -> Any:
        raise _NeedsLoop(name)


class _NoTask:
    """Stands in for the current task: anyio's scopes keep a weak reference to it, and use it only to await."""

    def __getattr__(self, name: str) -> Any:
        raise _NeedsLoop(name)


def step(coroutine: Coroutine[Any, Any, Any], own: OwnCode) -> Any:
    """Return what a coroutine returns, having run it here and now, in a thread without a loop.

    Raises AwaitsError where it really awaits; what it raises itself is passed on.
    """
    _pretend_asyncio()
    loop, task = _NoLoop(), _NoTask()
    asyncio._set_running_loop(loop)  # type: ignore[arg-type]
    asyncio.tasks._enter_task(loop, task)  # type: ignore[arg-type]
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    except _NeedsLoop as error:
        _refuse(error, own)
    except RuntimeError as error:
        if not any(words in str(error) for words in _SAYS_SO):
            raise
        _refuse(error, own)
    else:
        line = _suspended(coroutine, own)
        with suppress(Exception, _NeedsLoop):
            coroutine.close()
        raise AwaitsError(line)
    finally:
        asyncio.tasks._leave_task(loop, task)  # type: ignore[arg-type]
        asyncio._set_running_loop(None)


def _pretend_asyncio() -> None:
    """Have libraries that ask sniffio go on to ask for the loop, rather than raise what a handler may catch."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None:
        sniffio.current_async_library_cvar.set("asyncio")  # the thread runs this call in a context of its own


def _refuse(error: BaseException, own: OwnCode) -> NoReturn:
    """Raise AwaitsError for the first use of the loop: cleaning up after it, as `async with` does, uses it again."""
    traces = [_places(each) for each in _chain(error)]
    first = next((trace for trace in reversed(traces) if _is_own(trace, own)), traces[0])
    raise AwaitsError(_innermost(first, own)) from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, the one during whose handling it was raised, and so on."""
    earlier: BaseException | None = error
    while earlier is not None:
        yield earlier
        earlier = earlier.__context__


def _places(error: BaseException) -> list[tuple[CodeType, int]]:
    places = []
    trace = error.__traceback__
    while trace is not None:
        places.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    return [place for place in places if place[0] is not step.__code__]


def _is_own(places: list[tuple[CodeType, int]], own: OwnCode) -> bool:
    return any(own.relative(code.co_filename) is not None for code, _ in places)


def _suspended(coroutine: Any, own: OwnCode) -> Line:
    """Return where a coroutine waits: the innermost own line of all that await one another."""
    return _innermost([(frame.f_code, frame.f_lineno) for frame in awaited_frames(coroutine)], own)


def _innermost(places: list[tuple[CodeType, int]], own: OwnCode) -> Line:
    """Return the innermost own place, or the innermost of all."""
    mine = [(code, line) for code, line in places if own.relative(code.co_filename) is not None]
    for code, line in reversed(mine or places):
        return Line(file=own.shown(code.co_filename), line=line, function=code.co_name)
    return Line(file=None, line=None, function=None)
