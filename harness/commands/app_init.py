"""`bench app init`: a commented handlerbench.toml for an app, made from what inspection sees."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from analysis.wording import words
from experiment.design.own_app import AppTarget
from experiment.errors import Exit, UsageError
from experiment.records.bench_file import read_bench_file
from experiment.records.writing import write_whole
from harness.commands.app_target import add_file, add_target, target_of
from harness.commands.terminal import say
from harness.own_app.inspecting import inspection_of
from harness.own_app.writing import Written, bench_file_text, requests_of
from harness.system.places import short

DESCRIPTION = """\
Imports the app under its own Python and writes a handlerbench.toml to edit.
GET routes that need nothing are ready to be measured; the others stand in it
commented out, each with the reason. Nothing of the app is changed, and no file
is overwritten without --force."""
EPILOG = """\
examples:
  bench app init shop.main:app --python .venv/bin/python
  bench app init shop.main:make_app --factory --directory src --env-file .env
then: bench app inspect, bench app run"""


_MOST_NAMES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help="module:attribute of the app, such as shop.main:app")
    add_file(parser, "the file to write")
    add_target(parser)
    parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")
    parser.add_argument("--json", action="store_true", help="say what was written as JSON, for scripts")


def run(args: argparse.Namespace) -> int:
    path: Path = args.file
    if path.exists() and not args.force:
        raise UsageError(f"{path} is there already; --force overwrites it, --file names another")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent}")
    app = target_of(args)
    inspection = inspection_of(app)
    write_whole(path, bench_file_text(_keys(app, path.absolute().parent), inspection))
    read_bench_file(path)
    _tell(args, path, requests_of(inspection))
    return Exit.OK


def _keys(app: AppTarget, folder: Path) -> list[tuple[str, str | bool]]:
    """Return the keys of [app], their paths relative to the file's folder where they lie below it or beside it."""
    keys: list[tuple[str, str | bool]] = [("target", app.target)]
    if app.is_factory:
        keys.append(("factory", True))
    keys.append(("python", _python(app.python, folder)))
    keys.append(("directory", _relative(str(app.directory), folder)))
    if app.env_file is not None:
        keys.append(("env_file", _relative(str(app.env_file), folder)))
    return keys


def _relative(path: str, folder: Path) -> str:
    """Return a path as seen from a folder, or as it is if that would lead far up. Links are kept: a Python is one."""
    found = os.path.relpath(path, folder)
    return os.path.normpath(path) if found.startswith("../..") else found


def _python(path: str, folder: Path) -> str:
    """Return an interpreter as the file has it: what has no slash in it is looked for on the PATH."""
    found = _relative(path, folder) if "/" in path else path
    return found if "/" in found or "/" not in path else f"./{found}"


def _tell(args: argparse.Namespace, path: Path, written: tuple[Written, ...]) -> None:
    ready = [each.id for each in written if each.why_not is None]
    to_edit = [each for each in written if each.left_out is not None]
    if args.json:
        found = {"file": str(path), "ready": ready, "to_edit": {each.id: each.why_not for each in to_edit}}
        print(json.dumps(found, indent=2))
        return
    console = Console(highlight=False)
    say(console, f"wrote {short(path)}: {words.plural(len(ready), 'request')} ready, {len(to_edit)} to edit")
    for line in _summary(ready, to_edit):
        say(console, f"  {line}")
    say(console, "next: edit it, then `bench app run`" if ready else "next: edit it; no request is ready yet")


def _summary(ready: Sequence[str], to_edit: Sequence[Written]) -> Iterator[str]:
    """Yield what is ready, and what is not by its reason: a big app has a hundred routes, a terminal 24 lines."""
    if ready:
        yield f"ready: {_some(ready)}"
    kinds: dict[str, list[str]] = {}
    for each in to_edit:
        if each.left_out is not None:
            kinds.setdefault(each.left_out.kind, []).append(each.id)
    for kind, names in kinds.items():
        yield f"{len(names)} {kind}: {_some(names)}"


def _some(names: Sequence[str]) -> str:
    shown = list(names[:_MOST_NAMES])
    return words.listing([*shown, f"{len(names) - len(shown)} more"] if len(names) > len(shown) else shown)
