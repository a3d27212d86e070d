"""The only reader of handlerbench.toml, the file that a user writes beside an app: what is wrong is said with its key.

bench_file_entries.py has the file's tables; `read_bench_file` returns the values of experiment/design/own_app.py.
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from bench_app.table import nearest
from experiment.design.app_sides import AppSide, app_metric, read_interval, read_side
from experiment.design.loads import LOADS
from experiment.design.metrics import MAKESPAN
from experiment.design.model import Load, LoadKind
from experiment.design.own_app import DEFAULT_LOADS, FILE_NAME, AppClaim, AppRequest, AppTarget, BenchFile
from experiment.errors import UsageError
from experiment.records.bench_file_entries import AppEntry, ClaimEntry, FileEntry, RequestEntry
from experiment.records.file_faults import file_complaint, place
from experiment.records.validation import complaint

T = TypeVar("T")
Where = tuple[str | int, ...]

_LARGEST_BODY_BYTES = 16 * 1024**2


class _FaultError(Exception):
    """What is wrong at a place in the file; never seen outside this module."""

    def __init__(self, where: Where, wrong: str) -> None:
        super().__init__(wrong)
        self.where = where


def read_bench_file(path: Path) -> BenchFile:
    """Return what a handlerbench.toml says. Its paths are relative to its own folder.

    Raises UsageError, which names the file and the key, and for an unknown name the nearest known one.
    """
    data = _parsed(path)
    try:
        return _whole(FileEntry.model_validate(data), path)
    except ValidationError as error:
        raise UsageError(f"{path}: {file_complaint(error, FileEntry, data)}") from None
    except _FaultError as fault:
        raise UsageError(f"{path}: {place(fault.where, data)}: {fault}") from None


def read_app(values: Mapping[str, Any], folder: Path) -> AppTarget:
    """Return the app that the keys of [app] describe, from somewhere else than a file. Raises UsageError."""
    try:
        return _app(AppEntry.model_validate(values), folder)
    except ValidationError as error:
        raise UsageError(complaint(error)) from None
    except _FaultError as fault:
        raise UsageError(f"{fault.where[-1]}: {fault}") from None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no {path}; `bench app init TARGET` writes a {FILE_NAME}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no TOML: {error}") from None


def _whole(entry: FileEntry, path: Path) -> BenchFile:
    for table, entries in (("request", entry.request), ("load", entry.load), ("claim", entry.claim)):
        _refuse_twins(table, [each.id for each in entries])
    loads = tuple(each.value for each in entry.load)
    return BenchFile(
        app=_app(entry.app, path.parent.absolute()),
        requests=tuple(_request(each, number, path.parent) for number, each in enumerate(entry.request)),
        loads=loads or DEFAULT_LOADS,
        claims=_claims(entry, loads),
        path=path.absolute(),
    )


def _refuse_twins(table: str, ids: list[str]) -> None:
    for number, name in enumerate(ids):
        if name in ids[:number]:
            raise _FaultError((table, number, "id"), "two have this id")


def _app(entry: AppEntry, folder: Path) -> AppTarget:
    directory = folder / Path(entry.directory).expanduser()
    if not directory.is_dir():
        raise _FaultError(("app", "directory"), f"there is no folder {directory}")
    env_file = None if entry.env_file is None else folder / Path(entry.env_file).expanduser()
    if env_file is not None and not env_file.is_file():
        raise _FaultError(("app", "env_file"), f"there is no file {env_file}")
    return AppTarget(
        target=entry.target,
        is_factory=entry.factory,
        python=program(entry.python, folder),
        directory=directory,
        environment=tuple(entry.environment.items()),
        env_file=env_file,
        services=entry.services,
        services_port=entry.services_port,
    )


def program(python: str, folder: Path) -> str:
    """Return the path of an interpreter, or its bare name, which PATH has. A virtual environment's link is kept."""
    return str(folder / Path(python).expanduser()) if "/" in python else python


def _request(entry: RequestEntry, number: int, folder: Path) -> AppRequest:
    body = None if entry.body is None else entry.body.encode()
    return AppRequest(
        id=entry.id,
        method=entry.method.upper(),
        path=entry.path,
        headers=tuple(entry.headers.items()),
        body=body if entry.body_file is None else _body(folder / entry.body_file, ("request", number, "body_file")),
        expect_status=entry.expect.status,
        expect_body=entry.expect.body,
        expect_contains=entry.expect.contains,
    )


def _body(path: Path, where: Where) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_BODY_BYTES:
            raise _FaultError(where, f"{path} has more than {_LARGEST_BODY_BYTES // 1024**2} MiB")
        return path.read_bytes()
    except OSError as error:
        raise _FaultError(where, f"{path} cannot be read: {error.strerror}") from None


def _claims(entry: FileEntry, loads: tuple[Load, ...]) -> tuple[AppClaim, ...]:
    known = {load.id: load for load in loads}
    requests = [request.id for request in entry.request]
    return tuple(_claim(each, ("claim", number), requests, known) for number, each in enumerate(entry.claim))


def _claim(entry: ClaimEntry, where: Where, requests: list[str], loads: dict[str, Load]) -> AppClaim:
    treatment, baseline = _sides(entry, where, requests)
    load = _checked((*where, "load"), lambda: _load(entry.load, loads))
    metric = _checked((*where, "metric"), lambda: app_metric(entry.metric))
    if metric is MAKESPAN and load.kind is not LoadKind.BURST:
        raise _FaultError((*where, "metric"), f"{metric.name} is measured under a load of kind burst only")
    if treatment == baseline:
        raise _FaultError((*where, "baseline"), "is the treatment itself; name another side, or leave it out")
    return AppClaim(
        id=entry.id,
        statement=entry.statement,
        source=entry.source,
        treatment=entry.treatment,
        baseline=entry.baseline,
        load=entry.load,
        metric=entry.metric,
        expected=_checked((*where, "expected"), lambda: read_interval(entry.expected)),
    )


def _sides(entry: ClaimEntry, where: Where, requests: list[str]) -> tuple[AppSide, AppSide | None]:
    treatment = _checked((*where, "treatment"), lambda: read_side(entry.treatment, requests))
    written = entry.baseline
    return treatment, None if written is None else _checked((*where, "baseline"), lambda: read_side(written, requests))


def _load(name: str, loads: dict[str, Load]) -> Load:
    """Return a load of the file or of our table."""
    known = {**LOADS, **loads}
    if name not in known:
        close = nearest(name, known)
        raise ValueError(f"there is no load {name!r}" + (f"; did you mean {close}?" if close else ""))
    return known[name]


def _checked(where: Where, read: Callable[[], T]) -> T:
    """Return what `read` returns; a ValueError is told with its place in the file."""
    try:
        return read()
    except ValueError as error:
        raise _FaultError(where, str(error)) from None
