"""Claims about what dependencies cost: B4. All of them do nothing, on an async def that does nothing."""

from experiment.design.claims.table import claim, ratio, saturated
from experiment.design.metrics import NORMALIZED_CPU_PER_REQUEST
from experiment.design.model import Comparison, Interval, at_least, at_most

NOOP = "noop.async-native"
TIP = "Kludex/fastapi-tips, tip 9"


def _at_saturation(treatment: str, baseline: str, expected: Interval) -> Comparison:
    return saturated(treatment, baseline, expected, scatter=0.16)


claim(
    "B4",
    "sync-dependency-costs-a-hop",
    "With 20 users and nothing to wait for, a dependency written as async def instead of def gives at least 1.35 times "
    "the goodput",
    "ray-project/ray, pull request 55457: 296 requests a second with a def dependency, 400 with an async def, 35 % "
    "more",
    _at_saturation(f"{NOOP}.deps-async-1", f"{NOOP}.deps-sync-1", at_least(1.35)),
    refuted_by="async def gives less than 1.35 times the goodput",
    differs_in={"tool"},
    note="FastAPI runs a def dependency in a thread, whatever it does. The way there and back costs about half of what "
    "the rest of such a request costs. The longer a handler works, the less that is.",
)
claim(
    "B4b",
    "each-sync-dependency-costs-a-hop",
    "With 20 users and nothing to wait for, five def dependencies have at most half the goodput of five async ones",
    f"{TIP}: a def dependency runs in a thread; each of them, it follows",
    _at_saturation(f"{NOOP}.deps-sync-5", f"{NOOP}.deps-async-5", at_most(0.5)),
    refuted_by="five def dependencies keep more than half of the goodput",
    differs_in={"tool"},
    note="Dependencies run one after the other, each with a hop of its own. Each is another function here, since "
    "FastAPI calls the same one only once a request.",
)
claim(
    "B4c",
    "class-dependency-costs-a-hop",
    "With 20 users and nothing to wait for, five async functions give 1.15 to 1.6 times the goodput of five classes as "
    "dependencies",
    "codecrafts.blog on fastapi-async-safe-dependencies: 15 to 60 % more without the thread pool",
    _at_saturation(f"{NOOP}.deps-async-5", f"{NOOP}.deps-class-5", Interval(1.15, 1.6)),
    refuted_by="async functions give less than 1.15 or more than 1.6 times the goodput",
    differs_in={"tool"},
    note="Calling a class is no coroutine, so FastAPI makes each instance in a thread. Five hops "
    "should cost more than the source says.",
)
claim(
    "B4d",
    "sync-yield-dependency-costs-two-hops",
    "With 20 users and nothing to wait for, five def dependencies with yield have at most 0.8 of the goodput of five "
    "without",
    f"{TIP}, and FastAPI's source: a def with yield is entered in a thread and left in a thread",
    _at_saturation(f"{NOOP}.deps-yield-5", f"{NOOP}.deps-sync-5", at_most(0.8)),
    refuted_by="those with yield keep more than 0.8 of the goodput",
    differs_in={"tool"},
    note="What follows the yield runs in a thread as well, once the answer is sent: ten hops a request instead of "
    "five.",
)
claim(
    "B4e",
    "async-yield-stays-on-the-loop",
    "With 20 users and nothing to wait for, five async def dependencies with yield give at least 1.5 times the goodput "
    "of five def ones with yield",
    f"{TIP}: written as async def, a dependency runs on the loop",
    _at_saturation(f"{NOOP}.deps-yield-async-5", f"{NOOP}.deps-yield-5", at_least(1.5)),
    refuted_by="async def gives less than 1.5 times the goodput",
    differs_in={"tool"},
    note="No hop to begin and none to end. What is left is the bookkeeping of five context managers.",
)
claim(
    "B4f",
    "async-dependency-is-nearly-free",
    "At 400 requests a second and with nothing to wait for, an async def dependency costs at most a tenth more CPU a "
    "request",
    f"{TIP} advises it and does not say what it costs",
    ratio(
        f"{NOOP}.deps-async-1",
        NOOP,
        load="open-400",
        metric=NORMALIZED_CPU_PER_REQUEST,
        expected=at_most(1.1),
        scatter=0.055,
        is_alike=True,
    ),
    refuted_by="it costs more than 1.1 times the CPU at equal core speed",
    differs_in={"tool"},
    note="FastAPI still solves its parameters and calls it, which takes some microseconds of the loop. At "
    "saturation the driver may be the limit of a route as light as this one, so it is asked at a moderate rate.",
)
