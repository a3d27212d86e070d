"""What an app looks like without load, for a terminal: its routes with their thread hops, then what was found."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from analysis.wording import words
from analysis.wording.columns import cut, padded, wrapped
from experiment.records.app_record import FindingEntry
from experiment.records.inspection import HopEntry, Inspection, RouteEntry
from experiment.theory.app_findings import FINDINGS, Finding

_INDENT = "    "
_STYLE_WIDTH, _HOPS_WIDTH = 10, 6
_MOST_ROUTES = 3
_MOST_NAMES = 3  # of dependencies and the like, for one route
_MOST_PLACES = 8  # of one finding
STYLES = {"async": "async def", "def": "def", "class": "class", "asgi": "app"}
_HOPS = {  # each for one, and for several
    "endpoint": ("the handler", "the handler"),
    "dependency": ("dependency {names}", "dependencies {names}"),
    "yield-dependency": ("dependency {names} with yield", "dependencies with yield {names}"),
    "response-validation": ("validation of the answer", "validation of the answer"),
    "streaming": ("streaming in {names}", "streaming in {names}"),
    "background": ("task {names}", "tasks {names}"),
}


def inspection_text(
    inspection: Inspection, target: str, found: Sequence[FindingEntry], measured: Mapping[str, str], width: int = 80
) -> str:
    """Return the text, in lines of at most `width` columns. `measured`: by claim, what it found of the cost."""
    parts = [_head(inspection, target, width), _routes(inspection, width)]
    if inspection.middleware:
        parts.append(_middleware(inspection, width))
    parts.append(["Found in the code", *_found(found, measured, width)])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(inspection: Inspection, target: str, width: int) -> list[str]:
    versions = [f"Python {inspection.python}", *(f"{name} {of}" for name, of in inspection.packages.items())]
    counts = [
        f"{sum(route.style == style for route in inspection.routes)} {said}"
        for style, said in STYLES.items()
        if any(route.style == style for route in inspection.routes)
    ]
    routes = words.plural(len(inspection.routes), "route")
    return [
        *wrapped(f"{target}: {routes}{': ' if counts else ''}{', '.join(counts)}", width),
        *wrapped(", ".join(versions), width),
    ]


def _routes(inspection: Inspection, width: int) -> list[str]:
    room = width - _STYLE_WIDTH - _HOPS_WIDTH
    head = padded("Routes", room) + padded("style", _STYLE_WIDTH) + padded("hops", _HOPS_WIDTH, right=True)
    return [head, *(line for route in inspection.routes for line in _route(route, room, width))]


def _route(route: RouteEntry, room: int, width: int) -> Iterator[str]:
    name = padded(cut(f"  {route.name}", room - 2), room)
    hops = padded(str(route.hop_count), _HOPS_WIDTH, right=True)
    yield name + padded(STYLES[route.style], _STYLE_WIDTH) + hops
    about = [route.place or route.endpoint]
    if route.hops:
        about.append(f"to a thread for {', '.join(_hops(route.hops))}")
    yield from wrapped("; ".join(about), width, indent=_INDENT)
    for trap in route.traps:
        title = FINDINGS[trap.id].title if trap.id in FINDINGS else trap.id
        yield from wrapped(f"{trap.place}: {trap.detail}: {title}", width, indent="      ", first="    ! ")


def _hops(hops: Sequence[HopEntry]) -> Iterator[str]:
    """Yield what goes to a thread, in its order; what is of one kind and follows each other is said together."""
    for (source, count), group in groupby(hops, key=lambda hop: (hop.source, hop.count)):
        names = [hop.name for hop in group]
        shown = names if len(names) <= _MOST_NAMES + 1 else [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} more"]
        times = "" if count == 1 else f" ({count}{' each' if len(names) > 1 else ''})"
        yield _HOPS[source][len(names) > 1].format(names=words.listing(shown)) + times


def _middleware(inspection: Inspection, width: int) -> list[str]:
    lines = ["Middleware, the outermost first"]
    for each in inspection.middleware:
        kind = ", a BaseHTTPMiddleware" if each.is_base_http else ""
        lines += wrapped(f"{each.name} ({each.place or each.cls}){kind}", width, indent=_INDENT, first="  ")
    return lines


def _found(found: Sequence[FindingEntry], measured: Mapping[str, str], width: int) -> Iterator[str]:
    if not found:
        yield from wrapped("Nothing. What only shows under load, `bench app run` measures.", width, indent="  ")
    for number, (name, entries) in enumerate(groupby(found, key=lambda entry: entry.id), 1):
        yield from _finding(FINDINGS[name], list(entries), measured, f"{number:>2}. ", width)


def _finding(
    row: Finding, entries: Sequence[FindingEntry], measured: Mapping[str, str], first: str, width: int
) -> Iterator[str]:
    yield from wrapped(f"{words.upper_first(row.title)} ({row.weight})", width, indent=_INDENT, first=first)
    places = list(_places(entries).items())
    for place, routes in places[:_MOST_PLACES]:
        yield from wrapped(f"{place}{_of_routes(routes)}", width, indent="        ", first="      ")
    if len(places) > _MOST_PLACES:
        yield from wrapped(f"and {len(places) - _MOST_PLACES} more places (--json has all)", width, indent="      ")
    yield from wrapped(f"Why: {row.why}.", width, indent=_INDENT)
    yield from wrapped(f"What to do: {row.advice}.", width, indent=_INDENT)
    yield from wrapped(_cost(row, measured), width, indent=_INDENT)


def _cost(row: Finding, measured: Mapping[str, str]) -> str:
    said = f"What it costs: {row.of_claim}"
    if row.claim is None:
        return f"{said}."
    return f"{said}: {measured[row.claim]}" if row.claim in measured else f"{said}; no campaign at hand has its figure."


def _places(entries: Sequence[FindingEntry]) -> dict[str, list[str]]:
    """Return by place, with what stands there, the routes that it concerns."""
    out: dict[str, list[str]] = {}
    for entry in entries:
        where = f"{entry.file}:{entry.line}" if entry.file else "no place in Python code"
        out.setdefault(f"{where} {entry.detail}", []).extend([entry.route] if entry.route else [])
    return out


def _of_routes(routes: Sequence[str]) -> str:
    if not routes:
        return ""
    more = f" and {len(routes) - _MOST_ROUTES} more" if len(routes) > _MOST_ROUTES else ""
    return f": {', '.join(routes[:_MOST_ROUTES])}{more}"
