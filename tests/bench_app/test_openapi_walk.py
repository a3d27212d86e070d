"""Every operation of the API, asked with what its schema allows and with what it does not: no 5xx, and no hang."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from bench_app.app import create_app
from bench_app.settings import Settings
from harness.postgres.server import postgres
from real_servers import Server, sut, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

# not connected to: the schema is the same whatever database there is
SCHEMA = create_app(Settings(database_url="postgresql://127.0.0.1/nowhere")).openapi()
FOUND = (
    result.ok() for result in schemathesis.openapi.from_dict(SCHEMA).get_all_operations() if isinstance(result, Ok)
)
OPERATIONS = {operation.label: operation for operation in FOUND}
LIMIT_S = 20.0


@schemathesis.serializer("application/pdf")
def _as_it_is(_context: object, value: object) -> bytes:
    """Have the walk send whatever it made up in the place of a PDF."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve everything, with waits as short as they can be."""
    short = {f"BENCH_{name}": 0.01 for name in ("SLEEP_S", "SLEEP_MAX_S", "ARTICLE_SLEEP_S", "STALL_S", "QUERY_S")}
    with (
        upstream(0.0) as up,
        postgres(log=tmp_path_factory.mktemp("postgres") / "log") as db,
        sut(
            **short,
            BENCH_UPSTREAM_URL=up.url,
            BENCH_DATABASE_URL=db.url,
            BENCH_DB_POOL_SIZE=2,
            BENCH_PROCESS_WORKERS=1,
            BENCH_UPLOAD_LIMIT_BYTES=100_000,
        ) as server,
    ):
        yield server


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def test_the_walk_has_every_operation_of_the_schema() -> None:
    assert len(OPERATIONS) == sum(map(len, SCHEMA["paths"].values()))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_makes_the_app_fail_or_hang(server: Server, name: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[name]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
        pytest.skip("it takes nothing, or any text: nothing could be wrong")

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=6, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def walk(case: Any) -> None:
        assert case.call(base_url=server.url, timeout=LIMIT_S).status_code < 500

    walk()
