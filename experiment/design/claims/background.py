"""Claims about tasks after the answer: B9, B10. The counters of work done count the tasks."""

from experiment.design.claims.table import claim, level, ratio
from experiment.design.metrics import BYSTANDER_WITHIN_1S, GOODPUT, IN_FLIGHT_PEAK
from experiment.design.model import Interval, at_least, at_most

DEF, ASYNC = "background.def", "background.async-native"
SYNC_TASK, ASYNC_TASK, BLOCKING_TASK = "sync-task", "async-task", "blocking-task"
TOKENS = 40  # anyio's default limiter

_LIMITER = (
    "Starlette issue 1724: def routes and def background tasks share one limiter of 40 threads; of a hundred requests "
    "whose tasks sleep for 10 s, only 40 tasks run at a time"
)

claim(
    "B9",
    "sync-background-tasks-starve-def-routes",
    "With 80 users, a def route that leaves a def task of 100 ms behind each answer has at most half of the goodput it "
    "has without",
    _LIMITER,
    ratio(f"{DEF}.{SYNC_TASK}", DEF, load="closed-80", expected=at_most(0.5), scatter=0.1),
    refuted_by="the route keeps more than half of its goodput",
    differs_in={"tool"},
    note="Starlette runs a def task in a thread, with a token of the limiter from which def routes take theirs. Tokens "
    "are given in turn, so that each answer waits behind the tasks of the answers before it. What another def route "
    "suffers beside such a route is not measured: the bystander is an async def.",
)
claim(
    "B9b",
    "sync-background-tasks-hold-the-pool",
    "With 80 users of a def route, its def tasks hold exactly 40 threads",
    _LIMITER,
    level(f"{DEF}.{SYNC_TASK}", load="closed-80", metric=IN_FLIGHT_PEAK, expected=Interval(TOKENS, TOKENS)),
    refuted_by="the tasks ever hold more than 40 threads, or never as many",
    differs_in={"tool"},
    note="The tasks are counted where they run, not by the limiter. The route answers faster than 40 threads can do "
    "its tasks, and nothing tells the caller.",
)
claim(
    "B9c",
    "sync-background-tasks-set-the-rate",
    "With 80 users, a def route with a def task of 100 ms answers 320 to 420 requests a second: 40 threads by 100 ms",
    _LIMITER,
    level(f"{DEF}.{SYNC_TASK}", load="closed-80", metric=GOODPUT, expected=Interval(320, 420), scatter=0.05),
    refuted_by="it answers fewer than 320 or more than 420 a second: then something else than the limiter decides",
    differs_in={"tool"},
    note="The route and its task together hold a token for T/(S+B): 40 tokens, no time to speak of for the handler, "
    "and 100 ms for the task. So the rate is 400 a second, whatever the core could do.",
)
claim(
    "B9d",
    "async-background-task-spares-def-routes",
    "With 80 users, a def route that leaves an async def task of 100 ms behind each answer keeps 0.8 of its goodput",
    "what follows from Starlette issue 1724: a task that awaits needs no thread",
    ratio(f"{DEF}.{ASYNC_TASK}", DEF, load="closed-80", expected=at_least(0.8), scatter=0.135),
    refuted_by="the route loses more than a fifth of its goodput",
    differs_in={"tool"},
    note="The control of B9: the same wait without a token. What is left is the CPU of a task: the loop makes it, "
    "parks it and wakes it again.",
)
claim(
    "B9e",
    "sync-background-tasks-spare-async-routes",
    "With 80 users, an async def route that leaves a def task of 100 ms behind each answer keeps half of its goodput",
    "what follows from Starlette issue 1724: an async def route needs no thread",
    ratio(f"{ASYNC}.{SYNC_TASK}", ASYNC, load="closed-80", expected=at_least(0.5), scatter=0.1),
    refuted_by="the route loses more than half of its goodput",
    differs_in={"tool"},
    note="The route needs no token, so it goes on answering. Its tasks queue up for the 40 threads faster than these "
    "can do them. Each costs the loop a place in that queue, and a thread hop when its turn comes.",
)
claim(
    "B10",
    "blocking-background-task-freezes-all",
    "Beside 80 users of a route whose async def task blocks for 100 ms, hardly any other request is answered within a "
    "second; beside one whose task awaits, all are",
    "FastAPI issue 611, an answer there: a call that blocks inside an async def task blocks the whole server; a def "
    "task runs in the thread pool and does not",
    level(f"{ASYNC}.{BLOCKING_TASK}", load="closed-80", metric=BYSTANDER_WITHIN_1S, expected=at_most(0.1)),
    level(f"{ASYNC}.{ASYNC_TASK}", load="closed-80", metric=BYSTANDER_WITHIN_1S, expected=at_least(0.99)),
    refuted_by="more than a tenth of the bystanders beside the blocking task are answered within a second, or fewer "
    "than 99 in 100 beside the awaiting one",
    differs_in={"tool"},
    note="A task after the answer is no task of another thread: Starlette awaits an async def on the loop, where it "
    "blocks all other requests. uvloop sends what was written when the loop comes round again, so that even the "
    "answer itself waits for its task.",
)
