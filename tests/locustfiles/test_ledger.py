"""The driver's ledger: told late, and yet of everything, once, in order, with the times it had."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from _ledger import TOLD_TOGETHER, Ledger
from misbehaving_servers import LOCUSTFILES, Peer, RawServer, answer, bystander, trial


def test_tally_and_locust_are_told_of_each_request_once_and_in_order() -> None:
    told: list[tuple[str, float]] = []

    class Tally:
        def done(self, *times: Any) -> None:
            told.append(("tally", times[2]))

    def report(*times: Any) -> None:
        told.append(("locust", times[1]))

    ledger = Ledger(Tally(), report)  # type: ignore[arg-type]  # all that it uses of either
    for number in range(TOLD_TOGETHER + 2):
        ledger.ended(0.0, 0.0, float(number), 100, None)
        assert len(told) == (2 * TOLD_TOGETHER if number + 1 >= TOLD_TOGETHER else 0)
    ledger.settle()
    assert told == [(who, float(n)) for n in range(TOLD_TOGETHER + 2) for who in ("tally", "locust")]
    ledger.settle()
    assert len(told) == 2 * (TOLD_TOGETHER + 2)


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
