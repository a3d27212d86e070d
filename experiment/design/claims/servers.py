"""Claims about the server in front of the app: B15 to B17, B23, B24, B28."""

from experiment.design.claims.cpu import BLOCKING
from experiment.design.claims.table import ALL_CORES, DEFAULT, claim, level, ratio, saturated
from experiment.design.factors import ServerConfig, server
from experiment.design.metrics import BUSIEST_WORKER, CPU_PER_REQUEST, NORMALIZED_CPU_PER_REQUEST, RESPONSE_P50
from experiment.design.model import Comparison, Interval, at_least, at_most

NOOP, NOOP_DEF = "noop.async-native", "noop.def"
ASYNCIO, H11, LOGGING = server(loop="asyncio"), server(http="h11"), server(access_log="on")
GRANIAN, TWO_ON_ALL = server(server="granian"), server(workers=2, cores="all")
TWO_WORKERS, TWO_ON_ASYNCIO = server(workers=2), server(workers=2, loop="asyncio")


def _at_saturation(
    treatment: ServerConfig, baseline: ServerConfig, expected: Interval, *, load: str = "closed-20"
) -> Comparison:
    return saturated(NOOP, NOOP, expected, load=load, server=treatment, baseline_server=baseline)


def _median_answer(treatment: ServerConfig, baseline: ServerConfig, expected: Interval) -> Comparison:
    return ratio(
        NOOP,
        NOOP,
        load="closed-1",
        metric=RESPONSE_P50,
        expected=expected,
        scatter=0.2,
        server=treatment,
        baseline_server=baseline,
    )


_ECHO = (
    "The README's figure is of an echo server, which only reads and writes. Here FastAPI's own Python stands between "
    "the two, and takes the same time on either loop. What is left of the gain is the loop's share of a request."
)
claim(
    "B15",
    "uvloop-twice-as-fast",
    "With 20 users, an empty async route on uvloop serves at least 2 times what it does on asyncio's own loop",
    "uvloop's README: it makes asyncio 2 to 4 times faster, by a chart of an echo server",
    _at_saturation(DEFAULT, ASYNCIO, at_least(2)),
    refuted_by="uvloop serves less than 2 times as much",
    note=_ECHO,
    differs_in={"loop"},
)
claim(
    "B15b",
    "uvloop-helps",
    "With 20 users, an empty async route on uvloop serves at least 1.1 times what it does on asyncio's own loop",
    "dstack pull request 2874: uvloop improves throughput by 10 to 20 % on fast endpoints (2,967 to 3,545 rps)",
    _at_saturation(DEFAULT, ASYNCIO, at_least(1.1)),
    refuted_by="uvloop serves less than 1.1 times as much",
    note=_ECHO,
    differs_in={"loop"},
)

_PARSER = (
    "httptools parses in C, h11 in Python. Parsing is one part of a request; Starlette, FastAPI and the loop are the "
    "others. A bare ASGI app, as in the source, has none of these, so its figure is the most that an app can gain."
)
claim(
    "B16",
    "httptools-four-times-as-fast",
    "With 20 users, an empty async route parsed by httptools is served at least 4 times as much as parsed by h11",
    "Granian's benchmarks/vs.md of May 2025: uvicorn 39,694 rps with httptools, 9,532 with h11 (4.2 times), bare ASGI",
    _at_saturation(DEFAULT, H11, at_least(4)),
    refuted_by="httptools serves less than 4 times as much",
    note=_PARSER,
    differs_in={"http"},
)
claim(
    "B16b",
    "httptools-helps",
    "With 20 users, an empty async route parsed by httptools is served at least 1.2 times as much as parsed by h11",
    "FastAPI tips (Kludex/fastapi-tips), tip 1: install uvloop and httptools, which are faster; no figure",
    _at_saturation(DEFAULT, H11, at_least(1.2)),
    refuted_by="httptools serves less than 1.2 times as much",
    note=_PARSER,
    differs_in={"http"},
)

claim(
    "B17",
    "two-workers",
    "With 80 users, two workers on all cores serve an empty async route at least 1.5 times as much as one worker",
    "FastAPI's docs, «Server Workers»: several processes use several cores and handle more requests; no figure",
    ratio(
        NOOP, NOOP, load="closed-80", expected=at_least(1.5), scatter=0.15, server=TWO_ON_ALL, baseline_server=ALL_CORES
    ),
    refuted_by="two workers serve less than 1.5 times as much",
    note="The driver shares the cores: where there are two, both workers and the driver have these two, and the driver "
    "needs a part of one. A machine with more cores shows more. 1.5 is three quarters of twice as much.",
    differs_in={"workers"},
)
claim(
    "B17b",
    "two-workers-parse-twice-as-much",
    "With 8 users, two workers on all cores parse PDFs on their loops at least 1.8 times as much as one worker",
    "akto pull request 5583: one uvicorn worker a core, stateless, about 8 times as much on 8 cores",
    ratio(
        BLOCKING,
        BLOCKING,
        load="closed-8-short",
        expected=at_least(1.8),
        scatter=0.545,
        server=TWO_ON_ALL,
        baseline_server=ALL_CORES,
    ),
    refuted_by="two workers parse less than 1.8 times as much",
    note="Each worker has a GIL of its own. But all workers accept from one socket, and a worker keeps the connections "
    "that it took. The users connect while the app is idle, and then one worker often takes all of them. 1.8 is nine "
    "tenths of what two cores can give.",
    differs_in={"workers"},
)
claim(
    "B17c",
    "workers-are-uneven",
    "With 80 users on two workers, one of the two serves at least 0.7 of the requests",
    "uvicorn-worker issue 34: one worker serves 70 % of the requests at all times, the others share the rest",
    level(
        "sleep.async-native",
        load="closed-80",
        metric=BUSIEST_WORKER,
        expected=at_least(0.7),
        scatter=0.15,
        server=TWO_ON_ALL,
    ),
    refuted_by="the busier worker serves less than 0.7 of the requests",
    note="All workers accept from one socket, and whichever wakes first takes the connection; nothing balances. Every "
    "user keeps one connection, and the wait makes all of them equally fast, so the share of requests is that of "
    "connections. By chance alone the busier of two has 0.55 of 80.",
    differs_in=(),
)

_RECORD = (
    "Each request makes a log record, a line of text and a write to the log's file, all on the loop's thread. The log "
    "goes to a file that nobody reads, as under systemd or Docker. uvicorn logs by default."
)
claim(
    "B23",
    "access-log-cost",
    "At 400 requests a second, an empty async route costs at least 1.1 times the CPU with uvicorn's access log on",
    "uvicorn issue 112: logging every request is dear enough to consider a quieter default",
    ratio(
        NOOP,
        NOOP,
        load="open-400",
        metric=NORMALIZED_CPU_PER_REQUEST,
        expected=at_least(1.1),
        scatter=0.1,
        server=LOGGING,
        baseline_server=DEFAULT,
        is_alike=True,
    ),
    refuted_by="the access log costs less than a tenth more",
    note=_RECORD,
    differs_in={"access_log"},
)
claim(
    "B23b",
    "access-log-halves-throughput",
    "With 20 users, an empty async route serves at most half as much with uvicorn's access log on",
    "uvicorn issue 112 (2018): logging every request took 50 % of the requests a second of a hello world",
    saturated(NOOP, NOOP, at_most(0.5), scatter=0.155, server=LOGGING, baseline_server=DEFAULT),
    refuted_by="it serves more than half as much",
    note=_RECORD,
    differs_in={"access_log"},
)

_NAGLE = (
    "uvicorn binds the socket for its workers without naming the protocol, and asyncio sets TCP_NODELAY only where it "
    "is named. Head and body of an answer are two writes: Nagle's algorithm holds back the second until the first is "
    "acknowledged, which the other side delays by 40 ms. uvloop sets TCP_NODELAY on every connection."
)
_TRAP_SOURCE = "uvicorn issue 3149: with --workers every keep-alive request after the first takes about 43 ms on Linux"
claim(
    "B24",
    "nodelay-trap",
    "With one user, the median answer takes at least 10 times as long on asyncio's loop as on uvloop with two workers, "
    "and 0.5 to 2 times with one",
    _TRAP_SOURCE,
    _median_answer(TWO_ON_ASYNCIO, TWO_WORKERS, at_least(10)),
    _median_answer(ASYNCIO, DEFAULT, Interval(0.5, 2)),
    refuted_by="it takes less than 10 times as long; or with one worker the loops differ by more than 2 times, and "
    "then the loop decides, not the socket",
    note=f"{_NAGLE} A client that pauses for longer than that after each answer is not delayed. A socket that is "
    "handed over with --fd has the same fault, which is not measured here.",
    differs_in={"loop"},
)
claim(
    "B24b",
    "nodelay-trap-in-milliseconds",
    "With one user and two workers on asyncio's loop, the median answer of an empty route takes 36 to 50 ms",
    _TRAP_SOURCE,
    level(
        NOOP,
        load="closed-1",
        metric=RESPONSE_P50,
        expected=Interval(36_000, 50_000),
        scatter=0.05,
        server=TWO_ON_ASYNCIO,
    ),
    refuted_by="the median answer takes less than 36 ms, or more than 50",
    note=f"{_NAGLE} Linux waits for 40 ms, give or take a tick of 4 ms, and the request itself takes a few.",
    differs_in=(),
)

_RUST = (
    "Granian parses and writes HTTP in Rust, in a thread beside the loop's. What it saves is uvicorn's own part of a "
    "request. The rest, Starlette and FastAPI, is Python and the same under both; a bare ASGI app has none of it. With "
    "80 users the driver's own part of each turn stays small, whichever server is faster."
)
claim(
    "B28",
    "granian-three-times-as-fast",
    "With 80 users, Granian serves an empty async route at least 3 times as much as uvicorn",
    "Granian's benchmarks/vs.md of May 2025: 121,065 rps against uvicorn's 39,694 (3.05 times), bare ASGI, one worker",
    _at_saturation(GRANIAN, DEFAULT, at_least(3), load="closed-80"),
    refuted_by="Granian serves less than 3 times as much",
    note=_RUST,
    differs_in={"server"},
)
claim(
    "B28b",
    "granian-is-faster",
    "With 80 users, Granian serves an empty async route at least 1.1 times as much as uvicorn",
    "Granian's README: choose it if you care about throughput more than everything else; no figure for an app",
    _at_saturation(GRANIAN, DEFAULT, at_least(1.1), load="closed-80"),
    refuted_by="Granian serves less than 1.1 times as much",
    beside=(
        ratio(
            NOOP,
            NOOP,
            load="closed-80",
            metric=CPU_PER_REQUEST,
            expected=at_least(0),
            server=GRANIAN,
            baseline_server=DEFAULT,
        ),
    ),
    note=_RUST,
    differs_in={"server"},
)
claim(
    "B28c",
    "granian-is-slow-with-def",
    "With 20 users, Granian serves an empty def route at most a sixth as much as uvicorn",
    "Granian discussion 830: 6 times slower than uvicorn with a def route; async def is advised",
    saturated(NOOP_DEF, NOOP_DEF, at_most(1 / 6), scatter=0.15, server=GRANIAN, baseline_server=DEFAULT),
    refuted_by="Granian serves more than a sixth as much",
    note="A def route hops to a thread and back. The answer there is that Granian's own threads and FastAPI's get on "
    "badly; it was measured with two workers and 100 connections, here it is one worker on one core.",
    differs_in={"server"},
)
