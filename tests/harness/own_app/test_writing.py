"""What init writes can be read back, as it is and with every comment sign taken away."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from experiment.design.own_app import AppRequest
from experiment.records.bench_file import read_bench_file
from experiment.records.inspection import Inspection, ParameterEntry, RouteEntry
from harness.own_app.plausible import sample, value_of
from harness.own_app.toml_text import keys
from harness.own_app.writing import MOST_READY, bench_file_text, requests_of

if TYPE_CHECKING:
    from pathlib import Path

    from experiment.design.own_app import BenchFile


def parameter(name: str, place: str = "query", kind: str = "str", **more: Any) -> ParameterEntry:
    return ParameterEntry.model_validate({"name": name, "place": place, "is_required": True, "type": kind, **more})


def route(path: str, *parameters: ParameterEntry, methods: tuple[str, ...] = ("GET",), **more: Any) -> RouteEntry:
    name = re.sub(r"\W+", "_", path).strip("_") or "home"
    usual = {"mount": "", "endpoint": f"shop:{name}", "style": "async", "hops": [], "traps": []}
    return RouteEntry.model_validate(
        {**usual, "methods": list(methods), "path": path, "parameters": list(parameters), **more}
    )


def inspected(*routes: RouteEntry) -> Inspection:
    return Inspection(error=None, python="3", packages={}, framework="FastAPI", routes=list(routes), middleware=[])


def read(folder: Path, text: str) -> BenchFile:
    path = folder / "handlerbench.toml"
    path.write_text(text, encoding="utf-8")
    return read_bench_file(path)


EVERYTHING = inspected(
    route("/"),
    route("/", methods=("GET", "HEAD")),
    route("/items/{item_id}", parameter("item_id", "path", "int")),
    route("/search", parameter("q"), parameter("page", kind="int", is_required=False, default=1)),
    route("/me", parameter("x-token", "header"), parameter("session", "cookie")),
    route("/orders", parameter("order", "body", "Order"), methods=("POST",)),
    route("/both", parameter("a", "body", "A"), parameter("b", "body", "B"), methods=("PUT",)),
    route("/login", parameter("name", "form"), parameter("age", "form", "int"), methods=("POST",)),
    route("/photo", parameter("file", "form", "UploadFile"), parameter("title", "form"), methods=("POST",)),
    route("/static", methods=(), style="asgi", mount="/static"),
    route("/é {a}/{rest:path}", methods=("GET", "DELETE"), style="class", endpoint="shop:Thing"),
    route("/lambda", endpoint="shop:<lambda>"),
)
APP: tuple[tuple[str, str | bool], ...] = (("target", "shop:app"), ("factory", True), ("python", 'a"b/python'))


def test_what_needs_nothing_is_ready_and_everything_else_is_commented_out(tmp_path: Path) -> None:
    file = read(tmp_path, bench_file_text(APP, EVERYTHING))
    assert file.requests == (AppRequest(id="home", path="/"), AppRequest(id="get-lambda", path="/lambda"))
    assert file.app.is_factory
    assert (file.claims, len(file.loads)) == ((), 2)


def test_everything_that_is_commented_out_can_be_read_as_well(tmp_path: Path) -> None:
    (tmp_path / ".env").touch()
    text = re.sub(r"^#(?! )", "", bench_file_text(APP, EVERYTHING), flags=re.MULTILINE)
    file = read(tmp_path, text)
    by_id = {request.id: request for request in file.requests}
    assert list(by_id) == [each.id for each in requests_of(EVERYTHING)]
    assert {name: (request.method, request.path) for name, request in by_id.items()} == {
        "home": ("GET", "/"),
        "items-item-id": ("GET", "/items/1"),
        "search": ("GET", "/search?q=example"),
        "me": ("GET", "/me"),
        "orders": ("POST", "/orders"),
        "both": ("PUT", "/both"),
        "login": ("POST", "/login"),
        "photo": ("POST", "/photo"),
        "get-static": ("GET", "/static"),
        "get-a-rest-path": ("GET", "/%C3%A9%20example/a/b"),
        "delete-a-rest-path": ("DELETE", "/%C3%A9%20example/a/b"),
        "get-lambda": ("GET", "/lambda"),
    }
    assert by_id["me"].headers == (("x-token", "${X_TOKEN}"), ("Cookie", "session=${SESSION}"))
    assert by_id["login"].body == b"name=example&age=1"
    assert b'filename="example.txt"\r\n\r\nsome text\r\n' in (by_id["photo"].body or b"")
    assert (file.loads[0].users, file.claims[0].baseline) == (60, "home")


def test_each_reason_is_said() -> None:
    reasons = {each.id: each.why_not for each in requests_of(EVERYTHING)}
    assert reasons["home"] is None
    assert reasons["items-item-id"] == "item_id is made up; check it first"
    assert reasons["me"] == "x-token and session are made up; check it first"
    assert reasons["orders"] == "it may change data; nothing but GET and HEAD is sent unless it stands here"
    assert reasons["get-static"] == "an app that is mounted here; name a path in it"
    text = bench_file_text(APP, EVERYTHING)
    assert all(why is None or f"# Not measured yet: {why}.\n" in text for why in reasons.values())


def test_a_value_that_the_app_itself_names_is_not_made_up() -> None:
    named = parameter("colour", "path", "Literal['red', 'blue']")
    (found,) = requests_of(inspected(route("/of/{colour}", named, parameter("depth", kind="int", default=3))))
    assert (found.sample.path, found.why_not) == ("/of/red?depth=3", None)


def test_of_very_many_routes_the_first_are_ready() -> None:
    many = requests_of(inspected(*(route(f"/r{n}") for n in range(MOST_READY + 5))))
    assert [each.why_not is None for each in many] == [True] * MOST_READY + [False] * 5


def test_an_app_without_routes_has_a_file_too(tmp_path: Path) -> None:
    assert read(tmp_path, bench_file_text(APP, inspected())).requests == ()


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("n", "int", "1"),
        ("n", "int | None", "1"),
        ("n", "list[int]", "1"),
        ("n", "dict[str, int]", "example"),
        ("n", "UUID", "00000000-0000-4000-8000-000000000001"),
        ("n", "Literal['up', 'down']", "up"),
        ("email", "str", "somebody@example.com"),
        ("user_id", "str", "1"),
        ("video", "str", "example"),
        ("colour", "Colour", "example"),
    ],
)
def test_a_value_fits_its_type_and_its_name(name: str, kind: str, value: str) -> None:
    assert value_of(parameter(name, kind=kind)) == value


def test_a_default_is_taken_where_there_is_one() -> None:
    assert value_of(parameter("n", kind="int", default=7)) == "7"


def test_a_path_parameter_has_the_type_of_its_converter() -> None:
    assert sample(route("/a/{n:int}/{f:float}/{u:uuid}"), "GET").path.split("/")[2:4] == ["1", "1.5"]


def test_every_text_comes_back_as_it_was() -> None:
    for text in ('quote " and \\', "line\nbreak\ttab", "ümläut 木", "\x7f\x01", "", "# no comment"):
        (line,) = keys([("a b", {"x-y": text, "n": 1, "t": True})])
        assert tomllib.loads(line) == {"a b": {"x-y": text, "n": 1, "t": True}}
