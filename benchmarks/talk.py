"""What the benchmarks of this folder share: text tables on stdout, JSON files, and a clean end when interrupted."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic_core import to_jsonable_python

from experiment.errors import BenchError, Exit
from experiment.records.writing import write_whole
from harness.system import interruption


def say(text: str = "") -> None:
    """Print a line at once, so that a pipe shows progress too."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows as text in columns: the first flush left, the others flush right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join(_line(row, widths) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]).rstrip()


def write_json(path: Path, data: Any) -> None:
    """Write a result whole, models in it included; refuses infinities and NaN, which JSON does not have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=to_jsonable_python)
    write_whole(path, text + "\n")


def leave_with(main: Callable[[], int]) -> NoReturn:
    """Run a benchmark and end with its exit code; SIGINT, SIGTERM and SIGHUP end it with all that it started.

    An error that is meant for people is said in its own words, and has its own exit code.
    """
    interruption.listen()
    try:
        code = main()
    except BenchError as error:
        sys.stderr.write(f"{error}\n")
        code = error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("stopped before its end\n")
        code = Exit.INTERRUPTED
    sys.exit(code)
