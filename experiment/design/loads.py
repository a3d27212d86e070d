"""The loads. To add one, add an entry here. Claims refer to it by id.

Warm-up and window are as short as possible while an effect of each claim's size stays clearly visible. A round of the
article profile must fit about five times into its budget, and more rounds give more certainty than longer windows do
(requests within a trial are correlated; trials are not).
"""

from bench_app.table import Table
from experiment.design.model import Load, LoadKind

LOADS: Table[Load] = Table("load", key="id")
for _load in (
    # one call at a time: how long the loop stands still for it
    Load(id="closed-1", kind=LoadKind.CLOSED, users=1, warmup_s=0.5, window_s=2.0),
    # fewer users than tokens: both correct styles can serve all of them
    Load(id="closed-20", kind=LoadKind.CLOSED, users=20, warmup_s=0.4, window_s=1.6),
    # twice the 40 tokens: a load of exactly 40 would hide the difference
    Load(id="closed-80", kind=LoadKind.CLOSED, users=80, warmup_s=0.5, window_s=1.6),
    # the same for a route whose answers come in volleys: it builds a client for each user on the loop, which takes 20
    # users about 1 s and 80 users 3 to 6 s
    Load(id="closed-20-long", kind=LoadKind.CLOSED, users=20, warmup_s=0.5, window_s=2.5),
    Load(id="closed-80-long", kind=LoadKind.CLOSED, users=80, warmup_s=1.0, window_s=5.0),
    # CPU work: enough users for a queue, but few enough that bystanders still get answers; 3 s give the 200 bystander
    # calls of which the slowest two are a p99
    Load(id="closed-8", kind=LoadKind.CLOSED, users=8, warmup_s=1.5, window_s=3.0),
    # the same where no p99 is judged
    Load(id="closed-8-short", kind=LoadKind.CLOSED, users=8, warmup_s=0.7, window_s=2.0),
    # the same stall under two loads: four users wait until it ends, but open arrivals go on; four seconds contain two
    # stalls, and 400 arrivals are enough for a p99
    Load(id="closed-4", kind=LoadKind.CLOSED, users=4, warmup_s=0.5, window_s=4.0),
    Load(id="open-100", kind=LoadKind.OPEN, rate_rps=100.0, warmup_s=0.5, window_s=4.0, drain_s=0.5),
    # well below what one core serves: what a request costs when nothing queues
    Load(id="open-400", kind=LoadKind.OPEN, rate_rps=400.0, warmup_s=0.5, window_s=1.6),
    # more users than 100 tokens
    Load(id="closed-120", kind=LoadKind.CLOSED, users=120, warmup_s=0.5, window_s=1.6),
    # around the number of requests that can wait for each other with 4 tokens and 6 connections, which is 10; they come
    # together, as they do when a page with ten pictures is opened
    *(
        Load(id=f"closed-{n}-together", kind=LoadKind.CLOSED, users=n, stagger_s=0.0, warmup_s=0.5, window_s=1.6)
        for n in (6, 9, 10, 12)
    ),
    # the article's demo: ten requests at once; blocking handlers of 2 s need 20 s, so 30 s is the bound
    Load(id="burst-10", kind=LoadKind.BURST, users=10, warmup_s=0.0, window_s=30.0),
):
    LOADS.add(_load)


def users_load(users: int, wait_s: float) -> Load:
    """Return the closed load of one step of a sweep over users: a window of six waits or more."""
    window_s = max(1.5, 6 * wait_s)
    return Load(
        id=f"closed-{users}-{window_s:g}s",
        kind=LoadKind.CLOSED,
        users=users,
        warmup_s=max(0.5, 2 * wait_s),
        window_s=window_s,
    )


def sweep_load(rate_rps: float) -> Load:
    """Return the open load of one step of a rate sweep: Poisson arrivals, long enough for a p99 at 50 per second."""
    return Load(
        id=f"open-{rate_rps:g}-poisson",
        kind=LoadKind.OPEN,
        rate_rps=rate_rps,
        arrivals="poisson",
        max_in_flight=1000,
        warmup_s=0.5,
        window_s=3.0,
    )
