"""The loads. To add one, add an entry here; claims name it by id.

Warm-up and window are the shortest that leave an effect of each claim's size clearly visible: a round of the article
profile has to fit about five times into its budget, and more rounds buy more certainty than longer windows do
(requests within a trial are correlated; trials are not).
"""

from __future__ import annotations

from bench_app.table import Table
from experiment.design.model import Load, LoadKind

LOADS: Table[Load] = Table("load", key="id")
for _load in (
    # fewer users than tokens in the pool: both correct styles can serve them all
    Load(id="closed-20", kind=LoadKind.CLOSED, users=20, warmup_s=0.8, window_s=2.5),
    # twice the pool's 40 tokens, and far from it: a load of exactly 40 would hide the difference
    Load(id="closed-80", kind=LoadKind.CLOSED, users=80, warmup_s=1.0, window_s=3.0),
    # the same for a route that answers in volleys: building 80 clients on the loop takes 3 to 6 s in which nobody
    # is answered, so 3 s hold either none of a volley or all of it
    Load(id="closed-80-long", kind=LoadKind.CLOSED, users=80, warmup_s=1.0, window_s=11.0),
    # CPU work: enough to queue, few enough that a bystander is still answered; the longer window holds the 200
    # bystander calls that its p99 needs
    Load(id="closed-8", kind=LoadKind.CLOSED, users=8, warmup_s=0.8, window_s=4.0),
    # the same stall as four users see it, who wait for it, and as arrivals do, who come all the same; four seconds
    # hold two stalls, and 400 arrivals a p99
    Load(id="closed-4", kind=LoadKind.CLOSED, users=4, warmup_s=0.5, window_s=4.0),
    Load(id="open-100", kind=LoadKind.OPEN, rate_rps=100.0, warmup_s=0.5, window_s=4.0, drain_s=0.5),
    # the article's demo: ten at once; blocking handlers of 2 s need 20 s, 30 s is the bound
    Load(id="burst-10", kind=LoadKind.BURST, users=10, warmup_s=0.0, window_s=30.0),
):
    LOADS.add(_load)


def sweep_load(rate_rps: float) -> Load:
    """Return the open load of one step of a rate sweep: Poisson arrivals, and time enough for a p99 at 50 a second."""
    return Load(
        id=f"open-{rate_rps:g}-poisson",
        kind=LoadKind.OPEN,
        rate_rps=rate_rps,
        arrivals="poisson",
        max_in_flight=1000,
        warmup_s=0.5,
        window_s=3.0,
    )
