"""Why an app did not start, in one sentence made from the end of its log."""

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

_FRAME = re.compile(r'\s*File "(.+?)", line (\d+)(?:,? in (.+))?$')
_TRACEBACK = "Traceback (most recent call last):"
_STACKS = "(most recent call first):"
_LIFESPAN = "Application startup failed"
_OURS = "handlerbench: "
_LACKS = re.compile(r"No module named '?(uvicorn|starlette|anyio)'?$", re.MULTILINE)
_NOT_OWN = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True, kw_only=True)
class LastError:
    """The last error that a log has a traceback of, and the innermost line of the app's own code on the way to it."""

    words: str
    place: str | None


def why_it_ended(log: str, code: int | None, source: Path, python: str) -> str:
    """Return why an app ended before it was ready, as the end of a sentence that begins with the app."""
    for line in log.splitlines():
        if line.startswith(_OURS):
            return f"cannot be served: {line.removeprefix(_OURS)}"
    lacks = _LACKS.search(log)
    if lacks is not None:
        return f"cannot be served: {python} has no {lacks[1]}; name the app's own Python in [app], or install it there"
    if code is not None and code < 0:
        return f"was ended at start by {_signal(code)}{_at(own_places(log, source)[:1])}"
    found = last_error(log, source)
    if found is None:
        return f"ended at start with code {code}"
    what = "fails in its start-up (lifespan)" if _LIFESPAN in log else "cannot be imported"
    return f"{what}: {found.words}{_at([found.place] if found.place else [])}"


def why_it_hangs(log: str, limit_s: float, source: Path) -> str:
    """Return where an app is that is not ready in time; its log ends with the stacks that the guest was asked for."""
    places = own_places(log[log.find(_STACKS) :], source) if _STACKS in log else []
    return f"is not ready after {limit_s:g} s; it hangs in its start-up{_at(places[:1])}"


def last_error(log: str, source: Path) -> LastError | None:
    start = log.rfind(_TRACEBACK)
    if start < 0:
        return None
    # the errors of a group stand behind a bar
    lines = [re.sub(r"^ +\| ?", "", line) for line in log[start:].splitlines()[1:]]
    words = next((line for line in lines if line and not line[0].isspace()), None)
    places = own_places("\n".join(lines), source)
    return None if words is None else LastError(words=one_line(words), place=places[-1] if places else None)


def own_places(log: str, source: Path) -> list[str]:
    """Return every line of the app's own code that a log names, as `file:line in function`, from the app's folder."""
    return [place for line in log.splitlines() if (place := _place(line, source)) is not None]


def _place(line: str, source: Path) -> str | None:
    match = _FRAME.match(line)
    if match is None:
        return None
    path, folder = Path(os.path.realpath(match[1])), Path(os.path.realpath(source))
    if not path.is_relative_to(folder) or any(part in _NOT_OWN for part in path.parts):
        return None
    function = "" if match[3] in {None, "<module>"} else f" in {match[3]}"
    return f"{path.relative_to(folder).as_posix()}:{match[2]}{function}"


def one_line(text: str) -> str:
    """Return an error's words, which may be paragraphs, as part of a sentence."""
    return " ".join(text.split()).rstrip(".")


def _at(places: list[str]) -> str:
    return f" ({places[0]})" if places else ""


def _signal(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
