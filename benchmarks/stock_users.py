"""Locust's own HTTP users on one route, for comparison: prints one JSON line.

    python benchmarks/stock_users.py --user fast --url http://127.0.0.1:8000/noop/async-native --users 32

What is counted lies inside the window, like what locustfiles/trials.py counts: start-up and connecting are not.
Locust is used as a library, as trials.py does, so that both pay for the same runner, request event and statistics.
"""

import argparse
import json
import logging
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, HttpUser, User, constant, events, task
from locust.env import Environment

USERS = {"http": HttpUser, "fast": FastHttpUser}


def user_class(kind: str, url: str) -> type[User]:
    """Return a user who asks again as soon as it is answered, with requests or with geventhttpclient."""
    parts = urlsplit(url)
    base: Any = USERS[kind]

    class StockUser(base):  # type: ignore[misc]  # either of the two
        host = f"{parts.scheme}://{parts.netloc}"
        wait_time = constant(0)

        @task
        def ask(self) -> None:
            self.client.get(parts.path)

    return StockUser


def measure(kind: str, url: str, *, users: int, warmup_s: float, window_s: float) -> dict[str, float]:
    """Run one load and return what happened inside its window."""
    environment = Environment(user_classes=[user_class(kind, url)], events=events)
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=users)
    gevent.sleep(warmup_s)
    total = environment.stats.total  # starting made a new one
    requests, failures, start, cpu = total.num_requests, total.num_failures, time.monotonic(), time.process_time()
    gevent.sleep(window_s)
    found = {
        "seconds": time.monotonic() - start,
        "cpu_s": time.process_time() - cpu,
        "requests": total.num_requests - requests,
        "failures": total.num_failures - failures,
    }
    runner.quit()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--user", choices=sorted(USERS), required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--warmup", type=float, default=0.5)
    parser.add_argument("--window", type=float, default=2.0)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # Locust says of every start that its users start fast, which is intended
    found = measure(options.user, options.url, users=options.users, warmup_s=options.warmup, window_s=options.window)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
