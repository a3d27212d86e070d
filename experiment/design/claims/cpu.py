"""Claims about CPU work: A14 to A16."""

from experiment.design.claims.table import ALL_CORES, ANYTHING, DEFAULT, article, claim, ratio
from experiment.design.metrics import BYSTANDER_P99, LOOP_LAG_P99, NORMALIZED_GOODPUT, RESPONSE_P99
from experiment.design.model import at_least, at_most

OFFLOAD, BLOCKING = "upload.async-offload", "upload.async-blocking"

claim(
    "A14",
    "offload-frees-the-loop",
    "Beside 8 uploads, the slowest bystander in a hundred waits at most 0.7 times as long with run_in_threadpool",
    article("Offloading CPU work"),
    ratio(OFFLOAD, BLOCKING, load="closed-8", metric=BYSTANDER_P99, expected=at_most(0.7), scatter=0.215),
    refuted_by="it waits more than 0.7 times as long",
    beside=(ratio(OFFLOAD, BLOCKING, load="closed-8", metric=LOOP_LAG_P99, expected=ANYTHING),),
    note="Better, not free: the parse holds the GIL, and the loop waits for its turn.",
)
claim(
    "A14b",
    "offload-costs-the-uploads",
    "With 8 users, the uploads' own p99 is at least a tenth longer with run_in_threadpool",
    article("Offloading CPU work"),
    ratio(OFFLOAD, BLOCKING, load="closed-8", metric=RESPONSE_P99, expected=at_least(1.1), scatter=0.16),
    refuted_by="the p99 is less than 1.1 times as long",
    note="On the loop they are served one after the other; threads take turns, and some uploads wait for many turns.",
)
claim(
    "A15",
    "gil-still-bites",
    "Threads give a PDF parse no more throughput on all cores, and they do for work that lets go of the GIL",
    article("Offloading CPU work"),
    ratio(
        OFFLOAD,
        BLOCKING,
        load="closed-8-short",
        metric=NORMALIZED_GOODPUT,
        expected=at_most(1.25),
        scatter=0.18,
        server=ALL_CORES,
        is_alike=True,
    ),
    ratio(
        "password.async-offload",
        "password.async-blocking",
        load="closed-8-short",
        expected=at_least(1.3),
        scatter=0.16,
        server=ALL_CORES,
    ),
    refuted_by="threads raise the goodput of the parse by more than a quarter; or they give password checks less than "
    "1.3 times as much, and then it is not the GIL that decides",
    beside=(ratio(OFFLOAD, BLOCKING, load="closed-8-short", expected=ANYTHING, server=ALL_CORES),),
    note="The SUT has all cores on both sides and shares them with the driver. 1.3 is for two cores. The second "
    "comparison is a control. The parse is judged at equal core speed, the password check as measured.",
)
claim(
    "A16",
    "process-pool-is-parallel",
    "A process pool on all cores parses at least 1.3 times as much as one core does",
    article("Offloading CPU work"),
    ratio(
        "upload.async-process",
        BLOCKING,
        load="closed-8-short",
        expected=at_least(1.3),
        scatter=0.24,
        server=ALL_CORES,
        baseline_server=DEFAULT,
    ),
    refuted_by="it has less than 1.3 times the goodput of the loop on one core",
    note="1.3 is for two cores, which the SUT shares with the driver. The baseline is what one core does best: one "
    "parse after the other on the loop.",
)
