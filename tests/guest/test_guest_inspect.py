"""What the guest says of an app without load, under FastAPI old and new, and Starlette alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app_environments import FASTAPI_0_100, FASTAPI_TODAY, STARLETTE_TODAY, AppEnvironment
from experiment.records.inspection import Inspection
from guest_servers import line_of, run_guest

# By endpoint: style, hops, and traps with the text of their line.
STYLES: dict[str, tuple[str, dict[str, int], dict[str, str]]] = {
    "blocking": ("async", {}, {"blocking-call-in-async": "time.sleep(0.005)"}),
    "waiting": ("def", {"endpoint": 1, "response-validation": 1}, {}),
    "helped": ("async", {}, {}),
    "awaiting": ("async", {}, {}),
    "all_hops": ("def", {"dependency": 2, "yield-dependency": 2, "endpoint": 1, "response-validation": 1}, {}),
    "tasks": ("async", {"background": 1}, {}),
    "stream": ("def", {"endpoint": 1, "streaming": 1}, {}),
    "on_loop": ("async", {}, {"wraps-around-sync": "def on_loop()"}),
    "in_thread": ("async", {}, {}),
    "held": ("async", {}, {"blocking-call-in-async": "# held here"}),
    "clean": ("async", {}, {}),
}


@pytest.fixture(scope="module", params=[FASTAPI_0_100, FASTAPI_TODAY], ids=lambda param: param.name)
def environment(request: pytest.FixtureRequest) -> AppEnvironment:
    chosen: AppEnvironment = request.param
    return chosen


@pytest.fixture(scope="module")
def styles(environment: AppEnvironment) -> Inspection:
    return inspect(environment.python(), "styles_app:app")


def inspect(python: Path, target: str, **variables: Any) -> Inspection:
    done = run_guest(python, "handlerbench_guest.inspect", target, **variables)
    assert done.returncode == 0, done.stderr
    return Inspection.model_validate(json.loads(done.stdout.splitlines()[-1]))


def test_versions_and_framework_are_said(environment: AppEnvironment, styles: Inspection) -> None:
    pinned = dict(requirement.split("==") for requirement in environment.requirements)
    assert styles.error is None
    assert styles.framework == "FastAPI"
    assert styles.python.startswith(environment.version)
    assert styles.packages == {name: pinned[name] for name in ("fastapi", "starlette", "uvicorn", "anyio", "pydantic")}


@pytest.mark.parametrize("name", STYLES)
def test_a_route_is_read_with_its_style_its_hops_and_its_traps(styles: Inspection, name: str) -> None:
    style, hops, traps = STYLES[name]
    (route,) = (route for route in styles.routes if route.endpoint == f"styles_app:{name}")
    counted: dict[str, int] = {}
    for hop in route.hops:
        counted[hop.source] = counted.get(hop.source, 0) + hop.count
    assert (route.style, counted) == (style, hops)
    assert route.line == line_of("styles_app", f"def {name}(")
    expected = {(trap, "styles_app.py", line_of("styles_app", text)) for trap, text in traps.items()}
    assert {(trap.id, trap.file, trap.line) for trap in route.traps} == expected


def test_hops_stand_where_the_dependency_does(styles: Inspection) -> None:
    (route,) = (route for route in styles.routes if route.endpoint == "styles_app:all_hops")
    places = {hop.name: hop.line for hop in route.hops}
    assert places["session"] == line_of("styles_app", "def session")
    assert places["Page"] == line_of("styles_app", "class Page")


def test_parameters_of_a_route_and_its_dependencies_are_listed(styles: Inspection) -> None:
    (route,) = (route for route in styles.routes if route.endpoint == "styles_app:all_hops")
    assert {(p.name, p.place, p.is_required, p.type, p.default) for p in route.parameters} == {
        ("item_id", "path", True, "int", None),
        ("q", "query", False, "str", "x"),
        ("limit", "query", False, "int", 3),
        ("page", "query", False, "int", 1),
        ("x-user", "header", False, "str", "nobody"),
    }


def test_middleware_is_listed_from_the_outside_in(styles: Inspection) -> None:
    expected = [("stamp", "styles_app:stamp", True), ("Slow", "styles_app:Slow", True)]
    assert [(each.name, each.cls, each.is_base_http) for each in styles.middleware] == expected
    assert styles.middleware[1].place == f"styles_app.py:{line_of('styles_app', 'class Slow')}"


def test_routers_and_mounts_are_walked_with_their_prefixes(environment: AppEnvironment) -> None:
    whole = inspect(environment.python(), "whole_app:app")
    found = {route.path: (route.endpoint, route.mount) for route in whole.routes}
    assert found["/outer/inner/{name}"] == ("whole_app:in_router", "")
    assert found["/part/where"] == ("whole_app:where", "/part")
    assert found["/star/plain"] == ("whole_app:plain", "/star")
    assert not any(path.endswith(("/docs", "/openapi.json", "/echo")) for path in found)


def test_an_app_of_starlette_alone_is_read() -> None:
    seen = inspect(STARLETTE_TODAY.python(), "star_app:app")
    assert (seen.framework, "fastapi" in seen.packages) == ("Starlette", False)
    routes = {route.path: route for route in seen.routes}
    assert {path: route.style for path, route in routes.items()} == {
        "/blocking": "async",
        "/waiting": "def",
        "/awaiting": "async",
        "/of/things/{thing:int}": "class",
        "/stream": "async",
        "/broken": "async",
        "/whole": "asgi",
    }
    assert [(hop.source, hop.name) for hop in routes["/blocking"].hops] == [("background", "tidy")]
    assert [hop.source for hop in routes["/stream"].hops] == ["streaming"]
    things = routes["/of/things/{thing:int}"]
    assert ([hop.name for hop in things.hops], things.methods) == (["get"], ["GET", "HEAD", "POST"])
    assert [(p.name, p.place, p.type) for p in things.parameters] == [("thing", "path", "int")]
    assert [trap.line for trap in routes["/blocking"].traps] == [line_of("star_app", "time.sleep(0.005)")]


def test_an_app_that_is_neither_has_no_routes() -> None:
    seen = inspect(STARLETTE_TODAY.python(), "star_app:whole")
    assert (seen.framework, seen.routes, seen.middleware) == ("ASGI", [], [])


def test_an_app_that_cannot_be_imported_says_where(environment: AppEnvironment) -> None:
    seen = inspect(environment.python(), "broken_app:app")
    assert seen.error is not None
    assert seen.error.why == "ModuleNotFoundError: No module named 'not_installed_anywhere'"
    assert (seen.error.file, seen.error.line) == ("broken_parts.py", line_of("broken_parts", "import"))
    assert seen.error.traceback[-1] == seen.error.why
