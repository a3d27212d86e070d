"""Claims about what a request costs by itself, and one that load cannot decide: A20, A21."""

from experiment.design.claims.table import ANYTHING, article, claim, ratio
from experiment.design.metrics import CPU_PER_REQUEST, NORMALIZED_CPU_PER_REQUEST
from experiment.design.model import at_most

ASYNC, DEF = "noop.async-native", "noop.def"

claim(
    "A20",
    "everything-async",
    "With nothing to wait for, async def costs at most 0.85 of the CPU a request of plain def, at 400 a second and at "
    "saturation",
    article("Interview cheat sheet"),
    ratio(
        ASYNC,
        DEF,
        load="open-400",
        metric=NORMALIZED_CPU_PER_REQUEST,
        expected=at_most(0.85),
        scatter=0.03,
        is_alike=True,
    ),
    ratio(
        ASYNC,
        DEF,
        load="closed-20",
        metric=NORMALIZED_CPU_PER_REQUEST,
        expected=at_most(0.85),
        scatter=0.09,
        is_alike=True,
    ),
    refuted_by="async def costs more than 0.85 of the CPU under one of the two loads",
    beside=(
        ratio(ASYNC, DEF, load="open-400", metric=CPU_PER_REQUEST, expected=ANYTHING),
        ratio(ASYNC, DEF, load="closed-20", metric=CPU_PER_REQUEST, expected=ANYTHING),
    ),
    note="Judged at equal core speed; the value as measured stands beside it. At saturation the CPU of a request is "
    "one core by the goodput, so that only the open load tells the two apart.",
)
claim(
    "A21",
    "most-common-bug",
    "Blocking inside async def is the most common FastAPI performance bug",
    article("The killer pitfall"),
    note="How common a bug is cannot be measured by load; that takes a survey of code.",
)
