"""Changes without an edit: what the guest is told, what makes no sense, and what may not be measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiment.design.factors import ServerConfig, server
from experiment.design.own_app import AppRequest
from experiment.errors import UsageError
from experiment.records.inspection import Inspection, MiddlewareEntry, RouteEntry
from harness.own_app.cures import changed_answer, guest_settings, refusals_in, refuse_senseless
from harness.own_app.preflight import Answer, Found

HOME = AppRequest(id="home", path="/")
RIGHT = Answer(status=200, body=b"right", content_type="text/plain")


def inspection(style: str) -> tuple[RouteEntry, Inspection]:
    nothing: dict[str, Any] = {"hops": [], "traps": [], "parameters": []}
    asked: Any = style
    route = RouteEntry(
        methods=["GET"], path="/", mount="", endpoint="m:home", style=asked, file="m.py", line=3, **nothing
    )
    zipped = MiddlewareEntry(name="GZipMiddleware", cls="starlette:GZipMiddleware", is_base_http=False)
    app = Inspection(error=None, python="3.12.1", packages={}, framework="FastAPI", routes=[route], middleware=[zipped])
    return route, app


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (server(), {}),
        (server(loop="asyncio"), {}),
        (server(thread_tokens=100), {"HANDLERBENCH_THREAD_TOKENS": "100"}),
        (server(without_middleware="A,B"), {"HANDLERBENCH_WITHOUT_MIDDLEWARE": '["A", "B"]'}),
    ],
)
def test_the_guest_is_told_of_what_uvicorn_has_no_option_for(config: ServerConfig, told: dict[str, str]) -> None:
    assert guest_settings(config, "m:home", Path("refusals")) == told


def test_the_guest_is_told_which_handler_to_call_in_another_way() -> None:
    told = guest_settings(server(style="def"), "m:home", Path("refusals"))
    assert json.loads(told["HANDLERBENCH_CURES"]) == {"m:home": "def"}
    assert Path(told["HANDLERBENCH_REFUSALS"]).is_absolute()


@pytest.mark.parametrize(
    ("style", "config", "said"),
    [
        ("def", server(style="def"), r"the handler of GET / is def already \(m.py:3\)"),
        ("async", server(style="on-loop"), "is async already"),
        ("class", server(style="def"), "is of kind class"),
        ("async", server(without_middleware="Session"), "no middleware 'Session'; it has GZipMiddleware"),
    ],
)
def test_a_change_that_has_no_place_in_the_app_is_refused(style: str, config: ServerConfig, said: str) -> None:
    route, app = inspection(style)
    with pytest.raises(UsageError, match=said):
        refuse_senseless(HOME, config, route, app)


def test_a_change_that_has_its_place_is_not() -> None:
    route, app = inspection("async")
    refuse_senseless(HOME, server(style="def", without_middleware="GZipMiddleware"), route, app)


def test_what_the_guest_refused_is_read_once_and_a_half_written_line_is_left_out(tmp_path: Path) -> None:
    said = {"endpoint": "m:home", "change": "style-def", "why": "it awaits", "file": "m.py", "line": 5, "function": "f"}
    path = tmp_path / "refusals"
    path.write_text(f"{json.dumps(said)}\n{json.dumps(said)}\n{json.dumps(said)[:20]}")
    (entry,) = refusals_in(path, "home", "style-def")
    assert (entry.why, entry.file, entry.line) == ("it awaits", "m.py", 5)
    assert list(refusals_in(tmp_path / "none", "home", "style-def")) == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (Found(request=HOME, answer=RIGHT), None),
        (Found(request=HOME, answer=Answer(status=200, body=b"other", content_type="text/plain")), "not the same"),
        (Found(request=HOME, answer=Answer(status=200, body=b"right", content_type="text/html")), "not the same"),
        (Found(request=HOME, answer=RIGHT, is_varying=True), "two answers differ"),
        (Found(request=HOME, complaint="GET / answers 500"), "with it, GET / answers 500"),
    ],
)
def test_a_change_is_measured_only_where_the_answer_stays_equal(changed: Found, why: str | None) -> None:
    found = changed_answer(Found(request=HOME, answer=RIGHT), changed, "without-GZipMiddleware")
    assert (found is None) if why is None else (found is not None and why in found.why)
