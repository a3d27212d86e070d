"""What the tests of a PostgreSQL of our own share: a harness of its own to end, and how to see that nothing is left."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

from harness.postgres.server import Database

IS_ROOT = os.geteuid() == 0

HARNESS = """
import json, sys, time
from pathlib import Path
from harness.postgres.server import postgres
with postgres(log=Path(sys.argv[1])) as db:
    facts = {"url": db.url, "home": str(db.data_dir.parent), "postmaster": db.postmaster_pid}
    print(json.dumps(facts | {"alive": db.is_alive}), flush=True)
    if sys.argv[2] == "stay":
        time.sleep(600)
"""


def wait_for(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    deadline_t = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline_t:
        time.sleep(0.01)
    return condition()


def open_folder() -> Path:
    """Make a folder that every user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="handlerbench-test-", dir="/tmp" if IS_ROOT else None))  # noqa: S108
    folder.chmod(0o777)
    return folder


def home_of(db: Database) -> Path:
    assert db.data_dir is not None
    return db.data_dir.parent


def one(connection: psycopg.Connection[Any], question: str) -> Any:
    found = connection.execute(question).fetchone()
    assert found is not None
    return found[0]


def nothing_is_left(home: str | Path, *pids: int | None) -> bool:
    return not Path(home).exists() and not any(psutil.pid_exists(pid) for pid in pids if pid is not None)
