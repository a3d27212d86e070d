"""The driver's ledger: told late, and yet of everything, once, in order, with the times it had."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from _ledger import TOLD_TOGETHER, Ledger
from _target import Failure, FailureKind
from misbehaving_servers import LOCUSTFILES, Peer, RawServer, answer, bystander, trial

if TYPE_CHECKING:
    from _recorder import Times


def test_tally_and_locust_are_told_of_each_request_once_and_in_order() -> None:
    tally: list[float] = []
    locust: list[float] = []
    settled: list[int] = []

    class Tally:
        def answered(self, _intended: Times, _sent_t: Times, ended: Times) -> None:
            tally.extend(ended.tolist())

        def done(self, *times: Any) -> None:
            tally.append(times[2])

    class Report:
        def answered(self, _intended: Times, ended: Times, _received: Times) -> None:
            locust.extend(ended.tolist())

        def failed(self, *told: Any) -> None:
            locust.append(told[1])

        def settle(self) -> None:
            settled.append(len(locust))

    ledger = Ledger(Tally(), Report())  # type: ignore[arg-type]  # all that it uses of either
    ledger.ended(0.0, 0.0, -1.0, 100, Failure(kind=FailureKind.TIMEOUT))
    for number in range(TOLD_TOGETHER + 2):
        ledger.ended(0.0, 0.0, float(number), 100, None)
        assert len(tally) == len(locust) == 1 + (TOLD_TOGETHER if number + 1 >= TOLD_TOGETHER else 0)
    assert settled == [TOLD_TOGETHER + 1]
    ledger.settle()
    assert tally == locust == [float(n) for n in range(-1, TOLD_TOGETHER + 2)]
    ledger.settle()
    assert settled[-1] == TOLD_TOGETHER + 3


HEARD = 900
"""So many requests are told, a third of them failures: more than are merged at once, and some are left in the end."""


def test_requests_merged_into_locusts_statistics_give_what_its_event_gives() -> None:
    merged, fired, heard = _told_locust(plugin=False), _told_locust(plugin=True), HEARD
    assert merged["heard"] == 0
    assert fired["heard"] == heard
    assert merged["total"] == fired["total"]
    assert merged["entry"] == fired["entry"]
    assert merged["errors"] == fired["errors"]
    assert merged["failures"] == fired["failures"] == HEARD // 3
    assert merged["total"]["num_requests"] == heard


def test_requests_count_in_the_second_in_which_they_were_answered() -> None:
    by_second = _told_locust(plugin=False)["by_second"]
    assert sorted(by_second.values()) == [HEARD // 2, HEARD // 2]
    first, last = sorted(map(int, by_second))
    assert last - first in {9, 10, 11}


def _told_locust(*, plugin: bool) -> dict[str, Any]:
    """Return what Locust knows of some requests, half of them 10 s ago; it patches a process, so one of its own."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD, str(LOCUSTFILES), str(HEARD), "plugin" if plugin else ""],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


TOLD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from time import perf_counter
import trials
from _ledger import Ledger
from _report import Report
from _tally import CompletionTally
from _target import Failure, FailureKind
environment = trials.create_environment()
heard = []
if sys.argv[3]:
    environment.events.request.add_listener(lambda **told: heard.append(told))
ledger = Ledger(CompletionTally(), Report(environment, method="GET", name="/x"))
now = perf_counter() - 10.0
broken = Failure(kind=FailureKind.TIMEOUT, detail="")
for number in range(int(sys.argv[2])):
    ended = now + 10.0 * (number % 2)
    ledger.ended(ended - number / 1e4, ended - number / 2e4, ended, number, broken if number % 3 == 2 else None)
ledger.settle()
stats = environment.stats
names = ("num_requests", "num_failures", "total_content_length")
def known(entry):
    seen = {name: getattr(entry, name) for name in names} | {"times": sorted(entry.response_times.items())}
    rounded = (entry.total_response_time, entry.min_response_time, entry.max_response_time)
    return seen | {"ms": [round(value, 3) for value in rounded]}
print(json.dumps({
    "heard": len(heard),
    "total": known(stats.total),
    "entry": known(stats.get("/x", "GET")),
    "failures": sum(stats.total.num_fail_per_sec.values()),
    "by_second": stats.total.num_reqs_per_sec,
    "errors": {f"{e.method} {e.name} {e.error}": e.occurrences for e in stats.errors.values()},
}))
environment.runner.quit()
"""


def test_no_request_of_a_trial_is_missing_in_locusts_statistics() -> None:
    def behave(peer: Peer) -> None:
        if peer.path == "/load":
            time.sleep(0.1)
        peer.send(answer())

    burst = {"kind": "burst", "requests": 2 * TOLD_TOGETHER + 3}
    with RawServer(behave) as server:
        order = trial(server.port, burst, window_s=5.0, bystander=bystander(interval_s=0.01))
        done = subprocess.run(
            [sys.executable, "-c", WHAT_LOCUST_SAW, str(LOCUSTFILES), json.dumps(order)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    result = json.loads(done.stdout.splitlines()[-1])
    seen = json.loads(done.stderr.splitlines()[-1])
    assert result["answers"] == seen["/load"] == burst["requests"]
    # one may have been on its way when the window ended with the burst
    assert 0 <= seen["bystander /bystander"] - result["bystander"]["answers"] <= 1


WHAT_LOCUST_SAW = """
import json, sys
sys.path.insert(0, sys.argv[1])
import trials
from _trial import Trial
from experiment.records.driver_protocol import read_command
environment = trials.create_environment()
trial = Trial(environment, read_command(sys.argv[2]))
trial.run()
print(json.dumps({name: entry.num_requests for (name, _), entry in environment.stats.entries.items()}), file=sys.stderr)
environment.runner.quit()
"""
