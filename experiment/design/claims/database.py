"""Claims about databases, and about offloading what blocks: A17 to A19."""

from experiment.design.claims.table import ABOUT_THE_SAME, ANYTHING, NO_LESS, THE_SAME, article, claim, ratio
from experiment.design.claims.waiting import SLEEP_DEF
from experiment.design.metrics import CPU_PER_REQUEST, NORMALIZED_GOODPUT, RESPONSE_P99
from experiment.design.model import at_most

PSYCOPG2_DEF, PSYCOPG2_OFFLOAD = "db.def.psycopg2", "db.async-offload.psycopg2"
ASYNCPG, PSYCOPG = "db.async-native.asyncpg", "db.async-native.psycopg"
SLEEP_OFFLOAD = "sleep.async-offload"
_CAPPED = "Goodput is capped by the pool of 20 connections on both sides"

claim(
    "A17",
    "sync-db-in-async-route",
    "At 80 users, a sync database call in an async route has at most a fifth of the goodput of a fully sync route",
    article("Interview cheat sheet"),
    ratio("db.async-blocking.psycopg2", PSYCOPG2_DEF, load="closed-80", expected=at_most(0.2), scatter=0.02),
    refuted_by="it keeps more than a fifth of the goodput",
)
claim(
    "A18",
    "async-db-driver-in-async-def",
    "At 80 users and with equal pools, an async driver in async def serves no less than the sync route",
    article("The rule"),
    ratio(ASYNCPG, PSYCOPG2_DEF, load="closed-80", expected=NO_LESS, scatter=0.015),
    ratio(PSYCOPG, PSYCOPG2_DEF, load="closed-80", expected=NO_LESS, scatter=0.02),
    refuted_by="asyncpg or psycopg has less than 0.9 of the goodput of psycopg2 in plain def",
    beside=(
        ratio(ASYNCPG, PSYCOPG2_DEF, load="closed-80", metric=CPU_PER_REQUEST, expected=ANYTHING),
        ratio(PSYCOPG, PSYCOPG2_DEF, load="closed-80", metric=CPU_PER_REQUEST, expected=ANYTHING),
    ),
    note=f"{_CAPPED}: a query of 50 ms waits on the server. A18b and A18c ask for what the cap hides.",
)
claim(
    "A18b",
    "async-db-driver-p99",
    "At 80 users and with equal pools, the p99 with asyncpg is at most a tenth longer than that of the sync route",
    article("The rule"),
    ratio(ASYNCPG, PSYCOPG2_DEF, load="closed-80", metric=RESPONSE_P99, expected=at_most(1.1), scatter=0.22),
    refuted_by="the p99 with asyncpg is more than 1.1 times that of psycopg2 in plain def",
    note="In campaigns with version 1 of the claims it was about 1.4 times in all trials, and nothing judged it.",
)
claim(
    "A18c",
    "async-db-driver-lookup",
    "At 80 users, a lookup that does not wait is served no less by asyncpg in async def than by the sync route",
    article("The rule"),
    ratio(
        f"{ASYNCPG}-plain",
        f"{PSYCOPG2_DEF}-plain",
        load="closed-80",
        metric=NORMALIZED_GOODPUT,
        expected=NO_LESS,
        scatter=0.06,
        is_alike=True,
    ),
    refuted_by="asyncpg has less than 0.9 of the goodput of psycopg2 in plain def",
    note="No wait and no pool caps it: the SUT's core does.",
)
claim(
    "A19",
    "offload-rescues-async",
    "At 80 users, offloading a blocking call gives the goodput and the p99 of the sync route",
    article("The rule"),
    ratio(SLEEP_OFFLOAD, SLEEP_DEF, load="closed-80", expected=THE_SAME, scatter=0.005),
    ratio(PSYCOPG2_OFFLOAD, PSYCOPG2_DEF, load="closed-80", expected=THE_SAME, scatter=0.01),
    ratio(SLEEP_OFFLOAD, SLEEP_DEF, load="closed-80", metric=RESPONSE_P99, expected=ABOUT_THE_SAME, scatter=0.03),
    refuted_by="goodput differs by more than a tenth, or the p99 by more than a quarter",
    beside=(
        ratio(SLEEP_OFFLOAD, SLEEP_DEF, load="closed-80", metric=CPU_PER_REQUEST, expected=ANYTHING),
        ratio(PSYCOPG2_OFFLOAD, PSYCOPG2_DEF, load="closed-80", metric=CPU_PER_REQUEST, expected=ANYTHING),
    ),
    note="Goodput is capped by the 40 threads, or by the pool. A19b asks for what the cap hides.",
)
claim(
    "A19b",
    "offload-is-what-def-does",
    "At 80 users, an offloaded lookup that does not wait is served about as in the sync route",
    article("The rule"),
    ratio(
        f"{PSYCOPG2_OFFLOAD}-plain",
        f"{PSYCOPG2_DEF}-plain",
        load="closed-80",
        metric=NORMALIZED_GOODPUT,
        expected=ABOUT_THE_SAME,
        scatter=0.04,
        is_alike=True,
    ),
    refuted_by="goodput differs by more than a quarter",
    note="No wait and no pool caps it: the SUT's core does.",
)
