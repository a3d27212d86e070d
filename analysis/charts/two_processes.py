"""Pictures drawn by two processes where there are two cores: this one, and a second that is sent pictures one by one.

The second is a fresh Python and no fork, because the libraries that are loaded here have threads. It loads what drawing
needs while this process still computes what is to be drawn. If it ends early, this one draws the rest.
"""

import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Thread

import matplotlib as mpl

from analysis.drawing.canvas import Picture, Spot, slide_canvas
from analysis.drawing.files import write_figure
from analysis.drawing.style import LIGHT, RC

Numbered = tuple[int, "Job"]

_PICTURE_LIMIT_S = 60.0
"""Far more than a picture takes: a second process that is stopped, or hangs, is then ended, and the rest drawn here."""
_END_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture as it was drawn: its SVG in the light theme, and the values on it that a reader can ask for."""

    svg: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A picture to be drawn, and where to."""

    picture: Picture
    footer: str
    is_smoke: bool
    folder: Path

    def draw(self) -> Drawing:
        """Write the picture's drawings into the folder; return the one in the light theme."""
        canvas = slide_canvas(self.picture, LIGHT, footer=self.footer, is_smoke=self.is_smoke)
        svg = write_figure(canvas.figure, self.folder, self.picture.name)
        return Drawing(svg=svg, spots=tuple(canvas.spots))


@contextmanager
def second_process() -> Iterator[Popen[bytes] | None]:
    """Start the second process, None on a single core; it ends with the context, and with this process."""
    if _cores() == 1:
        yield None
        return
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"]
    second = Popen(command, stdin=PIPE, stdout=PIPE, env=environment)
    try:
        yield second
    finally:
        _end(second)


def _end(second: Popen[bytes]) -> None:
    """Close its stdin, which ends it; kill it if it does not end."""
    assert second.stdin is not None  # noqa: S101 - for the type checker: started with pipes
    assert second.stdout is not None  # noqa: S101
    with suppress(OSError):
        second.stdin.close()
    try:
        second.wait(_END_LIMIT_S)
    except TimeoutExpired:
        second.kill()
        second.wait(_END_LIMIT_S)
    second.stdout.close()


def draw_each(jobs: Sequence[Job], second: Popen[bytes] | None) -> list[Drawing]:
    """Draw every picture and return the drawings in the same order."""
    todo, done = deque(enumerate(jobs)), dict[int, Drawing]()
    helper = Thread(target=_let_draw, args=(second, todo, done), daemon=True)
    with mpl.rc_context(RC):
        limit_s = 0.0  # what is broken off here needs no more pictures
        try:
            helper.start()
            _draw(todo, done)
            limit_s = _PICTURE_LIMIT_S
        finally:
            todo.clear()
            helper.join(limit_s)
            if second is not None and helper.is_alive():
                second.kill()  # the helper then reads the end of its output
                helper.join(_END_LIMIT_S)
        _draw(deque((n, job) for n, job in enumerate(jobs) if n not in done), done)
    return [done[number] for number in range(len(jobs))]


def _draw(todo: deque[Numbered], done: dict[int, Drawing]) -> None:
    for number, job in _taken(todo):
        done[number] = job.draw()


def _let_draw(second: Popen[bytes] | None, todo: deque[Numbered], done: dict[int, Drawing]) -> None:
    """Send pictures to the second process until none is left, or it has ended, or a picture cannot be sent."""
    if second is None or second.stdin is None or second.stdout is None:
        return
    for number, job in _taken(todo):
        try:
            second.stdin.write(pickle.dumps(job))
            second.stdin.flush()
            done[number] = pickle.load(second.stdout)  # noqa: S301 - our own process wrote it
        except (OSError, EOFError, pickle.PickleError, AttributeError, TypeError):
            return


def _taken(todo: deque[Numbered]) -> Iterator[Numbered]:
    """Take what is left, one by one; two threads may do so at once."""
    while True:
        try:
            yield todo.popleft()
        except IndexError:
            return


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def serve() -> None:
    """Be the second process: draw what comes in, answer with the drawing."""
    from analysis.charts import load_charts

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    load_charts()
    with mpl.rc_context(RC):
        while True:
            try:
                job = pickle.load(sys.stdin.buffer)  # noqa: S301 - the process that started us wrote it
            except EOFError:
                return
            pickle.dump(job.draw(), sys.stdout.buffer)
            sys.stdout.flush()
