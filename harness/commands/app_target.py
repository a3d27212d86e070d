"""The words of a call that say which app is meant: a settings' file, or the app itself."""

import argparse
import shutil
from pathlib import Path

from experiment.design.own_app import FILE_NAME, AppTarget
from experiment.errors import UsageError
from experiment.records.bench_file import read_app, read_bench_file

_ENVIRONMENTS = (".venv", "venv", "env")


def add_file(parser: argparse.ArgumentParser, use: str) -> None:
    help_text = f"{use} (default: {FILE_NAME})"
    parser.add_argument("--file", type=Path, default=Path(FILE_NAME), metavar="FILE", help=help_text)


def add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--python", metavar="PYTHON", help="the app's own interpreter (default: .venv/bin/python beside it)"
    )
    parser.add_argument("--directory", metavar="DIR", help="the folder that the app is started in (default: this one)")
    parser.add_argument("--factory", action="store_true", help="TARGET is called to get the app")
    parser.add_argument("--env-file", metavar="FILE", help="a file of NAME=value lines, for an app that needs them")


def target_of(args: argparse.Namespace) -> AppTarget:
    """Return the app of a call: TARGET with its options, or what the file says. Raises UsageError."""
    if args.target is None:
        return _of_file(args)
    directory = args.directory or "."
    given = {"target": args.target, "factory": args.factory, "directory": directory, "env_file": args.env_file}
    python = args.python or _python_beside(Path(directory).expanduser())
    return read_app({**given, "python": python}, Path.cwd())


def _of_file(args: argparse.Namespace) -> AppTarget:
    options = ("python", "directory", "factory", "env_file")
    given = [f"--{name.replace('_', '-')}" for name in options if getattr(args, name)]
    if given:
        raise UsageError(f"{' and '.join(given)} go with TARGET, such as shop.main:app; the file has its own")
    return read_bench_file(args.file).app


def _python_beside(directory: Path) -> str:
    for folder in dict.fromkeys((directory.absolute(), Path.cwd())):
        for name in _ENVIRONMENTS:
            python = folder / name / "bin" / "python"
            if shutil.which(python) is not None:
                return str(python)
    raise UsageError(
        f"there is no virtual environment ({', '.join(_ENVIRONMENTS)}) in {directory.absolute()}; "
        "name the app's own Python with --python"
    )
