"""A PostgreSQL of our own: reached by its password alone, set up the same everywhere; and which one is used."""

import os
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from bench_app.items import ROWS
from harness.postgres import binaries
from harness.postgres.binaries import NoPostgresError, Source, find_server
from harness.postgres.server import Available, Database, Unavailable, availability, database, postgres
from postgres_servers import home_of, nothing_is_left, one


class TestOurOwn:
    def test_it_holds_the_table_and_knows_its_key(self, connection: psycopg.Connection[Any]) -> None:
        assert one(connection, "SELECT count(*) FROM handlerbench.items") == ROWS >= 100_000
        assert one(connection, "SELECT reltuples::int FROM pg_class WHERE relname = 'items'") == ROWS  # analysed
        assert one(connection, "SELECT indisprimary FROM pg_index WHERE indrelid = 'handlerbench.items'::regclass")

    def test_it_is_set_up_the_same_everywhere(self, connection: psycopg.Connection[Any]) -> None:
        wanted = {"server_encoding": "UTF8", "lc_messages": "C", "fsync": "off", "jit": "off", "autovacuum": "off"}
        assert {name: one(connection, f"SHOW {name}") for name in wanted} == wanted

    def test_nobody_gets_in_without_the_password(self, db: Database) -> None:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(db.url, password="guess")  # noqa: S106 - a wrong one
        with pytest.raises(psycopg.OperationalError, match="no password"):
            psycopg.connect(db.url.replace(db.url.split("@")[0], "postgresql://handlerbench"))

    def test_only_this_machine_can_reach_it(self, connection: psycopg.Connection[Any]) -> None:
        assert one(connection, "SHOW listen_addresses") == "127.0.0.1"

    def test_its_password_does_not_show_when_it_is_printed(self, db: Database) -> None:
        assert "url" not in repr(db)

    @pytest.mark.parametrize("source", [Source.SYSTEM, Source.WHEEL])
    def test_either_kind_starts_beside_another_on_its_own_cores_and_leaves_nothing(
        self, db: Database, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if find_server(source) is None:
            pytest.skip(f"no server of this kind here: {source}")
        monkeypatch.setenv("PGDATA", "/nowhere")  # meant for other servers than ours
        monkeypatch.setenv("PGPORT", "1")
        can_pin = hasattr(os, "sched_getaffinity")
        cores = (max(os.sched_getaffinity(0)),) if can_pin else ()
        with postgres(log=tmp_path / "log", cores=cores, only=source) as own, psycopg.connect(own.url) as connection:
            assert own.source == source
            assert own.data_dir != db.data_dir
            assert str(one(connection, "SHOW server_version")).split()[0] == own.version
            assert home_of(own).stat().st_mode & 0o077 == 0
            postmaster = psutil.Process(own.postmaster_pid)
            assert postmaster.uids().effective == home_of(own).stat().st_uid
            assert not can_pin or postmaster.cpu_affinity() == list(cores)
        assert nothing_is_left(home_of(own), own.postmaster_pid)
        assert (own.is_alive, db.is_alive) == (False, True)


class TestAvailability:
    def test_a_server_that_is_there_is_reported_with_its_version(self) -> None:
        server = find_server()
        assert server is not None
        assert availability() == Available(source=server.source, version=server.version)

    def test_a_given_one_comes_first(self, db: Database) -> None:
        assert availability(db.url) == Available(source=Source.GIVEN, version=db.version)

    def test_without_any_the_reason_and_the_cure_are_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(binaries, "_candidates", lambda: iter(()))
        assert find_server() is None
        found = availability()
        assert isinstance(found, Unavailable)
        assert "no PostgreSQL server binaries" in found.reason
        assert "BENCH_DATABASE_URL" in found.cure
        with (
            pytest.raises(NoPostgresError, match="BENCH_DATABASE_URL"),
            database(url=None, log=tmp_path / "log", cores=()),
        ):
            pass
