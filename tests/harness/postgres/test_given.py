"""A PostgreSQL that somebody gave us: checked first, and left as it was found."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench_app.db_pools import APPLICATION
from bench_app.items import ROWS, SCHEMA
from experiment.errors import EnvironmentUnfitError, Exit
from harness.postgres import given, table
from harness.postgres.binaries import Source
from harness.postgres.given import check_given, connect
from harness.postgres.server import Database, database
from postgres_servers import one


@pytest.fixture
def empty(db: Database, connection: psycopg.Connection[Any]) -> Iterator[str]:
    """Give the URL of a database of somebody's, with nothing of ours in it."""
    connection.execute("CREATE DATABASE theirs")
    yield db.url.replace("/postgres?", "/theirs?")
    connection.execute("DROP DATABASE theirs")


def schemas(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT nspname FROM pg_namespace").fetchall()}


class TestGiven:
    def test_it_has_the_table_for_as_long_as_it_is_used(self, empty: str, tmp_path: Path) -> None:
        before = schemas(empty)
        with database(url=empty, log=tmp_path / "log", cores=()) as db:
            assert (db.source, db.data_dir, db.is_alive) == (Source.GIVEN, None, True)
            assert schemas(empty) == before | {SCHEMA}
            with psycopg.connect(db.url) as connection:
                assert one(connection, "SELECT count(*) FROM handlerbench.items") == ROWS
        assert schemas(empty) == before

    def test_what_a_killed_campaign_left_is_used_and_dropped(self, empty: str, tmp_path: Path) -> None:
        with connect(empty) as connection:
            table.make(connection)
        with database(url=empty, log=tmp_path / "log", cores=()) as db:
            assert db.is_alive
        assert SCHEMA not in schemas(empty)

    def test_only_one_campaign_at_a_time_uses_it(self, empty: str, tmp_path: Path) -> None:
        with database(url=empty, log=tmp_path / "log", cores=()):
            with (
                pytest.raises(EnvironmentUnfitError, match="another campaign, or `bench serve`, is using the database"),
                database(url=empty, log=tmp_path / "log", cores=()),
            ):
                pass
            assert SCHEMA in schemas(empty)
        with database(url=empty, log=tmp_path / "log", cores=()) as db:
            assert db.is_alive

    def test_a_table_that_an_app_is_connected_for_is_used_and_left_there(self, empty: str, tmp_path: Path) -> None:
        with connect(empty) as connection:
            table.make(connection)
        with connect(empty, application=APPLICATION), database(url=empty, log=tmp_path / "log", cores=()) as db:
            assert db.is_alive
        assert SCHEMA in schemas(empty)
        with connect(empty) as connection:
            table.drop(connection)

    def test_whoever_lost_the_lock_to_another_does_not_drop_the_others_table(self, empty: str, tmp_path: Path) -> None:
        with database(url=empty, log=tmp_path / "log", cores=()):
            _disconnect(empty)
            other = database(url=empty, log=tmp_path / "log", cores=())
            other.__enter__()
        assert SCHEMA in schemas(empty)
        other.__exit__(None, None, None)
        assert SCHEMA not in schemas(empty)

    def test_whoever_lost_the_lock_to_nobody_takes_it_again_and_drops_the_table(
        self, empty: str, tmp_path: Path
    ) -> None:
        with database(url=empty, log=tmp_path / "log", cores=()):
            _disconnect(empty)
        assert SCHEMA not in schemas(empty)

    def test_a_table_that_another_session_locks_is_left_there_and_holds_nobody_up(
        self, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(given, "_STATEMENT_LIMIT_S", 3)
        with psycopg.connect(empty) as theirs:
            with database(url=empty, log=tmp_path / "log", cores=()):
                theirs.execute("LOCK TABLE handlerbench.items")
            assert SCHEMA in schemas(empty)

    def test_a_schema_of_that_name_that_is_somebody_elses_is_left_alone(self, empty: str, tmp_path: Path) -> None:
        with psycopg.connect(empty) as connection:
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
        with (
            pytest.raises(EnvironmentUnfitError, match="did not make"),
            database(url=empty, log=tmp_path / "log", cores=()),
        ):
            pass
        assert SCHEMA in schemas(empty)

    def test_a_server_without_room_for_the_pool_is_refused(self, db: Database) -> None:
        with pytest.raises(EnvironmentUnfitError, match="raise max_connections"):
            check_given(db.url, pool_size=500)

    def test_checking_makes_nothing(self, empty: str, db: Database) -> None:
        before = schemas(empty)
        assert check_given(empty) == db.version
        assert schemas(empty) == before

    @pytest.mark.parametrize(
        ("url", "complaint"),
        [
            ("mysql://me:secret@127.0.0.1/x", r"mysql:// is not PostgreSQL; write postgresql://"),
            ("postgresql+asyncpg://me:secret@127.0.0.1/x", r"postgresql\+asyncpg:// is not PostgreSQL"),
            ("127.0.0.1:5432", "not a URL; write postgresql://"),
            ("", "not a URL"),
            ("postgresql://me:secret@127.0.0.1:port/x", "malformed"),
            ("postgresql://me:secret@[::1/x", "malformed"),
            ("postgresql://me:secret@127.0.0.1/x?colour=red", "not every driver understands the option colour"),
            ("postgresql://me:secret@127.0.0.1/x?connect_timeout=9", "not every driver understands"),
            ("postgresql://me:secret@127.0.0.1:9/x", "the database cannot be used: .*refused"),
            ("postgresql://me:secret@no-such-host.invalid/x", "the database cannot be used: "),
        ],
    )
    def test_a_url_that_cannot_be_used_is_refused_in_one_sentence(self, url: str, complaint: str) -> None:
        with pytest.raises(EnvironmentUnfitError, match=f"^BENCH_DATABASE_URL: {complaint}") as caught:
            check_given(url)
        message = str(caught.value)
        assert "\n" not in message
        assert "secret" not in message
        assert message.endswith(".")
        assert caught.value.exit_code == Exit.ENVIRONMENT

    def test_a_wrong_password_is_refused_and_not_repeated(self, db: Database) -> None:
        head, rest = db.url.split("@")
        with pytest.raises(EnvironmentUnfitError, match="password authentication failed") as caught:
            check_given(f"{head}secret@{rest}")
        assert "secret" not in str(caught.value)

    def test_a_database_that_does_not_exist_is_named(self, db: Database) -> None:
        with pytest.raises(EnvironmentUnfitError, match='database "nowhere" does not exist'):
            check_given(db.url.replace("/postgres?", "/nowhere?"))

    def test_something_else_that_answers_there_is_no_postgresql(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=_answer_like_http, args=(server,), daemon=True).start()
            port = server.getsockname()[1]
            with pytest.raises(EnvironmentUnfitError, match="not PostgreSQL"):
                check_given(f"postgresql://me@127.0.0.1:{port}/x")


def _disconnect(url: str) -> None:
    """End the connections of the harness, as a server does that is restarted."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [given.APPLICATION],
        )


def _answer_like_http(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
