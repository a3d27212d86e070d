"""Claims about requests that wait for each other: B8. 4 tokens and 6 connections, so 10 users are one too many.

experiment/theory/deadlock.py says why.
"""

from bench_app.db_sessions import MOST_SESSIONS
from experiment.design.claims.table import NO_LESS, claim
from experiment.design.factors import server
from experiment.design.metrics import GOODPUT
from experiment.design.model import Comparison, Interval, Treatment, at_most

ROUTE = "session.def"
SMALL = server(thread_tokens=4, db_pool=MOST_SESSIONS)
P_USERS, BELOW, AT, ABOVE = (f"closed-{n}-together" for n in (6, 9, 10, 12))
STOPS = at_most(0.1)
"""What is left of the goodput where requests wait for each other: some answers before it comes to that, or none."""

ISSUE = "fastapi/fastapi, issue 3205"
PULL = "fastapi/fastapi, pull request 12066"


def _of_users(variant: str, load: str, baseline: str, expected: Interval) -> Comparison:
    """Return the ratio of a route's goodput with more users and with fewer. The 60 s for a connection never end."""
    return Comparison(
        treatment=Treatment(variant=variant, load=load, server=SMALL),
        baseline=Treatment(variant=variant, load=baseline, server=SMALL),
        metric=GOODPUT,
        expected=expected,
        scatter=0.17,
    )


claim(
    "B8",
    "db-pool-deadlock",
    "With 4 threads, 6 connections and a session from a dependency, 10 users who come together have at most a tenth of "
    "the goodput of 9, and so have 12",
    f"{ISSUE}: a session from a dependency can lock the server up when many requests come at once; {PULL}",
    _of_users(ROUTE, AT, BELOW, STOPS),
    _of_users(ROUTE, ABOVE, BELOW, STOPS),
    refuted_by="10 users, or 12, have more than a tenth of the goodput of 9",
    differs_in={"load"},
    note="Six requests hold a connection and wait for a thread; four hold the threads and wait for a connection. The "
    "loop is idle meanwhile, and nothing moves until the pool's timeout, whose end is a server error. More connections "
    "than threads do not help: 6 against 4 are more.",
)
claim(
    "B8b",
    "db-pool-deadlock-at-the-pools-size",
    "With 4 threads, 6 connections and a session from a dependency, 9 users have at most a tenth of the goodput of 6",
    f"{ISSUE}, a comment: with a pool of 10 the server locked up at 11 requests",
    _of_users(ROUTE, BELOW, P_USERS, STOPS),
    refuted_by="9 users, more than there are connections, have more than a tenth of the goodput of 6",
    differs_in={"load"},
    note="It was so when closing a session needed a thread as well; FastAPI 0.82 cured that. Since then it takes as "
    "many requests as there are threads and connections together. With fewer, some wait for a connection, and all get "
    "one.",
)
claim(
    "B8c",
    "own-session-cures-the-deadlock",
    "With 4 threads, 6 connections and a session that the handler opens itself, 10 users who come together have at "
    "least 0.9 of the goodput of 9",
    f"{ISSUE}, the answer: open the session in the handler",
    _of_users(f"{ROUTE}.own-session", AT, BELOW, NO_LESS),
    refuted_by="10 users have less than 0.9 of the goodput of 9",
    differs_in={"load"},
    note="One thread takes the connection and gives it back. Who waits for a connection waits for somebody who has a "
    "thread already.",
)
claim(
    "B8d",
    "limited-dependency-cures-the-deadlock",
    "With 4 threads, 6 connections and a dependency limited to 6 sessions, 10 users who come together have at least "
    "0.9 of the goodput of 9",
    "FastAPI's documentation: Depends(max_concurrency=...), since 0.163",
    _of_users(f"{ROUTE}.limited", AT, BELOW, NO_LESS),
    refuted_by="10 users have less than 0.9 of the goodput of 9",
    differs_in={"load"},
    note="Who would be the seventh waits on the loop, without a thread. So each of the six has a connection, and no "
    "thread ever waits for one.",
)
claim(
    "B8e",
    "no-response-model-cures-the-deadlock",
    "With 4 threads, 6 connections and a session from a dependency, but no response model, 10 users who come together "
    "have at least 0.9 of the goodput of 9",
    f"{PULL}: the validation of the answer is what still locks up",
    _of_users(f"{ROUTE}.no-model", AT, BELOW, NO_LESS),
    refuted_by="10 users have less than 0.9 of the goodput of 9",
    differs_in={"load"},
    note="It would be a cure if the handler alone used the session: then no request that holds a connection needs "
    "another thread. Here a dependency looks the user up with it first, as most apps do, and the handler is another "
    "thread.",
)
claim(
    "B8f",
    "function-scope-cures-the-deadlock",
    "With 4 threads, 6 connections and a session that ends with the handler (scope='function'), 10 users who come "
    "together have at least 0.9 of the goodput of 9",
    "FastAPI's documentation: a dependency of scope function ends before the answer is sent, so it holds its "
    "connection for less long",
    _of_users(f"{ROUTE}.function-scope", AT, BELOW, NO_LESS),
    refuted_by="10 users have less than 0.9 of the goodput of 9",
    differs_in={"load"},
    note="The session ends after the validation. So the request still needs two threads while it holds the connection.",
)
