"""The promises of docs/security.md, with the real processes."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from documented_commands import ROOT
from experiment.errors import Exit
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from harness.postgres.server import postgres
from real_servers import clean_environment, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BENCH = [sys.executable, "-m", "harness.commands.cli"]
SECRET = "s3cret"  # noqa: S105 - a word to look for
LIMIT_S = 90.0


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, psutil.Process]]:
    """`bench serve` with everything that it starts: the app, the upstream stub, the database."""
    port = free_port()
    process = subprocess.Popen(
        [*BENCH, "serve", "--port", str(port)],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(url, process)
        yield url, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(LIMIT_S)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/health", trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("bench serve did not serve")


def test_nothing_listens_on_anything_but_loopback(served: tuple[str, psutil.Process]) -> None:
    _, harness = served
    listening = [
        connection.laddr
        for process in [harness, *harness.children(recursive=True)]
        for connection in process.net_connections("all")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 3  # the app, the upstream stub, the database
    assert {address[0] for address in listening} == {"127.0.0.1"}


def test_no_command_line_names_a_password(served: tuple[str, psutil.Process]) -> None:
    _, harness = served
    tree = [harness, *harness.children(recursive=True)]
    urls = {u for process in tree if (u := process.environ().get("BENCH_DATABASE_URL"))}
    passwords = {urlsplit(url).password for url in urls}
    assert len(passwords) == 1
    said = [word for process in tree for word in process.cmdline()]
    assert [word for word in said for password in passwords if password and password in word] == []


def test_the_docs_page_needs_nothing_from_elsewhere(served: tuple[str, psutil.Process]) -> None:
    url, _ = served
    page = httpx.get(f"{url}/docs", trust_env=False)
    assert "/sleep/async-native" in page.text
    assert [word for word in ("http://", "https://", "<script", "src=", "@import", "url(") if word in page.text] == []
    assert httpx.get(f"{url}/redoc", trust_env=False).text == page.text
    assert httpx.get(url, trust_env=False, follow_redirects=True).text == page.text


@pytest.mark.parametrize(("user", "password"), [("handlerbench", "guessed"), ("postgres", ""), ("nobody", "")])
def test_the_database_admits_only_its_own_user(tmp_path: Path, user: str, password: str) -> None:
    import psycopg

    with postgres(log=tmp_path / "log") as db:
        parts = urlsplit(db.url)
        other = f"postgresql://{user}:{password}@127.0.0.1:{parts.port}/postgres?sslmode=disable"
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(other, connect_timeout=5)
        with psycopg.connect(db.url) as connection:
            methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
            logins = connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin").fetchall()
    assert methods == [("password",)]
    assert logins == [("handlerbench",)]


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{SECRET}@[::1/x",
        f"postgresql://u:{SECRET}%zz@127.0.0.1:1/x",
        f"postgresql://u:{SECRET}#@127.0.0.1:1/x",
        f"postgresql://u:{SECRET}/@127.0.0.1:1/x",
        f"postgresql://u:{SECRET}@127.0.0.1:99999/x",
        f"postgresql://u:{SECRET}@127.0.0.1:1/x",
        f"postgresql://u:{SECRET}@127.0.0.1:1/x?bogus=1",
        f"mysql://u:{SECRET}@127.0.0.1:1/x",
        f"{SECRET}",
    ],
)
def test_a_password_in_a_url_that_fails_is_not_repeated(url: str) -> None:
    """Neither by the app, whose log that is, nor by `bench`."""
    app = [sys.executable, "-m", "uvicorn", "--factory", "bench_app.app:create_app", "--port", str(free_port())]
    only = {"BENCH_DATABASE_URL": url, "BENCH_VARIANTS": "db.async-native.psycopg"}
    doctor = [*BENCH, "doctor", "--quick"]
    for command, environment in ((app, only), (doctor, {"BENCH_DATABASE_URL": url})):
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=clean_environment(**environment),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode != 0, said
        assert SECRET not in said


def test_the_databases_folder_is_its_owners_and_gone_afterwards(tmp_path: Path) -> None:
    with postgres(log=tmp_path / "log") as db:
        assert db.data_dir is not None
        home = db.data_dir.parent
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert not home.exists()


def test_a_campaigns_logs_are_for_its_owner(tmp_path: Path) -> None:
    CampaignFolder.create(tmp_path / "c", Manifest(campaign="c"))
    assert stat.S_IMODE((tmp_path / "c" / "logs").stat().st_mode) == 0o700


def test_a_named_databases_password_is_nowhere_in_a_campaign(tmp_path: Path) -> None:
    with postgres(log=tmp_path / "log") as db:
        password = urlsplit(db.url).password
        assert password
        words = ["run", "--profile", "smoke", "--claims", "A18c", "--rounds", "1", "--out", str(tmp_path / "c")]
        with (tmp_path / "said").open("w") as log:
            process = subprocess.Popen(
                [*BENCH, *words],
                cwd=ROOT,
                env=clean_environment(BENCH_DATABASE_URL=db.url),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            shown = set(_command_lines_until_the_end(process))
    said = (tmp_path / "said").read_text()
    assert process.returncode in {Exit.OK, Exit.INVALID}, said  # invalid: a busy machine discards trials
    assert password not in said
    assert [line for line in shown if password in line] == []
    holding = [p for p in (tmp_path / "c").rglob("*") if p.is_file() and password.encode() in p.read_bytes()]
    assert holding == []


def _command_lines_until_the_end(process: subprocess.Popen[Any]) -> Iterator[str]:
    deadline = time.monotonic() + LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        for other in psutil.process_iter(["cmdline"]):
            yield " ".join(other.info["cmdline"] or ())
        time.sleep(0.2)
