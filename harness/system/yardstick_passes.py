"""What the yardstick's process runs: `python -m harness.system.yardstick_passes FILE`, until it is ended.

It shares the SUT's core, so it stands apart from yardstick.py and loads the standard library alone.
"""

import struct
import sys
import time

EVERY_S = 0.005  # core speed changes within tenths of a second; 500 passes in 2.5 s leave little sampling error
MOST_PASSES = 1_500_000  # it ends after more than two hours even if nobody ends it
PASS = struct.Struct("<dd")  # when a pass began (time.monotonic(), seconds) and its CPU time (microseconds)
_KEYS = 500


def one_pass() -> int:
    """Do the work: a mix of allocation, hashing and memory, as Python code mostly is, and not arithmetic alone.

    Of the kinds of work that were tried, its time followed the SUT's cost best.
    """
    made: dict[str, int] = {}
    for number in range(_KEYS):
        made[str(number)] = number
    return len(made)


def main(path: str) -> None:
    """Make passes and append each to the file at once."""
    with open(path, "ab", buffering=0) as out:  # noqa: PTH123 - pathlib's import takes longer than a hundred passes
        for _ in range(MOST_PASSES):
            time.sleep(EVERY_S)
            t, before_ns = time.monotonic(), time.thread_time_ns()
            one_pass()
            out.write(PASS.pack(t, (time.thread_time_ns() - before_ns) / 1e3))


if __name__ == "__main__":
    main(sys.argv[1])
