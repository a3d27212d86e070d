"""That the user, or the system, wants us to end: told once, remembered, and kept out of what cleans up.

A signal's handler runs between any two steps of Python, those in callbacks from C included. An exception that it raises
in such a callback may be printed as ignored and dropped (seen inside pydantic's serializer). So the wish is noted as
well, and loops that wait or begin something ask for it.

The first signal raises KeyboardInterrupt. More of them are the same wish: those within a second, and those that come
while its exception is on its way, so that none breaks off the cleaning up. Every step of that has a bound of its own.
"""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ONE_WISH_S = 1.0

_noted = False
_raised_t = float("-inf")
_deferring = 0


def listen() -> None:
    """Have the signals interrupt this process. A SIGHUP that is ignored stays ignored: that is what nohup is for."""
    for number in SIGNALS:  # SIGINT too: a shell's background jobs start with it ignored
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, on_signal)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _print_unless_interruption


def _print_unless_interruption(dropped: "sys.UnraisableHookArgs") -> None:
    """Print an exception that Python drops, unless it is an interruption: that is noted and comes again."""
    if not issubclass(dropped.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)


def ignore() -> None:
    """Have the signals do nothing from now on: the command has ended, and its exit code is known."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def on_signal(_number: int, _frame: FrameType | None) -> None:
    """Note the wish; raise KeyboardInterrupt unless it was raised just now, is being handled, or has to wait."""
    note()
    if _deferring == 0 and time.monotonic() - _raised_t > _ONE_WISH_S and not _is_on_its_way():
        _raise()


def note() -> None:
    """Remember that an end was asked for."""
    global _noted  # noqa: PLW0603 - there is one process, and one wish
    _noted = True


def is_noted() -> bool:
    return _noted


def forget() -> None:
    """Begin anew, as each command does."""
    global _noted, _raised_t
    _noted, _raised_t = False, float("-inf")


def check() -> None:
    """Raise KeyboardInterrupt if an end was asked for."""
    if _noted:
        _raise()


@contextmanager
def deferred() -> Iterator[None]:
    """Let no signal interrupt the block, which has to be short; one that came is obeyed at its end."""
    global _deferring  # noqa: PLW0603 - as above
    had = _noted
    _deferring += 1
    try:
        yield
    finally:
        _deferring -= 1
    if _noted and not had and _deferring == 0 and not _is_on_its_way():
        _raise()


def _raise() -> None:
    global _raised_t  # noqa: PLW0603 - as above
    _raised_t = time.monotonic()
    raise KeyboardInterrupt


def _is_on_its_way() -> bool:
    """Return whether a KeyboardInterrupt is being handled: code that cleans up behind it is running."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None
