"""What can be said of an app without load: a table of findings, each with what a claim of ours has measured of it.

To add one, add a row to FINDINGS. A row names the claim whose result says what the thing costs, or None, and in either
case says why. The figures are not here: they stand in a campaign.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bench_app.table import Table
from experiment.records.app_record import FindingEntry
from experiment.records.inspection import Inspection, RouteEntry

NO_FINDING_OF_HOPS = ("endpoint",)
"""Sources of hops that are no finding: a def handler runs in a thread, which is what def is for."""


class Weight(StrEnum):
    """How much a finding matters: the loop stands still for everybody; one route costs more; nobody has measured it."""

    BLOCKS = "blocks the loop"
    COSTS = "costs"
    UNSURE = "may differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A place in an app where a finding holds."""

    route: str | None = None
    file: str | None = None
    line: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A row of FINDINGS. `of_claim`: what that claim has to do with it, or why there is none."""

    id: str
    title: str
    weight: Weight
    why: str
    advice: str
    claim: str | None
    of_claim: str
    seen: Callable[[Inspection], Iterator[Seen]]


FINDINGS: Table[Finding] = Table("finding", key="id")
"""In the order of how much they matter."""


def findings(inspection: Inspection) -> tuple[FindingEntry, ...]:
    """Return every finding at every place, those that matter most first."""
    return tuple(
        FindingEntry(
            id=row.id,
            title=row.title,
            why=row.why,
            claim=row.claim,
            route=seen.route,
            file=seen.file,
            line=seen.line,
            detail=seen.detail,
        )
        for row in FINDINGS.values()
        for seen in row.seen(inspection)
    )


def _traps(name: str) -> Callable[[Inspection], Iterator[Seen]]:
    """Return how a trap is seen whose id is that of the finding."""

    def seen(inspection: Inspection) -> Iterator[Seen]:
        for route in inspection.routes:
            for trap in route.traps:
                if trap.id == name:
                    yield Seen(route=route.name, file=trap.file, line=trap.line, detail=trap.detail)

    return seen


def _hops(source: str) -> Callable[[Inspection], Iterator[Seen]]:
    """Return how hops of one source are seen."""

    def seen(inspection: Inspection) -> Iterator[Seen]:
        for route in inspection.routes:
            yield from _of_route(route, source)

    return seen


def _of_route(route: RouteEntry, source: str) -> Iterator[Seen]:
    for hop in route.hops:
        if hop.source == source:
            times = "" if hop.count == 1 else f", {hop.count} times a request"
            yield Seen(route=route.name, file=hop.file, line=hop.line, detail=f"{hop.name}{times}")


def _base_http(inspection: Inspection) -> Iterator[Seen]:
    for each in inspection.middleware:
        if each.is_base_http:
            yield Seen(file=each.file, line=each.line, detail=each.name)


FINDINGS.add(
    Finding(
        id="blocking-call-in-async",
        title="a call that waits, or computes long, on the event loop",
        weight=Weight.BLOCKS,
        why="while it runs, the loop serves nobody: every other request waits for it",
        advice="make the handler def, or await a client that is async, or hand the call to run_in_threadpool",
        claim="A1",
        of_claim="A1 measured what such a call leaves of the goodput that the same route has as def",
        seen=_traps("blocking-call-in-async"),
    )
)
FINDINGS.add(
    Finding(
        id="wraps-around-sync",
        title="an async wrapper around a def function",
        weight=Weight.BLOCKS,
        why="the wrapper makes a coroutine of it, so that FastAPI runs its body on the loop and not in a thread",
        advice="write the wrapper as def for def functions; functools.wraps does not change how it is called",
        claim="A1",
        of_claim="A1 measured what a body that waits on the loop leaves of the goodput that it has in a thread",
        seen=_traps("wraps-around-sync"),
    )
)
FINDINGS.add(
    Finding(
        id="client-per-request",
        title="a client or a pool that is built for each request",
        weight=Weight.BLOCKS,
        why="building one reads certificates and opens connections, on the loop if the function is async",
        advice="build it once, in the lifespan, and share it",
        claim="A12",
        of_claim="A12 measured an httpx client for each request against a shared one; other clients cost other amounts",
        seen=_traps("client-per-request"),
    )
)
FINDINGS.add(
    Finding(
        id="wraps-around-async",
        title="a def wrapper around an async function",
        weight=Weight.UNSURE,
        why="FastAPI's versions differ in whether they see through it: one awaits on the loop, another takes a thread",
        advice="write the wrapper as async def",
        claim=None,
        of_claim="no claim of ours measured it: what it does depends on the version of FastAPI",
        seen=_traps("wraps-around-async"),
    )
)
FINDINGS.add(
    Finding(
        id="response-validation",
        title="the answer of a def handler is validated in a second thread",
        weight=Weight.COSTS,
        why="a return annotation or a response_model makes FastAPI send the answer of a def to another thread",
        advice="where the data is right by construction, return a Response, or set response_model=None",
        claim="B5",
        of_claim="B5 measures a def with a return annotation against the same one without",
        seen=_hops("response-validation"),
    )
)
FINDINGS.add(
    Finding(
        id="yield-dependency",
        title="a def dependency with yield goes to a thread twice",
        weight=Weight.COSTS,
        why="it is entered in one thread and left in another, and takes one of the 40 thread tokens each time",
        advice="if it only hands out what is there already, make it async def",
        claim="B5",
        of_claim="B5 measures one more hop, on a route that has one; this is two more",
        seen=_hops("yield-dependency"),
    )
)
FINDINGS.add(
    Finding(
        id="dependency",
        title="a def dependency, or a class as one, takes a thread of its own",
        weight=Weight.COSTS,
        why="FastAPI runs each def dependency in a thread, and the request waits for one of the 40 thread tokens",
        advice="if it does not wait for anything, make it async def",
        claim="B5",
        of_claim="B5 measures one more hop, on a route that has one",
        seen=_hops("dependency"),
    )
)
FINDINGS.add(
    Finding(
        id="streaming",
        title="an answer is streamed from a def iterator or a file",
        weight=Weight.COSTS,
        why="each chunk is fetched in a thread, one after the other",
        advice="send larger chunks, or write the iterator as async if it does not block",
        claim=None,
        of_claim="no claim of ours measured it: it depends on the number of chunks",
        seen=_hops("streaming"),
    )
)
FINDINGS.add(
    Finding(
        id="background",
        title="a def task runs in a thread after the answer",
        weight=Weight.COSTS,
        why="it keeps one of the 40 thread tokens that def handlers need as well",
        advice="long tasks belong into a queue with workers of its own",
        claim=None,
        of_claim="no claim of ours measured it: it depends on how long the task takes",
        seen=_hops("background"),
    )
)
FINDINGS.add(
    Finding(
        id="base-http-middleware",
        title="middleware of the class BaseHTTPMiddleware",
        weight=Weight.COSTS,
        why="every request of every route goes through a task group and a stream in memory",
        advice="write it as plain ASGI middleware: a class with __call__(scope, receive, send)",
        claim=None,
        of_claim="no claim of ours measured it; `bench app try ID --without-middleware NAME` measures it on this app",
        seen=_base_http,
    )
)
