"""Claims about middleware that says how long a request took: B6, B7. Both kinds do the same."""

from experiment.design.claims.table import DEFAULT, NO_LESS, claim, ratio, saturated
from experiment.design.factors import ServerConfig, server
from experiment.design.metrics import NORMALIZED_CPU_PER_REQUEST, NORMALIZED_LITTLES_GOODPUT
from experiment.design.model import Comparison, Interval, at_least, at_most

NOOP = "noop.async-native"
KISSPETER = "KissPeter/fastapi-performance-optimization, middleware.md"
HINDSIGHT = "vectorize-io/hindsight, pull request 4235"


def _with(kind: str) -> ServerConfig:
    return server(middleware=kind)


def _at_saturation(treatment: ServerConfig, baseline: ServerConfig, expected: Interval) -> Comparison:
    return saturated(NOOP, NOOP, expected, scatter=0.275, server=treatment, baseline_server=baseline)


claim(
    "B6",
    "base-http-middleware",
    "With 20 users of a light handler, one BaseHTTPMiddleware leaves at most 0.73 of the goodput",
    f"{KISSPETER}: 1,921 requests a second without, 1,406 with one, 27 % less",
    _at_saturation(_with("base-1"), DEFAULT, at_most(0.73)),
    refuted_by="it leaves more than 0.73 of the goodput",
    differs_in={"middleware"},
    note="It runs the rest of the app in a task of its own and passes the answer on through a stream of memory "
    "objects. For a handler that does nothing that is more than the handler, and the framework around it, cost.",
)
claim(
    "B6b",
    "two-base-http-middlewares",
    "With 20 users of a light handler, two BaseHTTPMiddlewares leave at most 0.58 of the goodput",
    f"{KISSPETER}: 1,921 requests a second without, 1,121 with two, 42 % less",
    _at_saturation(_with("base-2"), DEFAULT, at_most(0.58)),
    refuted_by="they leave more than 0.58 of the goodput",
    differs_in={"middleware"},
    note="Each has its own task and stream, so their costs add up. KissPeter's figures say the same: 0.19 ms a request "
    "for each of the two.",
)
claim(
    "B6c",
    "pure-asgi-instead-of-base",
    "With 20 users of a light handler, two pure ASGI middlewares give at least 3.2 times the goodput of two "
    "BaseHTTPMiddlewares",
    f"{HINDSIGHT}: 2,476 requests a second with two BaseHTTPMiddlewares, 7,917 with two pure ones, 3.2 times",
    _at_saturation(_with("asgi-2"), _with("base-2"), at_least(3.2)),
    refuted_by="they give less than 3.2 times the goodput",
    differs_in={"middleware"},
    note="Both kinds do the same here, to the header. By KissPeter's figures it should be less than 2 times.",
)
claim(
    "B6d",
    "pure-asgi-is-nearly-free",
    "At 400 requests a second to a light handler, two pure ASGI middlewares cost at most a tenth more CPU a request",
    "Kludex/fastapi-tips, tip 8: a pure ASGI middleware does not cost what BaseHTTPMiddleware does",
    ratio(
        NOOP,
        NOOP,
        load="open-400",
        metric=NORMALIZED_CPU_PER_REQUEST,
        expected=at_most(1.1),
        scatter=0.29,
        server=_with("asgi-2"),
        baseline_server=DEFAULT,
        is_alike=True,
    ),
    refuted_by="they cost more than 1.1 times the CPU at equal core speed",
    differs_in={"middleware"},
    note="Each is one more coroutine around the request and one more around each message. Writing a header costs more "
    "than that. At saturation the driver may be the limit of so light a handler, so it is asked at a moderate rate.",
)
claim(
    "B6e",
    "three-base-http-middlewares",
    "With 20 users of a light handler, three BaseHTTPMiddlewares leave at most half of the goodput",
    f"{KISSPETER}, continued: 0.19 ms a request for each, so 0.48 of the goodput with three",
    _at_saturation(_with("base-3"), DEFAULT, at_most(0.5)),
    refuted_by="they leave more than half of the goodput",
    differs_in={"middleware"},
    note="Logging, authentication and metrics: three is what many apps have.",
)
claim(
    "B7",
    "middleware-is-nil-for-heavy-handlers",
    "With 8 users of a handler that parses a PDF, one BaseHTTPMiddleware leaves at least 0.9 of the goodput",
    f"{HINDSIGHT}: a route with 23 ms of Python a request was as fast with both middlewares as without",
    ratio(
        "upload.async-blocking",
        "upload.async-blocking",
        load="closed-8-short",
        metric=NORMALIZED_LITTLES_GOODPUT,
        expected=NO_LESS,
        scatter=0.06,
        server=_with("base-1"),
        baseline_server=DEFAULT,
        is_alike=True,
    ),
    refuted_by="it leaves less than 0.9 of the goodput",
    differs_in={"middleware"},
    note="The middleware costs the same as for a light handler, some tenths of a millisecond. Of a parse of 15 ms and "
    "more that is a few per cent. The margin of a tenth is what this suite takes for the same.",
)
