"""A request is named by the handler of the first route that answers it."""

from typing import Any

import pytest

from experiment.design.own_app import AppRequest
from experiment.records.inspection import Inspection, RouteEntry
from harness.own_app.routes import route_of


def route(methods: list[str], path: str, endpoint: str) -> RouteEntry:
    nothing: dict[str, Any] = {"hops": [], "traps": [], "parameters": []}
    return RouteEntry(methods=methods, path=path, mount="", endpoint=endpoint, style="async", **nothing)


ROUTES = [
    route(["GET"], "/items/new", "shop:new"),
    route(["GET"], "/items/{item_id}", "shop:read"),
    route(["PUT"], "/items/{item_id}", "shop:change"),
    route(["GET"], "/files/{rest:path}", "shop:file"),
    route([], "/a.b/{n:int}", "shop:any"),
]
APP = Inspection(error=None, python="3.12.1", packages={}, framework="FastAPI", routes=ROUTES, middleware=[])


@pytest.mark.parametrize(
    ("method", "path", "endpoint"),
    [
        ("GET", "/items/new", "shop:new"),
        ("GET", "/items/7?page=2", "shop:read"),
        ("HEAD", "/items/7", "shop:read"),
        ("PUT", "/items/new", "shop:change"),
        ("GET", "/files/a/b/c", "shop:file"),
        ("GET", "/items/7/parts", None),
        ("POST", "/a.b/3", "shop:any"),
        ("POST", "/axb/3", None),
        ("POST", "/a.b/x", None),
    ],
)
def test_the_first_route_that_fits_method_and_path_answers(method: str, path: str, endpoint: str | None) -> None:
    found = route_of(AppRequest(id="x", method=method, path=path), APP)
    assert (found and found.endpoint) == endpoint


def test_an_app_that_was_not_inspected_has_no_routes() -> None:
    assert route_of(AppRequest(id="x", path="/"), None) is None
