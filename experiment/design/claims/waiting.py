"""Claims about waits, and about the loop and the threads that wait: A1 to A9."""

from experiment.design.claims.table import ABOUT_THE_SAME, ANYTHING, DEFAULT, THE_SAME, article, claim, level, ratio
from experiment.design.factors import server
from experiment.design.metrics import (
    BYSTANDER_P50,
    BYSTANDER_WITHIN_1S,
    CPU_PER_REQUEST,
    IN_FLIGHT_PEAK,
    LONGEST_STALL,
    MAKESPAN,
    NORMALIZED_CPU_PER_REQUEST,
    RESPONSE_P99,
    SHARE_OFF_LOOP,
    SHARE_ON_LOOP,
    STALL_PER_ANSWER,
)
from experiment.design.model import Interval, at_least, at_most

POOL_TOKENS = 40  # anyio's default limiter
TOKENS_80 = server(thread_tokens=80)

SLEEP_ASYNC = "sleep.async-native"
SLEEP_BLOCKING = "sleep.async-blocking"
SLEEP_DEF = "sleep.def"

claim(
    "A1",
    "wrong-style-tanks-throughput",
    "At 80 users a blocking call in async def loses at least nine tenths of the goodput that plain def has",
    article("introduction"),
    ratio(SLEEP_BLOCKING, SLEEP_DEF, load="closed-80", expected=at_most(0.10), scatter=0.03),
    refuted_by="blocking in async def keeps more than a tenth of def's goodput",
)
claim(
    "A2",
    "blocking-freezes-everyone",
    "Beside 80 users of a blocking async def, hardly any other request is answered within a second; beside one that "
    "awaits, all are",
    article("The killer pitfall"),
    level(SLEEP_BLOCKING, load="closed-80", metric=BYSTANDER_WITHIN_1S, expected=at_most(0.1)),
    level(SLEEP_ASYNC, load="closed-80", metric=BYSTANDER_WITHIN_1S, expected=at_least(0.99)),
    refuted_by="more than a tenth of the bystanders beside the blocking route are answered within a second, or fewer "
    "than 99 in 100 beside the awaiting one",
    beside=(ratio(SLEEP_BLOCKING, SLEEP_ASYNC, load="closed-80", metric=BYSTANDER_P50, expected=ANYTHING),),
    note="The ratio beside it is an illustration: half of the bystanders of the blocking route are still waiting when "
    "the window ends, so it grows with the window.",
)
claim(
    "A3",
    "loop-lag-is-the-blocking-time",
    "With one user, the event loop stands still for as long as the blocking call takes",
    article("The killer pitfall"),
    level(SLEEP_BLOCKING, load="closed-1", metric=STALL_PER_ANSWER, expected=Interval(0.9, 1.25), scatter=0.03),
    refuted_by="the loop is late for less than 0.9 or more than 1.25 of the wait for each answer",
)
claim(
    "A3b",
    "loop-lag-adds-up",
    "With 8 users of a blocking async def, the event loop stands still for about eight calls in a row",
    article("The killer pitfall"),
    level(SLEEP_BLOCKING, load="closed-8-short", metric=LONGEST_STALL, expected=Interval(6, 10), scatter=0.05),
    refuted_by="the longest stall in the window is shorter than 6 waits or longer than 10",
    note="What is ready runs in one pass of the loop, so that timers and new requests wait for all of it.",
)
claim(
    "A4",
    "def-keeps-the-loop-free",
    "Beside 80 users of a plain def, other requests wait at most 3 times as long as beside async def",
    article("introduction"),
    ratio(SLEEP_DEF, SLEEP_ASYNC, load="closed-80", metric=BYSTANDER_P50, expected=at_most(3), scatter=0.17),
    refuted_by="the median bystander beside def waits more than 3 times as long",
)
claim(
    "A5",
    "one-thread-many-requests",
    "async def serves more requests at once than there are threads in the pool, all on the loop's thread",
    article("introduction"),
    level(SLEEP_ASYNC, load="closed-80", metric=SHARE_ON_LOOP, expected=Interval(1.0, 1.0)),
    level(SLEEP_ASYNC, load="closed-80", metric=IN_FLIGHT_PEAK, expected=at_least(POOL_TOKENS + 1)),
    refuted_by="one answer is made off the loop's thread, or the handlers never see more than 40 requests at once",
)
claim(
    "A6",
    "def-runs-in-the-pool",
    "A plain def runs on the worker threads, 40 at once; with 80 tokens it serves 80 users as async def does",
    article("introduction"),
    level(SLEEP_DEF, load="closed-80", metric=SHARE_OFF_LOOP, expected=Interval(1.0, 1.0)),
    level(SLEEP_DEF, load="closed-80", metric=IN_FLIGHT_PEAK, expected=Interval(POOL_TOKENS, POOL_TOKENS)),
    ratio(
        SLEEP_DEF,
        SLEEP_ASYNC,
        load="closed-80",
        expected=THE_SAME,
        scatter=0.055,
        server=TOKENS_80,
        baseline_server=DEFAULT,
    ),
    refuted_by="one answer is made on the loop's thread, the handlers see another peak than 40, or def with 80 tokens "
    "differs from async def by more than a tenth: then something else than the pool is the limit",
    note="The peak is counted in the handlers, not by the limiter. The last comparison is a control.",
)
claim(
    "A7",
    "good-and-sync-ok-both-work",
    "With 20 users, fewer than the pool has threads, async def with awaits and plain def do the same",
    article("The killer pitfall"),
    ratio(SLEEP_ASYNC, SLEEP_DEF, load="closed-20", expected=THE_SAME, scatter=0.01),
    ratio(SLEEP_ASYNC, SLEEP_DEF, load="closed-20", metric=RESPONSE_P99, expected=ABOUT_THE_SAME, scatter=0.025),
    refuted_by="goodput differs by more than a tenth, or the p99 of response time by more than a quarter",
    note="Goodput is capped at users / wait for both. A7b asks for what the cap hides, A20 for a route without a wait.",
)
claim(
    "A7b",
    "def-costs-cpu-below-the-pool",
    "With 20 users, a plain def that waits costs at least a tenth more CPU a request than async def",
    article("The killer pitfall"),
    ratio(
        SLEEP_DEF,
        SLEEP_ASYNC,
        load="closed-20",
        metric=NORMALIZED_CPU_PER_REQUEST,
        expected=at_least(1.1),
        scatter=0.055,
        is_alike=True,
    ),
    refuted_by="def costs less than 1.1 times the CPU at equal core speed",
    beside=(ratio(SLEEP_DEF, SLEEP_ASYNC, load="closed-20", metric=CPU_PER_REQUEST, expected=ANYTHING),),
)
claim(
    "A8",
    "sync-just-less-scalable",
    "With 80 users, twice the pool's threads, async def has at least 1.5 times the goodput of plain def",
    article("Real example"),
    ratio(SLEEP_ASYNC, SLEEP_DEF, load="closed-80", expected=at_least(1.5), scatter=0.005),
    refuted_by="async def has less than 1.5 times the goodput; 2 is what 80 users and 40 threads allow",
)
claim(
    "A9",
    "two-second-demo",
    "Ten requests at once: /bad takes at least 5 times as long as /good, /sync-ok as long",
    article("The killer pitfall"),
    ratio(
        "article.async-blocking.bad",
        "article.async-native.good",
        load="burst-10",
        metric=MAKESPAN,
        expected=at_least(5),
        scatter=0.005,
    ),
    ratio(
        "article.def.sync-ok",
        "article.async-native.good",
        load="burst-10",
        metric=MAKESPAN,
        expected=ABOUT_THE_SAME,
        scatter=0.005,
    ),
    refuted_by="/bad takes less than 5 times as long, or /sync-ok differs from /good by more than a quarter",
)
