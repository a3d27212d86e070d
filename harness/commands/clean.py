"""`bench clean`: what a SIGKILL or a power cut left of ours, listed and removed, and nothing that was measured."""

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from experiment.errors import Exit, UsageError
from experiment.records.store import MANIFEST
from experiment.records.writing import leftovers
from harness.commands import publish
from harness.postgres.shared_memory import free_shared_memory, notes_of
from harness.system import faults, lock
from harness.system.orphans import end, orphans
from harness.system.places import RESULTS, short
from harness.system.scratch import left_behind

_SPOOLS = ("/tmp", "/var/tmp")  # noqa: S108 - where a database's folder may be made besides TMPDIR
_DERIVED = ("charts", "slides")
_PASSES = "yardstick.passes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dir", nargs="?", type=Path, default=RESULTS, metavar="DIR", help="campaigns (default: results)"
    )
    parser.add_argument("--list", action="store_true", help="only list it")


def run(args: argparse.Namespace) -> int:
    """Remove it, processes first, and print what it was."""
    processes = orphans()
    for process in processes:
        print(f"process {process.pid}: {' '.join(process.cmdline())[:120]}")
    if not args.list:
        end(processes)
    found = [*_temporary(), *_in_campaigns(args.dir)]
    for path in found:
        print(short(path))
        if not args.list:
            _remove(path)
    if not processes and not found:
        print("nothing is left")
    return Exit.OK


def _temporary() -> list[Path]:
    """Return what is left among the temporary files, tracebacks that no campaign's logs/ could take included."""
    spool = Path(tempfile.gettempdir()).resolve()
    tracebacks = [path for path in sorted(spool.glob(f"{faults.PREFIX}*.txt")) if _is_mine(path)]
    elsewhere = {Path(place).resolve() for place in _SPOOLS} - {spool}
    stale = [path for path in (lock.machine_file(),) if path.is_file() and not _is_locked(path)]
    return [*left_behind([spool]), *left_behind(elsewhere, "pg-"), *tracebacks, *stale]


def _is_mine(path: Path) -> bool:
    with suppress(OSError):
        return path.is_file() and os.geteuid() in {0, path.stat().st_uid}
    return False


def _in_campaigns(folder: Path) -> Iterator[Path]:
    """Yield what was half written in a folder of campaigns, or in one campaign; those that are measured are let be."""
    yield from leftovers(folder)
    if (beside := folder / publish.BESIDE).is_dir():
        yield beside
    for campaign in [folder, *sorted(folder.glob("*"))]:
        if (campaign / MANIFEST).is_file() and not _is_measured(campaign):
            if campaign != folder:
                yield from leftovers(campaign)
            for name in _DERIVED:
                yield from leftovers(campaign / name)
            if (passes := campaign / "logs" / _PASSES).exists():
                yield passes


def _is_measured(campaign: Path) -> bool:
    return _is_locked(campaign / ".running")


def _is_locked(file: Path) -> bool:
    if not file.exists():
        return False
    try:
        with lock.only_one(file, busy=""):
            return False
    except (UsageError, OSError):
        return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        free_shared_memory(notes_of(path))
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
