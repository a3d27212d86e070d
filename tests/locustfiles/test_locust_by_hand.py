"""The locustfiles run with plain Locust, as somebody would by hand."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from misbehaving_servers import BODY, LOCUSTFILES, RawServer, answer, answers_after_a_while


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
