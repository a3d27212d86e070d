"""The wall clock is set while a trial runs, in the real driver: no duration may show it.

Setting the system's clock needs a right that tests do not have. So the driver's own view of it is set: what time() says
from then on, and the kernel's notes on data that arrives from then on.
"""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from _recorder import bucket_low_us
from misbehaving_servers import FOUR_USERS, Driver, RawServer, answers_after_a_while, total, trial

if TYPE_CHECKING:
    from pathlib import Path

# Python runs a module of this name before anything else. At the signal the driver stands still for as long as answers
# need, so that they have arrived by the old clock and are read by the new one.
SITECUSTOMIZE = """
import os, signal, socket, struct, time
real, stand_still, step_s = time.time, time.sleep, float(os.environ["STEP_S"])  # not gevent's
at = [float("inf")]

def set_clock(*_):
    stand_still(0.05)
    at[0] = real()
    open(os.environ["STEP_DONE"], "w").close()

def stepped(t):
    return t + step_s if t >= at[0] else t

class Socket(socket.socket):
    def recvmsg(self, *sizes):
        data, notes, flags, address = super().recvmsg(*sizes)
        return data, [later(note) for note in notes], flags, address

def later(note):
    level, kind, data = note
    seconds, nanoseconds = struct.unpack("@qq", data)
    ns = seconds * 10**9 + nanoseconds
    if ns * 1e-9 >= at[0]:
        ns += int(step_s * 1e9)
    return level, kind, struct.pack("@qq", *divmod(ns, 10**9))

time.time = lambda: stepped(real())
socket.socket = Socket
signal.signal(signal.SIGUSR1, set_clock)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux notes when data arrived")
@pytest.mark.parametrize("step_s", [0.01, 5.0, 3600.0, -5.0, -3600.0])
def test_a_clock_that_is_set_in_a_trial_loses_no_answer_and_makes_none_faster_than_its_wait(
    step_s: float, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    done = tmp_path / "done"
    began = time.monotonic()
    with (
        RawServer(answers_after_a_while) as server,
        Driver(PYTHONPATH=str(tmp_path), STEP_S=str(step_s), STEP_DONE=str(done)) as driver,
    ):
        driver.send(trial(server.port, FOUR_USERS, warmup_s=0.0))
        driver.until("window-open")
        driver.process.send_signal(signal.SIGUSR1)
        result = driver.until("result", "error")[-1]
        longest_us = (time.monotonic() - began) * 1e6
    assert done.exists()
    assert (result["wrong"], result["errors"]) == (0, {})
    # no answer has left the window, forward or back
    assert result["in_flight_end"] <= 4
    assert result["in_flight_mean"] == pytest.approx(4, rel=0.1)
    for durations in (result["response"], result["service"]):
        assert total(durations["counts"]) == result["answers"]
        # the server waits 20 ms; a bucket's low end is at most a thousandth lower
        assert bucket_low_us(durations["counts"][0][0]) > 19_900
        assert bucket_low_us(durations["counts"][-1][0]) < longest_us
    assert result["window_close_t"] - result["window_open_t"] == pytest.approx(result["window_s"])
