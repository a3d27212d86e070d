"""The questions, and what may be said to each: one sentence for either verdict of the claim it rests on.

Placeholders: {0.ratio}, {0.treated} and {0.base} are the first comparison of the claim, {1.…} the second; where there
is no baseline, {0.ratio} is the value itself. The sentences fit the versions of the claims in FITS.
To answer another question, add an entry to QUESTIONS.
"""

from dataclasses import dataclass

FITS = (2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What one claim adds to an answer. `topic` completes "whether …" where the claim was not decided."""

    claim: str
    topic: str
    supported: str
    refuted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question; `frame` says what is so by construction, without any number."""

    heading: str
    frame: str
    sayings: tuple[Saying, ...]


_SLOW = Question(
    heading="Why is my FastAPI app slow?",
    frame="First look for calls that wait without `await` inside `async def`: they hold up the one thread that serves "
    "everybody. A profiler shows them, and so does the lag of the event loop.",
    sayings=(
        Saying(
            claim="A1",
            topic="a blocking call in `async def` costs nine tenths of the throughput of a plain `def`",
            supported="A blocking call in `async def` leaves {0.treated} of the {0.base} that a plain `def` has.",
            refuted="The blocking call is not the first suspect here: `async def` with one still has {0.treated}, "
            "beside {0.base} with a plain `def`.",
        ),
        Saying(
            claim="A2",
            topic="a blocking call stalls unrelated requests",
            supported="The slow route is not alone in it: of unrelated requests {0.ratio} are answered within a "
            "second beside it, and {1.ratio} beside a handler that awaits.",
            refuted="Unrelated requests notice less than told: {0.ratio} are answered within a second beside the "
            "blocking handler, {1.ratio} beside one that awaits.",
        ),
        Saying(
            claim="A3",
            topic="the event loop stands still for as long as the call takes",
            supported="The loop gives it away: for each answer it stands still for {0.ratio}, one wait "
            "being the call's own.",
            refuted="The loop does not give it away here: for each answer it stands still for {0.ratio}, "
            "one wait being the call's own.",
        ),
        Saying(
            claim="A3b",
            topic="blocking calls add up on the loop",
            supported="And calls add up: with 8 users the longest stall is {0.ratio}.",
            refuted="Calls do not add up as told: with 8 users the longest stall is {0.ratio}.",
        ),
        Saying(
            claim="A17",
            topic="a sync database call is worse in an async route than in a sync one",
            supported="A sync database driver is the same mistake in other clothes: {0.treated} in `async def`, "
            "{0.base} in `def`.",
            refuted="A sync database driver in `async def` was no disaster here: {0.treated}, {0.base} in `def`.",
        ),
        Saying(
            claim="A21",
            topic="this is the most common performance bug of all",
            supported="It is the most common performance bug of all.",
            refuted="It is not the most common performance bug of all.",
        ),
    ),
)

_DIFFERENCE = Question(
    heading="What is the difference between `async def` and `def`?",
    frame="An `async def` handler is a coroutine on the event loop's only thread; FastAPI hands a plain `def` to a "
    "pool of worker threads and awaits the result. The loop stays free either way, if nothing on it blocks.",
    sayings=(
        Saying(
            claim="A5",
            topic="one thread serves many requests at once",
            supported="One thread is enough for many: {0.ratio} of the answers came from the loop's thread, with up "
            "to {1.ratio} requests in flight.",
            refuted="One thread was not enough, or not the only one: {0.ratio} of the answers came from the loop's "
            "thread, with up to {1.ratio} requests in flight.",
        ),
        Saying(
            claim="A6",
            topic="a plain `def` runs on at most 40 worker threads",
            supported="The pool has an end: {0.ratio} of the answers of a plain `def` came from worker threads, "
            "{1.ratio} at a time. With 80 tokens it serves {2.treated}, `async def` {2.base}: the pool is the limit, "
            "not the keyword.",
            refuted="The pool is not what the documentation says: {0.ratio} of the answers of a plain `def` came "
            "from worker threads, {1.ratio} at a time; with 80 tokens it serves {2.treated}, `async def` {2.base}.",
        ),
        Saying(
            claim="A7",
            topic="both do the same while requests are fewer than threads",
            supported="While requests are fewer than threads, the two cannot be told apart: {0.treated} and "
            "{0.base}, with a p99 of {1.treated} and {1.base}.",
            refuted="Even while requests are fewer than threads the two differ: {0.treated} with `async def`, "
            "{0.base} with `def`; p99 {1.treated} and {1.base}.",
        ),
        Saying(
            claim="A7b",
            topic="a plain `def` costs more CPU even then",
            supported="But the trip to a thread is not free: {0.treated} of CPU a request with `def`, {0.base} with "
            "`async def`.",
            refuted="The trip to a thread hardly shows: {0.treated} of CPU a request with `def`, {0.base} with "
            "`async def`.",
        ),
        Saying(
            claim="A8",
            topic="`async def` goes on where the pool ends",
            supported="Where requests are more than threads they queue for one: {0.treated} with `async def`, "
            "{0.base} with `def`.",
            refuted="Where requests are more than threads nothing much changed here: {0.treated} with `async def`, "
            "{0.base} with `def`.",
        ),
        Saying(
            claim="A4",
            topic="a plain `def` keeps the loop free for others",
            supported="Others are served meanwhile: a bystander waits {0.treated} beside busy threads, {0.base} beside "
            "coroutines.",
            refuted="Others do feel it: a bystander waits {0.treated} beside busy threads, {0.base} beside coroutines.",
        ),
    ),
)

_EVERYTHING = Question(
    heading="Should I make everything async?",
    frame="Only as far as what you call can be awaited. A sync library does not become async by the word in front of "
    "the handler; if you must mix, offload.",
    sayings=(
        Saying(
            claim="A20",
            topic="`async def` is cheaper where there is nothing to wait for",
            supported="For a handler with nothing to wait for, yes: at 400 requests a second `async def` costs "
            "{0.treated} of CPU a request and a plain `def` {0.base}; at saturation {1.treated} and {1.base}.",
            refuted="For a handler with nothing to wait for it does not pay under every load: {0.treated} of CPU a "
            "request at 400 a second, beside {0.base} with `def`; at saturation {1.treated} and {1.base}.",
        ),
        Saying(
            claim="A18",
            topic="an async database driver serves as much as a sync one with an equal pool",
            supported="An async database driver keeps up with the sync one, pools being equal: {0.treated} with "
            "asyncpg and {1.treated} with psycopg, {0.base} with psycopg2 in `def`. The pool decides, not the "
            "keyword.",
            refuted="Not every async database driver keeps up with the sync one: {0.treated} with asyncpg and "
            "{1.treated} with psycopg, {0.base} with psycopg2 in `def`.",
        ),
        Saying(
            claim="A18b",
            topic="the p99 with asyncpg is as good",
            supported="Its slowest requests are no slower: p99 {0.treated} with asyncpg, {0.base} with psycopg2 in "
            "`def`.",
            refuted="Its slowest requests are slower, though: p99 {0.treated} with asyncpg, {0.base} with psycopg2 "
            "in `def`.",
        ),
        Saying(
            claim="A18c",
            topic="asyncpg serves as much where the query does not wait",
            supported="Where the query does not wait, asyncpg serves {0.treated} and psycopg2 in `def` {0.base}.",
            refuted="Where the query does not wait, asyncpg falls behind: {0.treated}, and {0.base} with psycopg2 in "
            "`def`.",
        ),
        Saying(
            claim="A13",
            topic="a sync HTTP client is worse in `async def` than in `def`",
            supported="A sync HTTP client in `async def` is the wrong half of the change: {0.treated}, where a plain "
            "`def` has {0.base}.",
            refuted="A sync HTTP client in `async def` did no great harm here: {0.treated}, beside {0.base} in `def`.",
        ),
        Saying(
            claim="A19",
            topic="offloading restores what the sync route had",
            supported="Offloading makes it good again: {0.ratio} of a plain `def` for a sleep, {1.ratio} for a "
            "query, with a p99 of {2.treated} and {2.base}.",
            refuted="Offloading does not give back just what the sync route had: {0.ratio} of a plain `def` for a "
            "sleep, {1.ratio} for a query, with a p99 of {2.treated} and {2.base}.",
        ),
        Saying(
            claim="A19b",
            topic="offloading costs no more than a plain `def`",
            supported="Where nothing waits the two are still about equal: {0.treated} offloaded, {0.base} in `def`.",
            refuted="Where nothing waits the two are not equal: {0.treated} offloaded, {0.base} in `def`.",
        ),
    ),
)

_CPU = Question(
    heading="What about CPU work?",
    frame="Python runs one thread's bytecode at a time, whatever the handler is called. Threads can keep the loop "
    "answering; only processes use another core.",
    sayings=(
        Saying(
            claim="A14",
            topic="`run_in_threadpool` keeps CPU work from stopping the others",
            supported="`run_in_threadpool` helps the others: the slowest bystander in a hundred waits {0.treated}, and "
            "{0.base} where the work runs on the loop.",
            refuted="`run_in_threadpool` does not help the others enough: the slowest bystander in a hundred waits "
            "{0.treated}, and {0.base} where the work runs on the loop.",
        ),
        Saying(
            claim="A14b",
            topic="offloading costs the uploads' own p99",
            supported="The uploads themselves pay for it: their p99 is {0.treated}, and {0.base} one after the other "
            "on the loop.",
            refuted="The uploads themselves hardly pay for it: their p99 is {0.treated}, and {0.base} one after the "
            "other on the loop.",
        ),
        Saying(
            claim="A15",
            topic="threads leave the throughput of a parse as it is, and not that of work that lets go of the GIL",
            supported="Threads bring a parse no throughput, all cores or not: {0.treated} in threads, {0.base} on "
            "the loop. It is the GIL: checking passwords lets go of it, and has {1.treated} in threads, {1.base} on "
            "the loop.",
            refuted="It is not just the GIL: a parse has {0.treated} in threads and {0.base} on the loop, checking "
            "passwords, which lets go of the GIL, {1.treated} and {1.base}.",
        ),
        Saying(
            claim="A16",
            topic="a process pool gives CPU work the other cores",
            supported="A process pool gives it the other cores: {0.treated}, beside {0.base} on one.",
            refuted="A process pool gave it less than the other cores promise: {0.treated}, beside {0.base} on one.",
        ),
    ),
)

_CLIENT = Question(
    heading="Which HTTP client in which handler?",
    frame="Build the client once, when the app starts, and share it. Which one it "
    "is has to be measured, for a client's own CPU is spent on the loop's thread.",
    sayings=(
        Saying(
            claim="A12",
            topic="building a client for every request costs most of the throughput",
            supported="A client built for every request is expensive: {0.treated}, beside {0.base} with a shared one.",
            refuted="A client built for every request costs less than feared: {0.treated}, beside {0.base} with a "
            "shared one.",
        ),
        Saying(
            claim="A12b",
            topic="that is so at 80 users as well",
            supported="At 80 users as well: {0.treated}, beside {0.base}.",
            refuted="At 80 users the two are closer: {0.treated}, beside {0.base}, where the shared client is slow "
            "itself.",
        ),
        Saying(
            claim="A10",
            topic="the async weather route as printed serves no less than the sync one at 80 users",
            supported="The async weather route as printed serves {0.treated} at 80 users, its sync twin {0.base}.",
            refuted="The async weather route as printed is the slower of the two: {0.treated} at 80 users, its sync "
            "twin {0.base}.",
        ),
        Saying(
            claim="A10b",
            topic="the same holds at 20 users",
            supported="At 20 users: {0.treated} and {0.base}.",
            refuted="At 20 users too: {0.treated} and {0.base}.",
        ),
        Saying(
            claim="A11",
            topic="the async route with one shared httpx client serves no less at 80 users",
            supported="With one shared httpx client the async route keeps up at 80 users: {0.treated}, beside "
            "{0.base} for requests in a plain `def`.",
            refuted="One shared httpx client does not keep up at 80 users: {0.treated}, beside {0.base} for requests "
            "in a plain `def`. Its connection pool searches all connections for every request (encode/httpcore 1035).",
        ),
        Saying(
            claim="A11c",
            topic="the async route with one shared httpx client serves no less at 20 users",
            supported="At 20 users it does: {0.treated} and {0.base}.",
            refuted="At 20 users it does not either: {0.treated} and {0.base}.",
        ),
        Saying(
            claim="A11b",
            topic="httpx2 and aiohttp serve no less",
            supported="httpx2 and aiohttp keep up at 80 users: {0.treated} and {1.treated}, beside {0.base} for "
            "requests in a plain `def`.",
            refuted="httpx2 and aiohttp do not both keep up at 80 users: {0.treated} and {1.treated}, beside "
            "{0.base} for requests in a plain `def`.",
        ),
    ),
)

_DEMO = Question(
    heading="How do I show it to somebody in a minute?",
    frame="Ten requests at once to three routes that each wait two seconds, and a stopwatch.",
    sayings=(
        Saying(
            claim="A9",
            topic="the blocking route takes many times as long as the other two",
            supported="The blocking route needs {0.treated}, the awaiting one {0.base}, the plain `def` {1.treated}.",
            refuted="The demo does not go as told: the blocking route needs {0.treated}, the awaiting one {0.base}, "
            "the plain `def` {1.treated}.",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (_SLOW, _DIFFERENCE, _EVERYTHING, _CPU, _CLIENT, _DEMO)
STYLE_QUESTION = "Which style for which work?"
STYLE_FRAME = (
    "Medians of the valid trials under the load where most styles were compared. No verdict stands behind this table, "
    "and what is closer than a fifth is called the same."
)
