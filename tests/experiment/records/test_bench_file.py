"""handlerbench.toml: what it says becomes values, and what is wrong is said with file, table, key and nearest name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from experiment.design.factors import server
from experiment.design.loads import LOADS
from experiment.design.model import Interval, Load, LoadKind, at_least, at_most
from experiment.design.own_app import AppClaim, AppRequest, AppTarget
from experiment.errors import UsageError
from experiment.records.bench_file import read_bench_file
from experiment.records.bench_file_entries import AppEntry, ClaimEntry, ExpectEntry, FileEntry, LoadEntry, RequestEntry

if TYPE_CHECKING:
    from pydantic import BaseModel

    from experiment.design.own_app import BenchFile

APP = '[app]\ntarget = "shop.main:app"\n'
SEARCH = '[[request]]\nid = "search"\npath = "/search?q=tea"\n'
CLAIM = """[[claim]]
id = "C1"
statement = "as def it serves half as much again"
source = "my talk, slide 12"
treatment = "search+style-def"
baseline = "search"
load = "closed-20"
metric = "goodput_rps"
expected = ">= 1.5"
"""


def read(folder: Path, text: str) -> BenchFile:
    path = folder / "handlerbench.toml"
    path.write_text(text, encoding="utf-8")
    return read_bench_file(path)


def said_of(folder: Path, text: str) -> str:
    """Return what is said of a wrong file, without the file's path, which every message begins with."""
    with pytest.raises(UsageError) as error:
        read(folder, text)
    file, _, said = str(error.value).partition(": ")
    assert file == str(folder / "handlerbench.toml")
    return said


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


WRONG_KEYS = [
    ('[ap]\ntarget = "a:b"', "app: is missing; [ap]: no such key; did you mean app?"),
    ("", "app: is missing"),
    (APP + 'pyhton = "x"', "[app], pyhton: no such key; did you mean python?"),
    (APP + "environment = { DEBUG = 1 }", "[app], environment.DEBUG: must be a valid string"),
    (APP + 'directory = "none"', "[app], directory: there is no folder"),
    (APP + 'env_file = ".env"', "[app], env_file: there is no file"),
    ('[app]\ntarget = "main.py:app"', "[app], target: must name a module, not a file: main:app instead of main.py:app"),
    ('[app]\ntarget = "shop.main"', "[app], target: must be a module and what it calls the app, such as shop.main:app"),
    (
        APP + '[[request]]\nid = "a"\npth = "/"',
        '[[request]] "a", path: is missing; [[request]] "a", pth: no such key; ',
    ),
    (
        APP + SEARCH + "[request.expect]\nstaus = 200",
        '[[request]] "search", expect.staus: no such key; did you mean sta',
    ),
    (
        APP + SEARCH + 'expect = { body = "equal" }',
        "[[request]] \"search\", expect.body: must be 'same' or 'any' (given: '",
    ),
    (APP + SEARCH + 'expect = { status = "200" }', '[[request]] "search", expect.status: must be a valid integer'),
    (APP + '[[request]]\npath = "/"', "[[request]] number 1, id: is missing"),
    (APP + '[[request]]\nid = "a@b"\npath = "/"', '[[request]] "a@b", id: may have letters, digits'),
    (APP + SEARCH + SEARCH, '[[request]] "search", id: two have this id'),
    (APP + '[[request]]\nid = "a"\npath = "http://x/"', '[[request]] "a", path: must be the part of the URL after the'),
    (
        APP + '[[request]]\nid = "a"\npath = "/?key=${K}"',
        '[[request]] "a", path: is written to the results; put what is',
    ),
    (
        APP + SEARCH + 'body = "a"\nbody_file = "b"',
        '[[request]] "search": has body and body_file; leave one of them out',
    ),
    (APP + SEARCH + 'body_file = "none"', '[[request]] "search", body_file: '),
    (
        APP + SEARCH + 'headers = { Connection = "close" }',
        '[[request]] "search", headers: Connection is set by the load',
    ),
    (APP + SEARCH + 'headers = { "a b" = "c" }', "[[request]] \"search\", headers: 'a b' is no name of a header"),
    (APP + SEARCH + 'headers = { A = "b\\nc" }', '[[request]] "search", headers: A has a line break'),
    (APP + SEARCH + 'headers = { A = "${B" }', '[[request]] "search", headers: A has a ${ that is not followed by'),
    (APP + '[[load]]\nid = "a"\nkind = "close"', "[[load]] \"a\", kind: must be 'closed', 'open' or 'burst'"),
    (APP + '[[load]]\nid = "a"\nkind = "open"', '[[load]] "a": a load of kind open needs rate_rps'),
    (
        APP + '[[load]]\nid = "a"\nkind = "closed"\nusers = 1\nrate_rps = 1.0',
        '[[load]] "a": a load of kind closed has no ',
    ),
    (APP + '[[load]]\nid = "a"\nkind = "closed"\nusers = 0', '[[load]] "a", users: must be at least 1 (given: 0)'),
    (APP + '[[load]]\nid = "a"\nkind = "open"\nrate_rps = inf', '[[load]] "a", rate_rps: must be a finite number'),
]


@pytest.mark.parametrize(("text", "said"), WRONG_KEYS, ids=range(len(WRONG_KEYS)))
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    assert said in said_of(tmp_path, text)


WRONG_CLAIMS = [
    ("search+style-def", "serch", "treatment: there is no request 'serch'; did you mean search?"),
    (
        "search+style-def",
        "search+style-fed",
        "treatment: the server factor style cannot be 'fed'; it can be def, on-loop",
    ),
    ("search+style-def", "search+tokens-x", "treatment: the server factor thread_tokens cannot be 'x'"),
    ("search+style-def", "search+workers-3", "treatment: the server factor workers cannot be 3; it can be 1, 2, 4"),
    ("search+style-def", "search+granian", "treatment: an app has no factor 'granian'"),
    ("search+style-def", "search@", "treatment: 'search@' names no version after the @"),
    ("search+style-def", "search+uvloop+asyncio", "treatment: 'search+uvloop+asyncio' says loop twice"),
    ("search+style-def", "search", "baseline: is the treatment itself"),
    ('baseline = "search"', 'baseline = "find"', "baseline: there is no request 'find'"),
    ("closed-20", "closed-30", "load: there is no load 'closed-30'; did you mean closed-80?"),
    ("goodput_rps", "goodput", "metric: there is no metric 'goodput'; did you mean goodput_rps?"),
    ("goodput_rps", "in_flight_peak", "metric: in_flight_peak is counted for our own handlers only"),
    ("goodput_rps", "goodput_normalized_rps", "metric: goodput_normalized_rps is for sides that load the core alike"),
    ("goodput_rps", "makespan_s", "metric: makespan_s is measured under a load of kind burst only"),
    (">= 1.5", "> 1.5", 'expected: \'> 1.5\' is no interval; write ">= 1.5", "<= 0.2" or "0.9..1.1"'),
    (">= 1.5", ">= 0", "expected: '>= 0' is true of everything or of nothing"),
    (">= 1.5", "2..1", "expected: an interval's low end 2.0 is above its high end 1.0"),
    ('expected = ">= 1.5"', "expected = 1.5", "expected: must be a valid string (given: 1.5)"),
    ('source = "my talk, slide 12"\n', "", "source: is missing"),
    ("statement =", "statment =", "statment: no such key; did you mean statement?"),
]


@pytest.mark.parametrize(("before", "after", "said"), WRONG_CLAIMS, ids=[after for _, after, _ in WRONG_CLAIMS])
def test_a_claim_that_cannot_be_judged_is_refused_with_the_nearest_name(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    wrong = CLAIM.replace(before, after, 1)
    assert wrong != CLAIM
    assert f'[[claim]] "C1", {said}' in said_of(tmp_path, APP + SEARCH + wrong)


def test_no_message_shows_the_value_of_a_header(tmp_path: Path) -> None:
    secret = "hunter2"  # noqa: S105 - of no account
    for wrong in (f'{{ A = "{secret}\\n" }}', f'{{ Connection = "{secret}" }}', f'"{secret}"'):
        assert secret not in said_of(tmp_path, f"{APP}{SEARCH}headers = {wrong}")


def test_a_file_that_is_not_there_says_which_command_writes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no .*handlerbench\.toml; `bench app init TARGET` writes"):
        read_bench_file(tmp_path / "handlerbench.toml")


def test_what_is_no_toml_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "handlerbench.toml"
    for wrong in (b'[app]\ntarget = "a:\xff"', b"x = "):
        path.write_bytes(wrong)
        with pytest.raises(UsageError, match="is no TOML"):
            read_bench_file(path)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_bench_file(tmp_path)


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
