"""Claims about calls to another service: A10 to A13."""

from experiment.design.claims.table import ANYTHING, NO_LESS, article, claim, ratio
from experiment.design.metrics import CPU_PER_REQUEST, LITTLES_GOODPUT, NORMALIZED_LITTLES_GOODPUT
from experiment.design.model import at_most

SESSION_DEF = "http.def.session"
HTTPX = "http.async-native.httpx"
PER_REQUEST = "http.async-native.httpx-per-request"

_VOLLEYS = (
    "A client built for each request blocks the loop, so that all users are answered in volleys. Goodput is therefore "
    "users / mean response time (Little's law), which does not depend on how many volleys a window holds."
)
_POOL_SEARCH = (
    "httpx 0.28 with keep-alive limits raised, so that it does not close connections it will need. What costs it CPU "
    "at 80 users is a search: httpcore's pool looks at every connection for every request (encode/httpcore 1035). It "
    "says nothing against async clients (A11b), nor against httpx at few users (A11c)."
)

claim(
    "A10",
    "weather-as-written",
    "At 80 users, the async weather route as written serves no less than the sync one",
    article("Real example"),
    ratio(
        "http.async-native.weather",
        "http.def.weather-sync",
        load="closed-80-long",
        metric=LITTLES_GOODPUT,
        expected=NO_LESS,
        scatter=0.22,
    ),
    refuted_by="the async route has less than 0.9 of the sync route's goodput",
    note=_VOLLEYS,
)
claim(
    "A10b",
    "weather-as-written-20",
    "At 20 users, the async weather route as written serves no less than the sync one",
    article("Real example"),
    ratio(
        "http.async-native.weather",
        "http.def.weather-sync",
        load="closed-20-long",
        metric=LITTLES_GOODPUT,
        expected=NO_LESS,
        scatter=0.355,
    ),
    refuted_by="the async route has less than 0.9 of the sync route's goodput",
    note=_VOLLEYS,
)
claim(
    "A11",
    "weather-shared-client",
    "At 80 users, the async route with one shared httpx client serves no less than the sync one",
    article("Real example"),
    ratio(HTTPX, SESSION_DEF, load="closed-80", expected=NO_LESS, scatter=0.155),
    refuted_by="the async route has less than 0.9 of the sync route's goodput",
    note=_POOL_SEARCH,
)
claim(
    "A11b",
    "weather-other-clients",
    "At 80 users, the async route with httpx2, or with aiohttp, serves no less than the sync one",
    article("Real example"),
    ratio("http.async-native.httpx2", SESSION_DEF, load="closed-80", expected=NO_LESS, scatter=0.225),
    ratio("http.async-native.aiohttp", SESSION_DEF, load="closed-80", expected=NO_LESS, scatter=0.055),
    refuted_by="one of the two has less than 0.9 of the sync route's goodput",
)
claim(
    "A11c",
    "weather-shared-client-20",
    "At 20 users, the async route with one shared httpx client serves no less than the sync one",
    article("Real example"),
    ratio(HTTPX, SESSION_DEF, load="closed-20-long", expected=NO_LESS, scatter=0.165),
    refuted_by="the async route has less than 0.9 of the sync route's goodput",
    beside=(ratio(HTTPX, SESSION_DEF, load="closed-20-long", metric=CPU_PER_REQUEST, expected=ANYTHING),),
    note="Goodput is capped at users / wait for both; the CPU of a request stands beside it.",
)
claim(
    "A12",
    "client-per-request-cost",
    "At 20 users, a client built for every request serves at most 0.3 of what a shared one does",
    article("Real example"),
    ratio(PER_REQUEST, HTTPX, load="closed-20-long", metric=LITTLES_GOODPUT, expected=at_most(0.3), scatter=0.24),
    refuted_by="it serves more than 0.3 of it",
    note=_VOLLEYS,
)
claim(
    "A12b",
    "client-per-request-cost-80",
    "At 80 users, a client built for every request serves at most half of what a shared one does",
    article("Real example"),
    ratio(
        PER_REQUEST,
        HTTPX,
        load="closed-80-long",
        metric=NORMALIZED_LITTLES_GOODPUT,
        expected=at_most(0.5),
        scatter=0.15,
        is_alike=True,
    ),
    refuted_by="it serves more than half of it, at equal core speed",
    beside=(ratio(PER_REQUEST, HTTPX, load="closed-80-long", metric=LITTLES_GOODPUT, expected=ANYTHING),),
    note=f"{_VOLLEYS} The limit is wider than at 20 users, since the shared client itself is slow here (A11).",
)
claim(
    "A13",
    "requests-in-async",
    "At 80 users, a sync HTTP client in async def has at most a fifth of the goodput it has in plain def",
    article("The rule"),
    ratio("http.async-blocking.session", SESSION_DEF, load="closed-80", expected=at_most(0.2), scatter=0.075),
    refuted_by="it keeps more than a fifth of the goodput",
)
