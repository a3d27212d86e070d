"""Exceptions that nobody expected: one line for the user, the traceback in a file."""

import tempfile
import traceback
from pathlib import Path

from experiment.errors import BenchError

PREFIX = "handlerbench-error-"
_LONGEST = 200


def unexpected(error: BaseException, logs: Path | None) -> BenchError:
    """Write the traceback to a file in `logs`, or among the temporary files, and return what is said of it."""
    what = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')[:_LONGEST]}".rstrip(": ")
    return BenchError(f"a fault of handlerbench itself, not yours: {what} (at {_where(error)}). {_kept(error, logs)}")


def _where(error: BaseException) -> str:
    steps = traceback.extract_tb(error.__traceback__)
    return f"{'/'.join(Path(steps[-1].filename).parts[-2:])}:{steps[-1].lineno}" if steps else "an unknown line"


def _kept(error: BaseException, logs: Path | None) -> str:
    text = "".join(traceback.format_exception(error))
    for place in (logs, Path(tempfile.gettempdir())):
        try:
            return f"The traceback is in {_written(text, place)}; please report it."
        except OSError:
            continue
    return "Its traceback could not be written anywhere."


def _written(text: str, folder: Path | None) -> Path:
    """Write the text to a new file that only its owner can read, and return its path. Raises OSError."""
    if folder is None or not folder.is_dir():
        raise FileNotFoundError
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", errors="backslashreplace", dir=folder, prefix=PREFIX, suffix=".txt", delete=False
    ) as file:
        file.write(text)
    return Path(file.name)
