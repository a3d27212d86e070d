"""Which code is the app's own, and how a place in it is written: "shop/search.py:41 in rank"."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_OTHERS = ("site-packages", "dist-packages")
_GUEST = os.path.realpath(Path(__file__).parent)


class OwnCode:
    """Knows the files below one folder, but not those of a virtual environment that lies there too.

    Answers are kept by file name: the probe asks while the loop is late, from a thread that would make it later.
    """

    def __init__(self, source: Path) -> None:
        self._source = os.path.realpath(source)
        self._not_own = (os.path.realpath(sys.prefix), _GUEST)
        self._known: dict[str, str | None] = {}

    def relative(self, file: str) -> str | None:
        """Return an own file's path as seen from the folder, with slashes; None for everybody else's."""
        if file not in self._known:
            self._known[file] = self._relative(file)
        return self._known[file]

    def shown(self, file: str) -> str:
        """Return a file's path for people: relative if it is own, else its last two parts."""
        return self.relative(file) or "/".join(Path(file).parts[-2:])

    def innermost(self, frame: FrameType | None) -> FrameType | None:
        """Return the innermost own frame of a stack, or None."""
        while frame is not None and not self.is_own(frame):
            frame = frame.f_back
        return frame

    def is_own(self, frame: FrameType) -> bool:
        return self.relative(frame.f_code.co_filename) is not None

    def place(self, frame: FrameType) -> str:
        code = frame.f_code
        return f"{self.shown(code.co_filename)}:{frame.f_lineno or code.co_firstlineno} in {code.co_name}"

    def _relative(self, file: str) -> str | None:
        if file.startswith("<"):  # made by exec, or frozen
            return None
        path = os.path.realpath(file)
        if not _below(path, self._source) or any(_below(path, folder) for folder in self._not_own):
            return None
        inside = Path(os.path.relpath(path, self._source))
        return None if any(part in _OTHERS for part in inside.parts) else inside.as_posix()


def awaited_frames(awaiting: Any) -> list[FrameType]:
    """Return the frames of a coroutine and of what it awaits, the outermost first."""
    frames = []
    while awaiting is not None:
        frame = next(filter(None, (getattr(awaiting, f"{kind}_frame", None) for kind in ("cr", "gi", "ag"))), None)
        if frame is not None:
            frames.append(frame)
        inner = (getattr(awaiting, name, None) for name in ("cr_await", "gi_yieldfrom", "ag_await"))
        awaiting = next(filter(None, inner), None)
    return frames


def call_name(frame: FrameType) -> str:
    """Return the function that a frame runs, with its module, such as "requests.sessions.Session.send"."""
    return f"{frame.f_globals.get('__name__', '?')}.{qualified(frame.f_code)}"


def qualified(code: CodeType) -> str:
    """Return a function's name with its class; before Python 3.11 a frame does not know the class."""
    name: str = getattr(code, "co_qualname", code.co_name)
    return name


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
