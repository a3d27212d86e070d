"""Changes to an app that need no edit of its code: what the guest is told of them, and which cannot be tried (pure).

A handler that really awaits cannot run in a thread; the guest says so with the line of that await. Middleware is left
out only where the answer stays equal.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from experiment.design.factors import STYLE, THREAD_TOKENS, WITHOUT_MIDDLEWARE, ServerConfig
from experiment.design.own_app import AppRequest
from experiment.errors import UsageError
from experiment.records.app_record import RefusalEntry
from experiment.records.inspection import Inspection, RouteEntry
from harness.own_app.claims import shown
from harness.own_app.preflight import Found

_STYLES_OF = {"def": ("async",), "on-loop": ("def",)}
"""The styles of a handler that can be called in another way."""


class _Refusal(BaseModel):
    """A line that the guest writes when it could not do as it was told."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: str
    change: str = ""
    why: str
    file: str | None = None
    line: int | None = None
    function: str | None = None


def guest_settings(server: ServerConfig, endpoint: str | None, refusals: Path) -> dict[str, str]:
    """Return what the guest's environment says of a server's factors."""
    out: dict[str, str] = {}
    if server[THREAD_TOKENS] is not None:
        out["HANDLERBENCH_THREAD_TOKENS"] = str(server[THREAD_TOKENS])
    if server[STYLE] is not None and endpoint is not None:
        out["HANDLERBENCH_CURES"] = json.dumps({endpoint: server[STYLE]})
        out["HANDLERBENCH_REFUSALS"] = str(refusals.absolute())
    if server[WITHOUT_MIDDLEWARE] is not None:
        out["HANDLERBENCH_WITHOUT_MIDDLEWARE"] = json.dumps(str(server[WITHOUT_MIDDLEWARE]).split(","))
    return out


def refuse_senseless(
    request: AppRequest, server: ServerConfig, route: RouteEntry | None, inspection: Inspection
) -> None:
    """Raise UsageError for a change that the app as it is has no place for."""
    style, named = server[STYLE], server[WITHOUT_MIDDLEWARE]
    if style is not None:
        _refuse_style(request, str(style), route)
    known = [entry.name for entry in inspection.middleware]
    for name in str(named).split(",") if named is not None else ():
        if name not in known:
            there = f"it has {', '.join(known)}" if known else "it has none that can be left out"
            raise UsageError(f"the app has no middleware {name!r}; {there}")


def _refuse_style(request: AppRequest, style: str, route: RouteEntry | None) -> None:
    if route is None:
        raise UsageError(f"no route that inspection knows answers {shown(request)}, so its handler cannot be changed")
    if route.style == style or (style, route.style) == ("on-loop", "async"):
        raise UsageError(f"the handler of {shown(request)} is {route.style} already ({route.place})")
    if route.style not in _STYLES_OF[style]:
        raise UsageError(
            f"the handler of {shown(request)} is of kind {route.style}; only async def and def can be changed"
        )


def refusals_in(path: Path, request: str, change: str) -> Iterator[RefusalEntry]:
    """Yield what the guest refused, from its file; each once. A half-written line is left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    seen: set[RefusalEntry] = set()
    for line in lines:
        try:
            told = _Refusal.model_validate_json(line)
        except ValidationError:
            continue
        place = {"file": told.file, "line": told.line, "function": told.function}
        entry = RefusalEntry(request=request, change=change, why=told.why, **place)
        if entry not in seen:
            seen.add(entry)
            yield entry


def changed_answer(today: Found, changed: Found, change: str) -> RefusalEntry | None:
    """Return why a change may not be measured: its answer is another one."""
    request = today.request.id
    if changed.complaint is not None:
        return RefusalEntry(request=request, change=change, why=f"with it, {changed.complaint}")
    if changed.is_varying and not today.is_varying:
        return RefusalEntry(
            request=request, change=change, why="with it, two answers differ, and without it they do not"
        )
    same_kind = today.answer.content_type == changed.answer.content_type
    if today.is_varying or (today.answer.body == changed.answer.body and same_kind):
        return None
    return RefusalEntry(request=request, change=change, why="with it, the answer is not the same as today")


def first(refusals: Iterable[RefusalEntry | None]) -> RefusalEntry | None:
    return next((entry for entry in refusals if entry is not None), None)
