"""The locustfiles run with plain Locust, as somebody would by hand."""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import _standalone
from bench_app.catalogue import CATALOGUE
from deployments import manifest
from harness.commands import serve
from misbehaving_servers import BODY, LOCUSTFILES, Peer, RawServer, answer, answers_after_a_while
from real_servers import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OPERATORS_WORDS = shlex.split(manifest("LocustTest", "closed-load")["spec"]["args"])


@pytest.mark.parametrize("locustfile", ["closed.py", "open.py"])
def test_plain_locust_runs_the_locustfile_and_writes_its_csv(locustfile: str, tmp_path: Any) -> None:
    with RawServer(answers_after_a_while) as server:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILES / locustfile)),
                *("--host", f"http://127.0.0.1:{server.port}", "--path", "/by-hand"),
                *("--headless", "-u", "3", "-r", "3", "-t", "2s", "--csv", str(tmp_path / "run")),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert server.requests > 0
    lines = (tmp_path / "run_stats.csv").read_text().splitlines()
    (row,) = [line.split(",") for line in lines if line.startswith("GET,/by-hand")]
    assert int(row[2]) > 0
    assert int(row[3]) == 0


def test_a_master_and_workers_drive_as_locusts_operator_starts_them(tmp_path: Path) -> None:
    """The words are those of the LocustTest, but for where, how long, and a page that nobody looks at."""
    port = str(free_port())
    with RawServer(answers_after_a_while) as server:
        changed = {"--locustfile": LOCUSTFILES / "closed.py", "--host": f"http://127.0.0.1:{server.port}"}
        words = with_values(OPERATORS_WORDS, changed | {"--users": 4, "--spawn-rate": 4, "--run-time": "2s"})
        workers = [locust("--worker", "--master-host", "127.0.0.1", "--master-port", port, *words) for _ in "ab"]
        mine = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--csv", str(tmp_path / "run"))
        page = ("--web-host", "127.0.0.1", "--web-port", str(free_port()), "--autoquit", "0")
        ended = [process.communicate(timeout=60)[1] for process in (locust("--master", *words, *mine, *page), *workers)]
        assert server.requests > 0, ended
    (row,) = [line for line in (tmp_path / "run_stats.csv").read_text().splitlines() if line.startswith("GET,/sleep")]
    assert int(row.split(",")[2]) > 0
    assert int(row.split(",")[3]) == 0


def locust(*words: str) -> subprocess.Popen[str]:
    """Start plain Locust."""
    command = [sys.executable, "-m", "locust", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def with_values(words: list[str], values: Mapping[str, object]) -> list[str]:
    """Return the words of a command with other values behind these options."""
    return [str(values.get(before, word)) for before, word in pairwise(["", *words])]


def test_without_settings_it_asks_for_a_route_that_bench_serve_has_where_that_listens() -> None:
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    assert f"http://127.0.0.1:{parser.get_default('port')}" == _standalone.HOST
    assert _standalone.PATH in {variant.path for variant in CATALOGUE.values()}


@pytest.mark.parametrize("locustfile", ["closed.py", "open.py"])
def test_plain_locust_needs_no_settings(locustfile: str, tmp_path: Path) -> None:
    """Port 8000 may be somebody's here, so a copy of the folder has another one."""
    shutil.copytree(LOCUSTFILES, tmp_path / "copy")
    asked: set[str] = set()

    def answering(peer: Peer) -> None:
        asked.add(peer.path)
        peer.send(answer(BODY))

    with RawServer(answering) as server:
        part = tmp_path / "copy" / "_standalone.py"
        here = f"http://127.0.0.1:{server.port}"
        part.write_text(part.read_text(encoding="utf-8").replace(_standalone.HOST, here), encoding="utf-8")
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(tmp_path / "copy" / locustfile)),
                *("--headless", "-t", "1s"),  # what would be the web page's buttons
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, asked) == (0, {_standalone.PATH}), ended.stderr


def test_a_locustfile_by_hand_shows_failures_by_name() -> None:
    with RawServer(lambda peer: peer.send(answer(BODY, status="500 Internal Server Error"))) as server:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILES / "closed.py")),
                *("--host", f"http://127.0.0.1:{server.port}", "--headless", "-u", "1", "-t", "1s"),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert "wrong-status 500" in ended.stdout + ended.stderr
