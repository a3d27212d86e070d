"""A handler in the other style: where it runs then, what it cannot do there, and what is said about that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app_environments import FASTAPI_0_100, FASTAPI_TODAY, STARLETTE_TODAY
from guest_servers import ask, line_of, run_guest, with_guest
from real_servers import Server

ON_LOOP = dict.fromkeys(("waiting", "calling_back"), "on-loop")
CURES = {
    **dict.fromkeys(("blocking", "helped", "awaiting", "with_anyio", "turn", "task", "failing", "all_hops"), "def"),
    **dict.fromkeys(("on_loop", "nobody"), "def"),
    **ON_LOOP,
}
AWAITS = "it really awaits: a thread cannot run it"

# The route, its endpoint, and the line at which it is refused.
REFUSED = {
    "/awaiting": ("awaiting", "await asyncio.sleep(0.005)", "nap"),
    "/anyio": ("with_anyio", "await anyio.sleep(0.005)", "with_anyio"),
    "/turn": ("turn", "await asyncio.sleep(0)", "turn"),
    "/task": ("task", "await asyncio.gather", "task"),
}


@dataclass(frozen=True)
class Cured:
    """An app whose handlers run in the other style, and what was refused so far."""

    server: Server
    file: Path

    def refusals(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def refusal(self, endpoint: str) -> dict[str, Any]:
        (found,) = (each for each in self.refusals() if each["endpoint"] == endpoint)
        return found


def _serve(python: Path, app: str, folder: Path, cures: dict[str, str]) -> Iterator[Cured]:
    file = folder / "refusals"
    asked = {f"{app}:{name}": style for name, style in cures.items()}
    with with_guest(python, f"{app}:app", CURES=asked, REFUSALS=str(file)) as server:
        yield Cured(server, file)


@pytest.fixture(scope="module", params=[FASTAPI_0_100, FASTAPI_TODAY], ids=lambda param: param.name)
def python(request: pytest.FixtureRequest) -> Path:
    made: Path = request.param.python()
    return made


@pytest.fixture(scope="module")
def cured(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cured]:
    yield from _serve(python, "styles_app", tmp_path_factory.mktemp("cured"), CURES)


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cured]:
    cures = {"blocking": "def", "awaiting": "def", "waiting": "on-loop", "Things": "on-loop", "whole": "def"}
    yield from _serve(STARLETTE_TODAY.python(), "star_app", tmp_path_factory.mktemp("star"), cures)


def test_an_async_handler_runs_in_a_thread_and_is_validated_there_as_a_def_one_is(cured: Cured) -> None:
    assert ask(cured.server, "/blocking?item=3").json["thread"] == "a thread, validated in a thread"


def test_a_def_handler_runs_on_the_loop_and_is_validated_there_as_an_async_one_is(cured: Cured) -> None:
    assert ask(cured.server, "/waiting").json["thread"] == "the loop, validated in the loop"


def test_a_handler_that_awaits_only_what_is_ready_runs_in_a_thread(cured: Cured) -> None:
    assert ask(cured.server, "/helped").json == {"thread": "a thread"}
    assert ask(cured.server, "/on-the-loop").json == "a thread"


def test_what_a_handler_raises_is_answered_as_ever(cured: Cured) -> None:
    answer = ask(cured.server, "/failing")
    assert (answer.status, answer.json) == (409, {"detail": "on purpose"})


@pytest.mark.parametrize("path", REFUSED)
def test_a_handler_that_really_awaits_is_refused_with_the_line_of_the_await(cured: Cured, path: str) -> None:
    name, text, function = REFUSED[path]
    answers = [ask(cured.server, path) for _ in range(2)]
    assert {answer.status for answer in answers} == {500}
    line = line_of("styles_app", text)
    place = {"file": "styles_app.py", "line": line, "function": function}
    assert cured.refusal(f"styles_app:{name}") == {
        "endpoint": f"styles_app:{name}",
        "change": "style-def",
        "why": AWAITS,
        **place,
    }
    assert f"line {line} of styles_app.py" in answers[0].json["detail"]


def test_a_handler_that_needs_its_thread_is_refused_the_loop(cured: Cured) -> None:
    assert ask(cured.server, "/calling-back").status == 500
    assert "only run in a thread" in cured.refusal("styles_app:calling_back")["why"]


def test_what_runs_that_way_already_or_is_not_there_is_refused_at_once(cured: Cured) -> None:
    assert cured.refusal("styles_app:all_hops")["why"] == "it runs that way already"
    assert cured.refusal("styles_app:nobody")["why"] == "the app has no route with this endpoint"


def test_handlers_that_were_not_chosen_stay_as_they_are(cured: Cured) -> None:
    assert ask(cured.server, "/all/3?q=a").json == {"name": "3 a 3 3 1 a session nobody"}
    assert ask(cured.server, "/to-a-thread").json == "a thread"


def test_routes_and_classes_of_starlette_run_in_the_other_style(star: Cured) -> None:
    assert ask(star.server, "/blocking").json == {"thread": "a thread"}
    assert ask(star.server, "/waiting").json == {"thread": "the loop"}
    assert ask(star.server, "/of/things/3").json == {"thread": "the loop", "id": 3}
    assert ask(star.server, "/of/things/3", method="POST").json == {"thread": "the loop"}


def test_what_of_starlette_cannot_be_changed_is_refused(star: Cured) -> None:
    assert ask(star.server, "/awaiting").status == 500
    assert star.refusal("star_app:awaiting")["function"] == "awaiting"
    assert star.refusal("star_app:whole")["why"] == "it is an app of its own, and no handler"


@pytest.mark.parametrize(("name", "gone", "there"), [("Slow", "x-slow", "x-stamp"), ("stamp", "x-stamp", "x-slow")])
def test_middleware_is_left_out_by_the_name_of_its_class_or_function(
    python: Path, name: str, gone: str, there: str
) -> None:
    with with_guest(python, "styles_app:app", WITHOUT_MIDDLEWARE=[name]) as server:
        answer = ask(server, "/failing")
    assert (answer.header(gone), answer.header(there)) == (None, "yes")


def test_middleware_that_is_not_there_ends_the_server_with_a_sentence(python: Path) -> None:
    module = "uvicorn --factory handlerbench_guest.app:create_app --port 0"
    done = run_guest(python, module, "styles_app:app", WITHOUT_MIDDLEWARE=["Fast"])
    assert "the app adds no middleware Fast; it adds stamp, Slow" in done.stderr
    assert "Traceback" not in done.stderr
