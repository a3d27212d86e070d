"""Record many durations into one histogram of the driver's, and print what that cost: one JSON line.

    python benchmarks/record_many.py 1000000

Run as a process of its own, so that nothing else grows in it; imports only the driver's recorder.
"""

import json
import random
import sys
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "locustfiles"))

from _recorder import Histogram

_MEDIAN_LN_US, _SIGMA = 9.2, 1.0  # about 10 ms, p99.9 about 220 ms: wide enough to fill thousands of buckets


def main() -> None:
    requests = int(sys.argv[1])
    draw = random.Random(1).lognormvariate  # noqa: S311 - reproducible durations, no secret
    histogram = Histogram()
    record = histogram.record
    memory = psutil.Process().memory_info
    before, start = memory().rss, time.process_time()
    for _ in range(requests):
        record(int(draw(_MEDIAN_LN_US, _SIGMA)))
    spent_s, grown = time.process_time() - start, memory().rss - before
    facts = {
        "requests": histogram.count,
        "buckets": len(histogram.to_pairs()),
        "rss_growth_bytes": grown,
        "cpu_s_drawing_included": round(spent_s, 3),
    }
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
