"""Claims about the threads that serve `def`: how many there are, what more of them bring and cost. B1 to B3, B26."""

from experiment.design.claims.table import ALL_CORES, ANYTHING, DEFAULT, claim, level, ratio
from experiment.design.claims.waiting import POOL_TOKENS, SLEEP_DEF
from experiment.design.factors import server
from experiment.design.metrics import BYSTANDER_P99, IN_FLIGHT_PEAK, NORMALIZED_GOODPUT, PEAK_MEMORY
from experiment.design.model import Interval, at_least, at_most

TOKENS_100 = server(thread_tokens=100)
MOST_TO_THREAD = 32
"""asyncio's own executor has min(32, cores + 4) threads."""


def _exactly(count: int) -> Interval:
    return Interval(count, count)


claim(
    "B1",
    "pool-is-40",
    "With 80 users a plain def has exactly 40 requests in its threads, on one core and on all, and otherwise exactly "
    "as many as there are tokens: 10, or 100 with 120 users",
    "Kludex/fastapi-tips, tip 2, says 40. Against it: five threads a core, as in a guide quoted in pull request 162 of "
    "bbartling/py-bacnet-stacks-playground (8 cores x 5 = 40), or min(32, cores + 4)",
    level(SLEEP_DEF, load="closed-80", metric=IN_FLIGHT_PEAK, expected=_exactly(POOL_TOKENS)),
    level(SLEEP_DEF, load="closed-80", metric=IN_FLIGHT_PEAK, expected=_exactly(POOL_TOKENS), server=ALL_CORES),
    level(SLEEP_DEF, load="closed-80", metric=IN_FLIGHT_PEAK, expected=_exactly(10), server=server(thread_tokens=10)),
    level(SLEEP_DEF, load="closed-120", metric=IN_FLIGHT_PEAK, expected=_exactly(100), server=TOKENS_100),
    refuted_by="the handlers see another peak than 40 on one core or on all, or another one than the tokens that are "
    "set",
    differs_in=(),
    note="Python's own executor once had five threads a core and now has min(32, cores + 4). Starlette asks anyio for "
    "its threads, whose limiter has 40 tokens whatever the machine. With eight cores both rules say 40.",
)
claim(
    "B2",
    "more-tokens-lift-the-ceiling",
    "With 80 users of a plain def that waits, 100 tokens give at least 1.8 times the goodput of 40",
    "Kludex/fastapi-tips, tip 2 and issue 3: raise the limiter to 100; handlers that wait gain from it",
    ratio(
        SLEEP_DEF,
        SLEEP_DEF,
        load="closed-80",
        expected=at_least(1.8),
        scatter=0.06,
        server=TOKENS_100,
        baseline_server=DEFAULT,
    ),
    refuted_by="100 tokens give less than 1.8 times the goodput; 2 is what 80 users and 40 threads allow",
    differs_in={"thread_tokens"},
    note="40 threads that wait for 100 ms answer 400 requests a second. With 100 tokens all 80 users have a thread, "
    "and then their number is the limit, or the core.",
)
claim(
    "B2b",
    "more-tokens-cost-little-memory",
    "With 80 users of a plain def that waits, 100 tokens need at most 1.2 times the memory of 40",
    "ourselves: issue 3 of Kludex/fastapi-tips recommends 50 to 300 tokens and does not say what they cost",
    ratio(
        SLEEP_DEF,
        SLEEP_DEF,
        load="closed-80",
        metric=PEAK_MEMORY,
        expected=at_most(1.2),
        scatter=0.03,
        server=TOKENS_100,
        baseline_server=DEFAULT,
    ),
    refuted_by="the SUT's peak memory is more than 1.2 times as high",
    differs_in={"thread_tokens"},
    note="A thread reserves megabytes for its stack, and touches some tens of kilobytes of it. Only those count. With "
    "80 users there are 40 threads more.",
)
claim(
    "B2c",
    "cpu-work-wants-few-tokens",
    "Beside 8 uploads that a plain def parses, the slowest bystander in a hundred waits at most half as long with one "
    "token as with 40",
    "Kludex/fastapi-tips, issue 3: for CPU work, as many tokens as cores are best",
    ratio(
        "upload.def",
        "upload.def",
        load="closed-8",
        metric=BYSTANDER_P99,
        expected=at_most(0.5),
        scatter=0.2,
        server=server(thread_tokens=1),
        baseline_server=DEFAULT,
    ),
    refuted_by="it waits more than half as long",
    differs_in={"thread_tokens"},
    beside=(
        ratio(
            "upload.def",
            "upload.def",
            load="closed-8",
            metric=NORMALIZED_GOODPUT,
            expected=ANYTHING,
            server=server(thread_tokens=1),
            baseline_server=DEFAULT,
            is_alike=True,
        ),
    ),
    note="Each busy thread may keep the GIL for 5 ms while the loop waits for its turn. Eight threads make that up to "
    "40 ms, one makes it 5. The goodput beside it should not care: one core parses one upload after the other anyway.",
)
claim(
    "B3",
    "to-thread-has-its-own-smaller-pool",
    "With 80 users, asyncio.to_thread has at most 0.85 of the goodput of a plain def, and at most 32 requests in its "
    "threads at once",
    "open-webui/open-webui, pull request 28175: to_thread uses asyncio's own pool of min(32, cores + 4) threads, which "
    "the 40 tokens do not touch",
    ratio("sleep.async-to-thread", SLEEP_DEF, load="closed-80", expected=at_most(0.85), scatter=0.03),
    level("sleep.async-to-thread", load="closed-80", metric=IN_FLIGHT_PEAK, expected=Interval(1, MOST_TO_THREAD)),
    refuted_by="to_thread has more than 0.85 of the goodput, or more than 32 requests at once in its threads",
    differs_in={"style"},
    note="32 threads against 40 are 0.8 on a machine with 28 cores or more; on two cores six threads are 0.15. Up to "
    "Python 3.12 the rule counts the machine's cores, from 3.13 on those that the process may use.",
)
claim(
    "B26",
    "wraps-decorator-silently-blocks",
    "With 80 users, a plain def behind a decorator with an async wrapper has at most a tenth of its goodput",
    "yeti-platform/yeti, pull request 1318: 46 endpoints behind async wrappers ran on the loop and held up the whole "
    "server; fastapi/fastapi, pull request 14445",
    ratio("sleep.async-blocking.wraps", SLEEP_DEF, load="closed-80", expected=at_most(0.1), scatter=0.03),
    refuted_by="it keeps more than a tenth of the goodput",
    differs_in={"style", "tool"},
    note="FastAPI looks at what it is given: the wrapper is an async def, so it runs on the loop. functools.wraps "
    "gives it the name and the parameters of the def, and nothing warns.",
)
