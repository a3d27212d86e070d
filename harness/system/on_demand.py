"""A service that is started when it is first needed, and again when it has died."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, Protocol, TypeVar


class Mortal(Protocol):
    """What can be asked whether it still runs."""

    @property
    def is_alive(self) -> bool: ...


T = TypeVar("T", bound=Mortal)


class OnDemand(Generic[T]):
    """Owns one service at a time; `close` ends it."""

    def __init__(self, start: Callable[[], AbstractContextManager[T]]) -> None:
        self._start = start
        self._block = ExitStack()
        self.last: T | None = None  # running or dead; None before it was needed

    def running(self) -> T:
        """Return the service, started (again) if it does not run; raises what starting it raises."""
        if self.last is None or not self.last.is_alive:
            self._block.close()
            self.last = self._block.enter_context(self._start())
        return self.last

    @property
    def is_alive(self) -> bool:
        return self.last is not None and self.last.is_alive

    def close(self) -> None:
        self._block.close()
