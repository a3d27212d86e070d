"""handlerbench.toml: what it says becomes values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench_files import APP, CLAIM, SEARCH, read, said_of
from experiment.design.factors import server
from experiment.design.loads import LOADS
from experiment.design.model import Interval, Load, LoadKind, at_least, at_most
from experiment.design.own_app import AppClaim, AppRequest, AppTarget
from experiment.records.bench_file_entries import AppEntry, ClaimEntry, ExpectEntry, FileEntry, LoadEntry, RequestEntry

if TYPE_CHECKING:
    from pydantic import BaseModel


def test_the_shortest_file_has_the_usual_interpreter_and_the_usual_loads(tmp_path: Path) -> None:
    file = read(tmp_path, APP)
    assert file.app == AppTarget(
        target="shop.main:app", python=str(tmp_path / ".venv" / "bin" / "python"), directory=tmp_path
    )
    assert (file.requests, file.claims) == ((), ())
    assert [(load.kind, load.users) for load in file.loads] == [(LoadKind.CLOSED, 1), (LoadKind.CLOSED, 20)]
    assert file.path == tmp_path / "handlerbench.toml"


def test_everything_of_an_app_is_read_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "dev.env").touch()
    own = 'factory = true\npython = "../venv/bin/python3"\ndirectory = "src"\nenv_file = "src/dev.env"\n'
    app = read(tmp_path, f'{APP}{own}environment = {{ DEBUG = "0" }}\nservices = "docker compose up -d db"\n').app
    assert app == AppTarget(
        target="shop.main:app",
        is_factory=True,
        python=str(tmp_path / "../venv/bin/python3"),
        directory=tmp_path / "src",
        environment=(("DEBUG", "0"),),
        env_file=tmp_path / "src" / "dev.env",
        services="docker compose up -d db",
    )


def test_a_bare_interpreter_is_left_to_the_path(tmp_path: Path) -> None:
    assert read(tmp_path, f'{APP}python = "python3.11"\n').app.python == "python3.11"


def test_a_request_has_its_headers_body_and_right_answer(tmp_path: Path) -> None:
    (tmp_path / "order.json").write_bytes(b'{"item": 1}')
    given = """[[request]]
id = "order"
method = "post"
path = "/orders"
headers = { Authorization = "Bearer ${TOKEN}", Content-Type = "application/json" }
body_file = "order.json"
expect = { status = 201, body = "any", contains = "id" }
[[request]]
id = "login"
method = "POST"
path = "/login"
body = "name=ö"
"""
    order, login = read(tmp_path, APP + given).requests
    assert order == AppRequest(
        id="order",
        method="POST",
        path="/orders",
        headers=(("Authorization", "Bearer ${TOKEN}"), ("Content-Type", "application/json")),
        body=b'{"item": 1}',
        expect_status=201,
        expect_body="any",
        expect_contains="id",
    )
    assert login.body == "name=ö".encode()
    assert (login.expect_status, login.expect_body, login.expect_contains) == (200, None, None)


def test_a_load_is_one_of_our_loads(tmp_path: Path) -> None:
    given = """[[load]]
id = "crowd"
kind = "closed"
users = 60
[[load]]
id = "arrivals"
kind = "open"
rate_rps = 50
arrivals = "poisson"
warmup_s = 0.5
window_s = 2
[[load]]
id = "rush"
kind = "burst"
users = 10
"""
    assert read(tmp_path, APP + given).loads == (
        Load(id="crowd", kind=LoadKind.CLOSED, users=60),
        Load(id="arrivals", kind=LoadKind.OPEN, rate_rps=50.0, arrivals="poisson", warmup_s=0.5, window_s=2.0),
        Load(id="rush", kind=LoadKind.BURST, users=10, warmup_s=0.0),
    )


def test_a_claim_is_read_with_its_interval(tmp_path: Path) -> None:
    file = read(tmp_path, APP + SEARCH + CLAIM)
    assert file.claims == (
        AppClaim(
            id="C1",
            statement="as def it serves half as much again",
            source="my talk, slide 12",
            treatment="search+style-def",
            baseline="search",
            load="closed-20",
            metric="goodput_rps",
            expected=at_least(1.5),
        ),
    )
    assert file.load("closed-20") == LOADS["closed-20"]
    assert file.request("search").path == "/search?q=tea"


def test_a_claim_may_name_a_load_of_ours_or_of_the_file(tmp_path: Path) -> None:
    crowd = '[[load]]\nid = "crowd"\nkind = "closed"\nusers = 60\n'
    for name, users in (("crowd", 60), ("closed-80", 80)):
        file = read(tmp_path, APP + SEARCH + crowd + CLAIM.replace("closed-20", name))
        assert file.load(file.claims[0].load).users == users


@pytest.mark.parametrize(
    ("written", "interval"),
    [
        (">= 1.5", at_least(1.5)),
        ("<=0.2", at_most(0.2)),
        ("0.9..1.1", Interval(0.9, 1.1)),
        (" 1 .. 2 ", Interval(1, 2)),
    ],
)
def test_an_interval_is_written_as_people_write_it(tmp_path: Path, written: str, interval: Interval) -> None:
    (claim,) = read(tmp_path, APP + SEARCH + CLAIM.replace(">= 1.5", written)).claims
    assert claim.expected == interval


def test_a_side_becomes_a_server_configuration(tmp_path: Path) -> None:
    from experiment.design.app_sides import read_side

    assert read(tmp_path, APP + SEARCH + CLAIM.replace("search+style-def", "search+workers-2+tokens-100@v1.2")).claims
    side = read_side("search+workers-2+tokens-100@v1.2", ["search"])
    assert side.server == server(workers=2, thread_tokens=100, version="v1.2")
    assert (side.request, side.version) == ("search", "v1.2")
    assert read_side("search", ["search"]).version is None


@pytest.mark.parametrize("model", [FileEntry, AppEntry, RequestEntry, ExpectEntry, LoadEntry, ClaimEntry])
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "handlerbench-toml.md").read_text(encoding="utf-8")
    for name, field in model.model_fields.items():
        assert field.description
        assert f"`{name}`" in page or f"[{name}]" in page


def test_services_are_read(tmp_path: Path) -> None:
    app = read(tmp_path, f'{APP}services = "redis-server --port 6380"\nservices_port = 6380\n').app
    assert (app.services, app.services_port) == ("redis-server --port 6380", 6380)
    for wrong, said in (
        ("services_port = 6380", "[app]: has services_port without services"),
        ('services = "a \'b"', "[app], services: No closing quotation"),
        ('services = " "', "[app], services: must be a command"),
    ):
        assert said in said_of(tmp_path, f"{APP}{wrong}\n")
