"""Everything before the registration: versions, inspection, preflight, pilot, and which changes can be tried at all."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from experiment.design.app_sides import read_side
from experiment.design.factors import STYLE, VERSION, ServerConfig, server
from experiment.design.own_app import AppRequest
from experiment.errors import EnvironmentUnfitError
from experiment.records.app_record import PilotEntry, RefusalEntry
from experiment.records.inspection import Inspection, RouteEntry
from experiment.theory.app_capacity import RouteCosts
from harness.own_app.app_logs import AppLog
from harness.own_app.claims import ON_FILE, Change, shown
from harness.own_app.cures import changed_answer, first, refusals_in, refuse_senseless
from harness.own_app.inspecting import inspection_of
from harness.own_app.order import AppOrder
from harness.own_app.pilot import costs_of, pilot
from harness.own_app.preflight import Found, preflight
from harness.own_app.rig import AppRig
from harness.own_app.routes import route_of
from harness.own_app.versions import Version, as_it_is, version

Say = Callable[[str], None]
_PREPARING, _CHANGED = "preparing", "changed"
_LAST_WORD_S = 0.2
"""An app writes its traceback after the answer."""


@dataclass(slots=True)
class Prepared:
    """What is known of the app before anything is registered."""

    inspections: dict[str, Inspection] = field(default_factory=dict)  # by version
    found: dict[tuple[str, str], Found] = field(default_factory=dict)  # by request and version
    pilots: list[PilotEntry] = field(default_factory=list)
    refusals: list[RefusalEntry] = field(default_factory=list)
    refused: set[tuple[str, ServerConfig]] = field(default_factory=set)

    def route(self, request: AppRequest, version: str = "") -> RouteEntry | None:
        return route_of(request, self.inspections.get(version))

    def costs(self, requests: Iterable[AppRequest]) -> dict[tuple[str, str], RouteCosts]:
        """Return what each request costs in each version, where the pilot could tell."""
        known = {request.id: request for request in requests}
        out = {}
        for entry in self.pilots:
            route = self.route(known[entry.request], entry.version)
            costs = costs_of(entry, None if route is None else route.style)
            if costs is not None:
                out[entry.request, entry.version] = costs
        return out

    def good(self, requests: Iterable[AppRequest], version: str = "") -> tuple[AppRequest, ...]:
        """Return the requests whose answer is right in a version."""
        return tuple(r for r in requests if (r.id, version) in self.found and not self.found[r.id, version].complaint)


@contextmanager
def versions_of(order: AppOrder) -> Iterator[dict[str, Version]]:
    """Own every version that is measured, by name; "" is the app as it is. Raises UsageError for an unknown one."""
    app = order.file.app
    with ExitStack() as stack:
        made = {"": as_it_is(app)}
        if order.against is not None:
            other = stack.enter_context(version(order.against, app, python=order.against_python))
            made[other.name] = other
        for name in dict.fromkeys(_named_in_claims(order)):
            if name not in made:
                made[name] = stack.enter_context(version(name, app))
        yield made


def _named_in_claims(order: AppOrder) -> Iterator[str]:
    for config in _servers_of_claims(order):
        if config[1][VERSION] is not None:
            yield str(config[1][VERSION])


def _servers_of_claims(order: AppOrder) -> Iterator[tuple[str, ServerConfig]]:
    """Yield request and server of each side of the user's own claims; `try` measures none of them."""
    known, chosen = [r.id for r in order.file.requests], {r.id for r in order.chosen}
    for claim in order.file.claims if order.change is None else ():
        for text in filter(None, (claim.treatment, claim.baseline)):
            side = read_side(text, known)
            if side.request in chosen:
                yield side.request, side.server


def inspected(order: AppOrder, versions: Mapping[str, Version]) -> Prepared:
    """Inspect each version. Raises EnvironmentUnfitError, with the app's own words, for one that cannot be imported.

    Raises UsageError for a change that the app has no place for.
    """
    made = Prepared()
    for name, one in versions.items():
        made.inspections[name] = inspection_of(one.app)
    if order.change is not None:
        for request in order.chosen:
            refuse_senseless(request, order.change, made.route(request), made.inspections[""])
    return made


def prepare(rig: AppRig, order: AppOrder, made: Prepared, say: Say, *, with_pilot: bool = True) -> None:
    """Ask each request of each version twice; the pilot then drives it.

    Raises EnvironmentUnfitError when the app does not start, or answers no request rightly.
    """
    for name in rig.versions:
        for line in _ask_version(rig, order, made, name, with_pilot=with_pilot):
            say(line)
    if not made.good(order.chosen):
        complaints = [found.complaint or "" for (_, v), found in made.found.items() if not v]
        raise EnvironmentUnfitError("\n  ".join(["no request is answered as it should be:", *complaints]))


def _ask_version(rig: AppRig, order: AppOrder, made: Prepared, name: str, *, with_pilot: bool) -> Iterator[str]:
    """Ask one version; yield what its user should know."""
    config = at_version(name)
    for request in order.chosen:
        route = made.route(request, name)
        if route is not None:
            rig.endpoints[request.id, name] = route.endpoint
    while len(asked := [r for r in order.chosen if (r.id, name) not in made.found]) > 0:
        with rig.serving(config, _PREPARING) as service:
            if not rig.knows_idle_share(config):
                rig.know_idle_share(config, service)
            for found in preflight(service, asked, rig.headers):
                made.found[found.request.id, name] = rig.found[found.request.id, name] = rig.cleaned(found)
                yield from _remarks(made.found[found.request.id, name], name, rig.app_log(_PREPARING))
    if with_pilot:
        with rig.serving(config, _PREPARING) as service:
            right = [made.found[r.id, name] for r in made.good(order.chosen, name)]
            made.pilots += pilot(rig, name, right, service, _PREPARING)
    rig.tidy([_PREPARING])


def at_version(name: str) -> ServerConfig:
    return server({VERSION.name: name}) if name else ON_FILE


def _remarks(found: Found, version: str, log: AppLog) -> Iterator[str]:
    """Yield what the user should know of a request's answers, under a complaint the app's own last lines."""
    of = f" in version {version}" if version else ""
    if found.complaint is not None:
        time.sleep(_LAST_WORD_S)
        yield f"not measured{of}: {found.complaint}"
        yield from (f"    {line}" for line in log.last_lines())
    elif found.is_varying:
        yield f"{shown(found.request)}{of} answers differently each time: any body counts as right"


def check_changes(rig: AppRig, made: Prepared, changes: Iterable[tuple[str, ServerConfig]]) -> None:
    """Start the app with each change and ask twice; note what the guest refuses, and answers that are not the same."""
    for request, config in dict.fromkeys(changes):
        refusal = _refusal(rig, made, request, config)
        if refusal is not None:
            made.refused.add((request, config))
            made.refusals.append(refusal)


def _refusal(rig: AppRig, made: Prepared, request: str, config: ServerConfig) -> RefusalEntry | None:
    version, change = str(config[VERSION] or ""), without_version(config).suffix.removeprefix("+")
    today = made.found[request, version]
    try:
        with rig.serving(config, _CHANGED, rig.endpoints.get((request, version))) as service:
            changed = rig.cleaned(next(preflight(service, [today.request], rig.headers)))
        refused = first(refusals_in(rig.refusals_path(_CHANGED), request, change))
    except EnvironmentUnfitError as error:
        return RefusalEntry(request=request, change=change, why=rig.hidden(str(error).splitlines()[0]))
    finally:
        rig.tidy([_CHANGED])
    return refused or changed_answer(today, changed, change)


def without_version(config: ServerConfig) -> ServerConfig:
    return ServerConfig(tuple(pair for pair in config.changed if pair[0] != VERSION.name))


def cures_for(order: AppOrder, made: Prepared, costs: Mapping[tuple[str, str], RouteCosts]) -> tuple[Change, ...]:
    """Return the changes that `run` measures by itself, or the one that `try` was asked for, each against today.

    By itself it tries a blocking async def as def: the change that needs no knowledge of the app.
    """
    good = made.good(order.chosen)
    if order.change is not None:
        return tuple(Change(request=r.id, treatment=order.change, baseline=ON_FILE) for r in good)
    as_def = server({STYLE.name: "def"})
    return tuple(
        Change(request=r.id, treatment=as_def, baseline=ON_FILE)
        for r in good
        if (known := costs.get((r.id, ""))) is not None and known.style == "async" and known.blocks
    )


def to_check(order: AppOrder, made: Prepared, changes: Iterable[Change]) -> tuple[tuple[str, ServerConfig], ...]:
    """Return every request with a server that is not the usual one, of changes and of the user's claims."""
    asked = [(change.request, change.treatment) for change in changes]
    asked += list(_servers_of_claims(order))
    right = {(r.id, v) for v in made.inspections for r in made.good(order.chosen, v)}
    return tuple(
        dict.fromkeys(
            (name, config)
            for name, config in asked
            if without_version(config).changed and (name, str(config[VERSION] or "")) in right
        )
    )
