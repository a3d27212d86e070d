"""Writes a commented handlerbench.toml from an app's inspection (pure).

What can be asked as it stands is a [[request]]; everything else stands there commented out, with the reason. `#` and a
space begin a comment for people, `#` alone a line that only needs its sign taken away.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from experiment.design.loads import LOADS
from experiment.design.own_app import DEFAULT_LOADS
from experiment.records.inspection import Inspection, RouteEntry
from harness.own_app.plausible import Sample, sample
from harness.own_app.toml_text import keys

MOST_READY = 20
"""Each request takes about half a minute to measure; of more than this many the rest is commented out."""

_SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a request is commented out; `kind` says the same of all that share the reason."""

    why: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A request as it is written. `left_out`: why it is commented out, or None if it is ready."""

    id: str
    method: str
    route: RouteEntry
    sample: Sample
    left_out: LeftOut | None

    @property
    def why_not(self) -> str | None:
        """Why it is commented out, of this request alone."""
        return None if self.left_out is None else self.left_out.why


def requests_of(inspection: Inspection) -> tuple[Written, ...]:
    """Return a request for each method of each route, in the app's order; of two that answer the same the first."""
    out: list[Written] = []
    seen: set[tuple[str, str]] = set()
    ready = 0
    for route in inspection.routes:
        for method in _methods(route):
            if (method, route.path) in seen:
                continue
            seen.add((method, route.path))
            found = sample(route, method)
            left_out = _left_out(route, method, found)
            if left_out is None and ready >= MOST_READY:
                left_out = _FOR_TIME
            ready += left_out is None
            out.append(
                Written(
                    id=_unused(_name(route, method), {w.id for w in out}),
                    method=method,
                    route=route,
                    sample=found,
                    left_out=left_out,
                )
            )
    return tuple(out)


def _methods(route: RouteEntry) -> Sequence[str]:
    if "GET" in route.methods:  # Starlette answers HEAD there as well
        return ["GET", *(m for m in route.methods if m not in {"GET", "HEAD"})]
    return route.methods or ["GET"]


_MOUNTED = LeftOut(
    why="an app that is mounted here; name a path in it", kind="mounted as an app of its own; name a path in it"
)
_UNSAFE = LeftOut(
    why="it may change data; nothing but GET and HEAD is sent unless it stands here",
    kind="may change data; nothing but GET and HEAD is sent unless it stands there",
)
_FOR_TIME = LeftOut(why=f"left out for time: {MOST_READY} others are ready", kind="left out for time")
_MADE_UP = "need values, which are made up; check them first"


def _left_out(route: RouteEntry, method: str, found: Sample) -> LeftOut | None:
    if route.style == "asgi":
        return _MOUNTED
    if method not in _SAFE:
        return _UNSAFE
    if found.made_up:
        return LeftOut(why=f"{_listed(found.made_up)} made up; check it first", kind=_MADE_UP)
    return None


def _listed(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _name(route: RouteEntry, method: str) -> str:
    """Return a request's id: the name of the handler, or the path's words."""
    function = route.endpoint.rpartition(":")[2].rpartition(".")[2]
    if not function.isidentifier() or route.style in {"class", "asgi"}:
        function = f"{method}-{route.path}"
    return _id(function) or "request"


def _id(text: str) -> str:
    plain = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in text)
    return "-".join(plain.split()).lower()[:56]


def _unused(name: str, used: set[str]) -> str:
    return next(each for n in count(1) if (each := name if n == 1 else f"{name}-{n}") not in used)


def bench_file_text(app: Iterable[tuple[str, str | bool]], inspection: Inspection) -> str:
    """Return the text of a handlerbench.toml. `app`: the keys of its table [app], as they are to be written."""
    requests = requests_of(inspection)
    parts = [_HEAD, "\n".join(["[app]", *keys(app)]), _MORE_OF_APP, _REQUESTS]
    parts += ["\n".join(_request(each)) for each in requests]
    parts += [_LOADS, _claims(requests)]
    return "\n\n".join(parts) + "\n"


def _request(written: Written) -> Iterator[str]:
    route = written.route
    sign = "" if written.why_not is None else "#"
    yield f"# {written.method} {route.path} ({route.style}{f', {route.place}' if route.place else ''})"
    if written.why_not is not None:
        yield f"# Not measured yet: {written.why_not}."
    if written.sample.note:
        yield f"# {written.sample.note}"
    entries: list[tuple[str, object]] = [("id", written.id)]
    if written.method != "GET":
        entries.append(("method", written.method))
    entries.append(("path", written.sample.path))
    if written.sample.headers:
        entries.append(("headers", dict(written.sample.headers)))
    if written.sample.body is not None:
        entries.append(("body", written.sample.body))
    yield from (f"{sign}{line}" for line in ["[[request]]", *keys(entries)])


def _claims(requests: Sequence[Written]) -> str:
    """Return a claim to begin with: of a handler that may block, if there is one, as a def."""
    changeable = [each for each in requests if each.route.style in {"async", "def"}]
    best = sorted(changeable, key=lambda each: (not each.route.traps, each.route.style != "async"))
    if not best:
        return _CLAIM.format(request=requests[0].id if requests else "search", change="workers-2", how="with 2 workers")
    is_async = best[0].route.style == "async"
    return _CLAIM.format(
        request=best[0].id,
        change="style-def" if is_async else "style-on-loop",
        how="as def" if is_async else "on the loop",
    )


_HEAD = """\
# What `bench app run` measures of this app, and the claims that it judges.
# docs/handlerbench-toml.md tells every key. Paths are relative to this file.
# From a line that begins with # and no space, only that sign has to be taken away."""

_MORE_OF_APP = """\
# What else the app may need:
#environment = { APP_ENV = "bench" }
#env_file = ".env"
#services = "docker compose up -d --wait db"  # started before the app, once"""

_REQUESTS = """\
# The requests, each measured by itself: alone and under load, with a bystander beside it.
# Answers must be equal to the first one, unless expect says otherwise:
# expect = { status = 200, body = "any", contains = "some text" }
# A header's ${NAME} is taken from the environment and never written to a result."""

_usual = " and ".join(f"{load.users} user{'s' if load.users > 1 else ''} ({load.id})" for load in DEFAULT_LOADS)
_LOADS = f"""\
# The loads that every request is measured under; without any: {_usual}.
# {len(LOADS)} more are known by name, for claims: `bench list`.
#[[load]]
#id = "crowd"
#kind = "closed"
#users = 60"""

_CLAIM = """\
# A claim that can turn out false: registered before it is measured, then judged.
# A side is a request's id, with what is changed: +style-def, +style-on-loop, +tokens-100, +workers-2, @main.
#[[claim]]
#id = "half-as-much-again"
#statement = "{how} it serves at least half as much again"
#source = "what I think"
#treatment = "{request}+{change}"
#baseline = "{request}"
#load = "closed-20"
#metric = "goodput_rps"
#expected = ">= 1.5"  # or "<= 0.2", or "0.9..1.1\""""
