"""The file in which the guest says which cure it could not try, and why: one JSON object a line."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from handlerbench_guest.stepping import Line

NOWHERE = Line(file=None, line=None, function=None)


class Refusals:
    """Appends each refusal once; all threads can share one instance."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._written: set[str] = set()

    def add(self, endpoint: str, change: str, why: str, line: Line = NOWHERE) -> None:
        place = {"file": line.file, "line": line.line, "function": line.function}
        said = json.dumps({"endpoint": endpoint, "change": f"style-{change}", "why": why, **place})
        with self._lock:
            if self._path is None or said in self._written:
                return
            self._written.add(said)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(said + "\n")
