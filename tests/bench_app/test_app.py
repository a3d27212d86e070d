"""The app under test, as it really runs: uvicorn in a process of its own, the upstream stub in another."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi.routing import APIRoute

from bench_app.app import create_app
from bench_app.catalogue import CATALOGUE
from bench_app.registry import Variant
from bench_app.samples import sample_pdf
from bench_app.settings import Settings, SettingsError, read_settings
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, DEF, Style
from bench_app.works import DB, NOOP, SLEEP, UPLOAD, Answer
from harness.postgres.server import postgres
from real_servers import Server, client, sut, upstream

VARIANTS = list(CATALOGUE.values())
UPLOADS = [v for v in VARIANTS if v.work == UPLOAD]
LIMIT_BYTES = 1_200_000  # the forms' files are about 1 MiB
PDF = {"content-type": "application/pdf"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve everything, with short sleeps, small pools and two parser processes."""
    with (
        upstream() as up,
        postgres(log=tmp_path_factory.mktemp("postgres") / "log") as db,
        sut(
            BENCH_UPSTREAM_URL=up.url,
            BENCH_DATABASE_URL=db.url,
            BENCH_DB_POOL_SIZE=2,
            BENCH_SLEEP_S=0.05,
            BENCH_ARTICLE_SLEEP_S=0.1,
            BENCH_PROCESS_WORKERS=2,
            BENCH_UPLOAD_LIMIT_BYTES=LIMIT_BYTES,
        ) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with client(server) as http:
        yield http


@pytest.fixture(autouse=True)
def _the_apps_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BENCH_")]:
        monkeypatch.delenv(name)


def ask(http: httpx.Client, v: Variant) -> httpx.Response:
    r = v.request
    return http.request(r.method, r.path, headers=dict(r.headers), content=r.read_body())


@pytest.mark.parametrize("v", VARIANTS, ids=lambda v: v.id)
def test_every_variant_gives_the_right_answer(http: httpx.Client, v: Variant) -> None:
    r = ask(http, v)
    assert v.complaint(r.status_code, r.content) is None
    assert (r.headers["content-type"] == "application/json") == (v.work.answer is Answer.JSON)


@pytest.mark.parametrize("family", sorted({v.family for v in VARIANTS}))
def test_a_familys_answers_are_equal_byte_for_byte(http: httpx.Client, family: str) -> None:
    assert len({ask(http, v).content for v in VARIANTS if v.family == family}) == 1


def test_the_weather_of_any_city_can_be_asked(http: httpx.Client) -> None:
    assert http.get("/weather/rome").json()["city"] == "rome"
    assert http.get("/weather-sync/rome").json() == http.get("/http/def/session?city=rome").json()


def test_bystander_and_health_answer(http: httpx.Client) -> None:
    assert http.get("/bystander").json() == http.get("/health").json() == {"ok": True}


def test_the_docs_show_every_variant_under_its_work(http: httpx.Client) -> None:
    assert http.get("/docs").status_code == 200
    paths = http.get("/openapi.json").json()["paths"]
    for v in VARIANTS:
        operation = paths[v.path][v.method.lower()]
        assert operation["tags"] == [v.work.name]
        assert v.summary in operation["summary"]


def test_the_uploads_body_is_the_file_itself(http: httpx.Client) -> None:
    operation = http.get("/openapi.json").json()["paths"]["/upload"]["post"]
    assert "parameters" not in operation
    assert list(operation["requestBody"]["content"]) == ["application/pdf"]


SLEEPS = [v for v in VARIANTS if v.work == SLEEP]


@pytest.mark.parametrize("v", SLEEPS, ids=lambda v: v.id)
def test_a_sleep_lasts_as_long_as_it_is_asked_to(http: httpx.Client, v: Variant) -> None:
    start_t = time.monotonic()
    assert http.get(v.path, params={"seconds": 0.2}).status_code == 200
    assert time.monotonic() - start_t >= 0.2


@pytest.mark.parametrize("seconds", ["-1", "10.5", "inf", "nan", "soon"])
@pytest.mark.parametrize("v", SLEEPS, ids=lambda v: v.id)
def test_a_sleep_that_is_no_time_or_too_long_is_refused(http: httpx.Client, v: Variant, seconds: str) -> None:
    assert http.get(v.path, params={"seconds": seconds}).status_code == 422


def test_only_variants_that_say_so_have_a_response_model_and_with_it_a_second_thread_hop_in_def() -> None:
    settings = Settings(database_url="postgresql://127.0.0.1/nowhere")  # not connected to before the lifespan
    routes = [r for r in create_app(settings).routes if isinstance(r, APIRoute)]
    assert len(routes) >= len(VARIANTS)
    modelled = {r.path for r in routes if r.response_field is not None}
    assert modelled == {v.path for v in VARIANTS if v.validates}
    assert "/noop/def/annotated" in modelled


def test_only_routes_that_take_a_body_carry_its_limit() -> None:
    routes = [r for r in create_app(Settings()).routes if isinstance(r, APIRoute)]
    assert {r.path for r in routes if r.max_body_size is not None} == {v.path for v in VARIANTS if v.method == "POST"}


@pytest.mark.parametrize("v", UPLOADS, ids=lambda v: v.id)
class TestUploads:
    def test_a_file_over_the_limit_is_refused_by_its_announced_length(self, http: httpx.Client, v: Variant) -> None:
        assert http.post(v.path, content=b"x" * (LIMIT_BYTES + 1), headers=PDF).status_code == 413
        assert ask(http, v).status_code == 200

    def test_a_chunked_file_over_the_limit_is_refused_before_it_has_ended(
        self, server: Server, http: httpx.Client, v: Variant
    ) -> None:
        head = f"POST {v.path} HTTP/1.1\r\nhost: sut\r\ncontent-type: application/pdf\r\n".encode()
        chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        with server.connect() as connection:
            connection.sendall(head + b"transfer-encoding: chunked\r\n\r\n" + chunk * (LIMIT_BYTES // 0x4000 + 2))
            assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
        assert ask(http, v).status_code == 200

    def test_a_file_at_the_limit_is_read(self, http: httpx.Client, v: Variant) -> None:
        r = http.post(v.path, content=b"x" * LIMIT_BYTES, headers=PDF)
        assert (r.status_code, "not a readable PDF" in r.text) == (422, True)

    @pytest.mark.parametrize("body", [b"hello", sample_pdf().body[:5000]], ids=["text", "half a PDF"])
    def test_what_cannot_be_read_is_refused_with_the_reason(self, http: httpx.Client, v: Variant, body: bytes) -> None:
        r = http.post(v.path, content=body, headers=PDF)
        assert (r.status_code, "not a readable PDF: PdfStreamError" in r.json()["detail"]) == (422, True)
        assert ask(http, v).status_code == 200

    def test_no_file_at_all_is_refused(self, http: httpx.Client, v: Variant) -> None:
        assert http.post(v.path, headers=PDF).status_code == 422


def parsers(server: Server) -> list[psutil.Process]:
    """Return the worker processes: children of the fork server, which is a child of the SUT."""
    children = psutil.Process(server.process.pid).children()
    return [worker for child in children for worker in child.children()]


def wait_for(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    deadline_t = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline_t:
        time.sleep(0.02)
    return condition()


class TestProcessPool:
    ENVIRONMENT = {"BENCH_VARIANTS": "upload.async-process", "BENCH_PROCESS_WORKERS": 2}  # noqa: RUF012
    VARIANT = CATALOGUE["upload.async-process"]

    def test_all_workers_are_up_before_the_first_request(self) -> None:
        with sut(**self.ENVIRONMENT) as server:
            assert len(parsers(server)) == 2

    def test_a_worker_that_dies_costs_one_answer_and_the_pool_recovers(self) -> None:
        with sut(**self.ENVIRONMENT) as server, client(server) as http:
            parsers(server)[0].kill()
            assert ask(http, self.VARIANT).status_code == 500
            r = ask(http, self.VARIANT)
            assert self.VARIANT.complaint(r.status_code, r.content) is None

    def test_workers_do_not_outlive_a_killed_sut(self) -> None:
        with sut(**self.ENVIRONMENT) as server:
            workers = parsers(server)
            server.process.kill()
            assert wait_for(lambda: not any(w.is_running() for w in workers))

    def test_workers_do_not_hold_the_suts_port(self) -> None:
        with sut(**self.ENVIRONMENT) as server:
            server.process.kill()
            server.process.wait()
            with socket.create_server(("127.0.0.1", server.port)):
                pass


def test_a_sut_serves_only_the_works_it_is_told_to() -> None:
    app = create_app(Settings(works=frozenset({NOOP.name})))
    served = {r.path for r in app.routes if isinstance(r, APIRoute)}
    assert served == {v.path for v in VARIANTS if v.work == NOOP} | {"/bystander", "/health"}


def test_a_sut_serves_only_the_variants_it_is_told_to() -> None:
    app = create_app(Settings(variants=frozenset({"http.def.session"})))
    served = {r.path for r in app.routes if isinstance(r, APIRoute)}
    assert served == {"/http/def/session", "/bystander", "/health"}


def test_the_environment_sets_what_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_WORKS", "noop, sleep")
    monkeypatch.setenv("BENCH_SLEEP_S", "0.5")
    settings = read_settings()
    assert settings.works == {"noop", "sleep"}
    assert settings.sleep_s == 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BENCH_SLEEP_S", "-1"),
        ("BENCH_SLEEP_S", "a while"),
        ("BENCH_WORKS", "noop,slep"),
        ("BENCH_THREAD_TOKENS", "0"),
        ("BENCH_MIDDLEWARE", "base-4"),
        ("BENCH_UPSTREAM_URL", "localhost:8900"),
        ("BENCH_PROBE_TICK_S", "0"),
        ("BENCH_UPLOAD_LIMIT_BYTES", "5 MB"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_with_what_was_given(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert str(caught.value).startswith(f"{name}: ")
    assert value.rsplit(",", maxsplit=1)[-1] in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [Settings(works=frozenset()), Settings(variants=frozenset({"noop.dfe"})), Settings(works=frozenset({DB.name}))],
)
def test_an_app_that_would_serve_nothing_is_not_built(settings: Settings) -> None:
    with pytest.raises(SettingsError):
        create_app(settings)


async def _burst(server: Server, path: str, users: int) -> list[int]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http:
        answers = await asyncio.gather(*(http.get(path) for _ in range(users)))
    return [r.status_code for r in answers]


def test_a_def_behind_an_async_wrapper_runs_on_the_loop_and_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "probe.jsonl"
    with sut(BENCH_VARIANTS="sleep.async-blocking.wraps", BENCH_SLEEP_S=0.05, BENCH_PROBE_PATH=path) as server:
        assert asyncio.run(_burst(server, "/sleep/async-blocking/wraps", 4)) == [200] * 4
    last = json.loads(path.read_text().splitlines()[-1])
    assert (last["served_on_loop"], last["served_off_loop"], last["in_flight_peak"]) == (4, 0, 1)


def test_every_sleep_handler_uses_the_cpu_that_it_is_told_to() -> None:
    with sut(BENCH_WORKS="sleep", BENCH_SLEEP_S=0.0, BENCH_SLEEP_CPU_S=0.1) as server, client(server) as http:
        process = psutil.Process(server.process.pid)
        for v in (v for v in VARIANTS if v.work == SLEEP):
            before = sum(process.cpu_times()[:2])
            assert ask(http, v).status_code == 200
            assert sum(process.cpu_times()[:2]) - before > 0.05, v.id  # the system counts in hundredths


@pytest.mark.parametrize("style", [DEF, ASYNC_OFFLOAD, ASYNC_NATIVE, ASYNC_BLOCKING])
def test_threads_serve_as_many_at_once_as_there_are_tokens_and_the_loop_all(style: Style, tmp_path: Path) -> None:
    path = tmp_path / "probe.jsonl"
    users, tokens = 12, 4
    variant = CATALOGUE[f"sleep.{style.name}"]
    sleep_s = 0.05 if style == ASYNC_BLOCKING else 0.25  # one after the other, or together
    with sut(BENCH_WORKS="sleep", BENCH_SLEEP_S=sleep_s, BENCH_THREAD_TOKENS=tokens, BENCH_PROBE_PATH=path) as server:
        assert asyncio.run(_burst(server, variant.path, users)) == [200] * users
    last = json.loads(path.read_text().splitlines()[-1])
    threaded = style in {DEF, ASYNC_OFFLOAD}
    assert (last["served_on_loop"], last["served_off_loop"]) == ((0, users) if threaded else (users, 0))
    assert last["in_flight"] == 0
    if style == ASYNC_NATIVE:
        assert last["in_flight_peak"] > tokens
    else:
        assert last["in_flight_peak"] == (tokens if threaded else 1)
    assert last["tokens_total"] == tokens
