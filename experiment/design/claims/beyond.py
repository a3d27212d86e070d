"""Claims beyond the article: B5, B27."""

from experiment.design.claims.table import claim, ratio
from experiment.design.metrics import CPU_PER_REQUEST, RESPONSE_P99
from experiment.design.model import Comparison, Treatment, at_least

claim(
    "B5",
    "annotated-def-costs-two-hops",
    "A plain def with a return annotation costs at least 1.2 times the CPU of one without, for a second thread hop",
    "FastAPI validates the answer of an annotated def in a thread of its own",
    ratio(
        "noop.def.annotated", "noop.def", load="closed-20", metric=CPU_PER_REQUEST, expected=at_least(1.2), scatter=0.16
    ),
    refuted_by="the annotated route costs less than 1.2 times the CPU",
    differs_in={"tool"},
    note="Every other variant has response_model=None, which keeps FastAPI from validating; so their annotations cost "
    "nothing, and no def variant hides a second hop.",
)
claim(
    "B27",
    "closed-loop-hides-stalls",
    "A closed load of 4 users hides a stall that 100 arrivals a second on a schedule all meet",
    "performance engineering: coordinated omission",
    Comparison(
        treatment=Treatment(variant="stall.async-blocking", load="open-100"),
        baseline=Treatment(variant="stall.async-blocking", load="closed-4"),
        metric=RESPONSE_P99,
        expected=at_least(10),
        scatter=0.3,
    ),
    refuted_by="the p99 under open arrivals is less than 10 times that under the closed load",
    differs_in={"load"},
    note="The loop stands still for 0.4 s in every 2 s. Four users send four requests into each stall and wait; "
    "arrivals keep coming, so a fifth of them meet it.",
)
