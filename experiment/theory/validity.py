"""The validity rules: when a trial may be judged. Each rule has a limit, a meaning and advice.

To add one, decorate a function that looks at a trial's numbers and returns what it found, or None; those of the
bystander are in bystander_rules.py. An invalid trial stays on disk with the reason, does not enter estimates, and is
repeated once.
"""

from collections.abc import Mapping
from math import sqrt

from experiment.design.model import LoadKind
from experiment.records.trial import Finding, Measurement, TrialMetrics
from experiment.theory import bystander_rules  # noqa: F401  # enters its rules into the table
from experiment.theory.contention import kept_waiting
from experiment.theory.pool_occupancy import EXCESS, complaint
from experiment.theory.rules import RULES, RuleContext, rule

__all__ = ["FAILURE_RULES", "RULES", "RuleContext", "findings"]

FAILURE_RULES: Mapping[str, tuple[str, str]] = {
    "sut-died": ("The SUT ended while it was measured.", "Read the trial's log: the app's own error stands there."),
    "sut-not-ready": ("The SUT did not start.", "Read the trial's log; a port may be taken or a package broken."),
    "driver-failed": ("The driver broke off or fell silent.", "Read logs/driver.log; it was started anew."),
    "watch-lost": (
        "What the database saw could not be recorded, so the rule db-in-use cannot be checked.",
        "Look at logs/postgres.log: the server may be out of connections.",
    ),
    "service-died": (
        "A service the variant needs ended while it was measured.",
        "It was started again and the trial is repeated; read the service's log in logs/.",
    ),
}
"""Reasons why a trial did not finish: meaning and advice. The harness reports them, no check does."""


def findings(measurement: Measurement, context: RuleContext) -> tuple[Finding, ...]:
    """Return every rule that fires on a trial. An empty result means that it may be judged."""
    if measurement.failure is not None:
        name = measurement.failure_rule or "driver-failed"
        return (Finding(rule=name, reason=measurement.failure, advice=FAILURE_RULES[name][1]),)
    looked = ((known, known.check(measurement.metrics, context, known.limit or 0.0)) for known in RULES.values())
    return tuple(Finding(rule=r.id, reason=reason, advice=r.advice) for r, reason in looked if reason is not None)


@rule(
    "users-not-started",
    meaning="Every planned user must have connected.",
    advice="Look at the first failure: refused connections mean the SUT was not listening or out of descriptors.",
)
def users_not_started(metrics: TrialMetrics, _context: RuleContext, _limit: float) -> str | None:
    planned, started, failed = metrics.users_planned, metrics.users_started, metrics.users_failed
    if planned is None or (started == planned and not failed):
        return None
    first = f" ({metrics.first_failure})" if metrics.first_failure else ""
    return f"{started or 0} of {planned} users started, {failed or 0} failed to connect{first}"


@rule(
    "wrong-answers",
    meaning="Every answer must be the right one, whole.",
    advice="The variant answered something else under load than in preflight; the first wrong answer is quoted.",
)
def wrong_answers(metrics: TrialMetrics, _context: RuleContext, _limit: float) -> str | None:
    if not metrics.wrong:
        return None
    return f"{metrics.wrong} wrong of {metrics.sent} requests; first: {metrics.first_failure or 'not kept'}"


@rule(
    "errors",
    limit=0.001,
    meaning="At most one request in a thousand may end without an answer (refused, reset, timed out).",
    advice="The SUT or the system dropped connections; see the first failure and `bench doctor`.",
)
def errors(metrics: TrialMetrics, _context: RuleContext, limit: float) -> str | None:
    if not metrics.errors or metrics.sent is None:
        return None
    share = metrics.errors / max(metrics.sent, 1)
    if share <= limit:
        return None
    return f"{metrics.errors} of {metrics.sent} requests failed; first: {metrics.first_failure or 'not kept'}"


@rule(
    "driver-cpu",
    limit=0.85,
    meaning="The driver may use at most 85 % of its core: above that it measures itself.",
    advice="Give it a core of its own (`bench doctor`), or close what else runs on this machine.",
)
def driver_cpu(metrics: TrialMetrics, _context: RuleContext, limit: float) -> str | None:
    share = metrics.driver_cpu_share
    return None if share is None or share <= limit else f"the driver used {share:.0%} of its core"


@rule(
    "host-steal",
    limit=0.15,
    meaning="The hypervisor may take at most 15 % of the time of the SUT's cores.",
    advice="Other tenants of this host are busy; the trial is repeated, or try again at another hour.",
)
def host_steal(metrics: TrialMetrics, _context: RuleContext, limit: float) -> str | None:
    share = metrics.sut_steal_share
    return None if share is None or share <= limit else f"{share:.0%} of the time of the SUT's cores was stolen"


@rule(
    "in-flight",
    limit=0.10,  # includes the driver's own time between an answer and the next request: 6 % of four users' time
    meaning="A closed load of N users must keep N requests in flight, within 10 %.",
    advice="The driver could not keep all users busy; if driver-cpu fires too, that is why.",
)
def in_flight(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    if context.load.kind is not LoadKind.CLOSED or metrics.in_flight_mean is None:
        return None
    users = context.load.users
    off = abs(metrics.in_flight_mean - users) / users
    is_right = off <= limit or _is_a_pause(metrics, context, metrics.in_flight_mean)
    return None if is_right else f"{metrics.in_flight_mean:.1f} requests in flight on average, {users} planned"


def _is_a_pause(metrics: TrialMetrics, context: RuleContext, in_flight: float) -> bool:
    """Return whether what is missing of a closed load's users is no more than each one's pause between two requests."""
    missing, rate = context.load.users - in_flight, metrics.goodput_rps
    return rate is not None and 0 <= missing <= rate * context.pause_s


_WINDOWS_PER_RESPONSE = 10
"""Little's law holds for a window of many response times; in a shorter one, effects at the edges are larger."""


@rule(
    "littles-law",
    limit=0.10,
    meaning="X·R must equal the N in flight, within 10 %, wherever the window is ten response times long.",
    advice="Throughput, response time and load contradict each other: the measurement itself is at fault.",
)
def littles_law(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    """Fire when |X R - N| / N is above its limit (Little, Operations Research 9, 1961)."""
    x, r_us, window_s = metrics.goodput_rps, metrics.response_mean_us, metrics.window_s
    users = context.load.users
    if context.load.kind is not LoadKind.CLOSED or x is None or r_us is None or window_s is None:
        return None
    r_s = r_us / 1e6
    if window_s < _WINDOWS_PER_RESPONSE * r_s:
        return None
    off = abs(x * r_s - users) / users
    is_right = off <= limit or _is_a_pause(metrics, context, x * r_s)
    return None if is_right else f"X·R = {x * r_s:.1f} where {users} users were in flight"


@rule(
    "burst-unanswered",
    meaning="A burst must be answered whole within its bound.",
    advice="The makespan is unknown; raise the load's window_s, or look at the SUT's log.",
)
def burst_unanswered(metrics: TrialMetrics, context: RuleContext, _limit: float) -> str | None:
    if context.load.kind is not LoadKind.BURST or metrics.makespan_s is not None:
        return None
    return f"{metrics.answers or 0} of {context.load.users} answered within {context.load.window_s:g} s"


@rule(
    "send-lag",
    limit=25_000.0,
    meaning="Scheduled requests must leave within 25 ms of their intended start, 99 times in 100.",
    advice="The driver's core was busy with something else; close it, or see driver-cpu.",
)
def send_lag(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    lags = [metrics.bystander_send_lag_p99_us]
    if context.load.kind is LoadKind.OPEN:
        lags.append(metrics.send_lag_p99_us)
    worst = max((lag for lag in lags if lag is not None), default=0.0)
    return None if worst <= limit else f"p99 of the send lag was {worst / 1000:.1f} ms"


_POISSON_SIGMAS = 4


@rule(
    "rate-not-achieved",
    limit=0.05,
    meaning="An open load must offer its rate, within 5 % and what chance allows of a Poisson schedule.",
    advice="The driver fell behind its schedule: lower the rate, or see driver-cpu.",
)
def rate_not_achieved(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    if context.load.kind is not LoadKind.OPEN or metrics.sent is None or metrics.window_s is None:
        return None
    planned = context.load.rate_rps * metrics.window_s
    slack = limit + (_POISSON_SIGMAS / sqrt(planned) if context.load.arrivals == "poisson" else 1 / planned)
    arrivals = metrics.sent + (metrics.dropped or 0)
    return None if abs(arrivals / planned - 1) <= slack else f"{arrivals} arrivals where {planned:.0f} were planned"


@rule(
    "connections",
    limit=0.05,
    meaning="A closed load keeps one connection a user, within 5 %.",
    advice="The SUT closes connections between requests; reconnecting is then part of what is measured.",
)
def connections(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    if context.load.kind is not LoadKind.CLOSED or metrics.connections_opened is None:
        return None
    if metrics.connections_opened <= context.load.users * (1 + limit):
        return None
    return f"{metrics.connections_opened} connections opened for {context.load.users} users"


_STEADY_SIGMAS = 3


@rule(
    "not-steady",
    limit=0.2,
    meaning="MSER-5 may not want to cut away so much of the window that the mean goodput moves by over 20 %.",
    advice="The warm-up reaches into the window, or the machine's speed changed in it; the trial is repeated.",
)
def not_steady(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    shift = metrics.unsteady_shift
    if context.load.kind is LoadKind.BURST or shift is None:
        return None
    # few answers scatter by chance: three standard errors of half the window's count do not show an unsteady start
    chance = _STEADY_SIGMAS / sqrt(max(metrics.answers or 0, 1) / 2)
    if shift <= max(limit, chance):
        return None
    return f"the mean goodput moves by {shift:.0%} when the window's unsteady start is left out (MSER-5)"


@rule(
    "sut-contention",
    limit=0.10,  # as far as in-flight and littles-law let a measurement be off
    meaning="Other processes may keep the SUT's loop waiting for its core for at most 10 % of the window.",
    advice="Something else runs on the SUT's core: close it (a browser, a build, another benchmark).",
)
def sut_contention(metrics: TrialMetrics, _context: RuleContext, limit: float) -> str | None:
    share = kept_waiting(metrics.sut_runqueue_share, metrics.sut_foreign_cores)
    return (
        None if share is None or share <= limit else f"others kept the SUT from its core for {share:.0%} of the window"
    )


@rule(
    "driver-contention",
    limit=0.85,  # of driver-cpu: a driver that is kept from its core is as late as one that is busy
    meaning="The driver may run, or be kept waiting for its core by other processes, for 85 % of the window together.",
    advice="Something else runs on the driver's core: close it (a browser, a build, another benchmark).",
)
def driver_contention(metrics: TrialMetrics, _context: RuleContext, limit: float) -> str | None:
    used, waited = metrics.driver_cpu_share, kept_waiting(metrics.driver_runqueue_share, metrics.driver_foreign_cores)
    if used is None or not waited or used + waited <= limit:
        return None
    return f"the driver ran for {used:.0%} of the window, and others kept it from its core for {waited:.0%}"


@rule(
    "clock",
    limit=0.05,
    meaning="The window must last as long as planned, within 5 %.",
    advice="The clock jumped, or the driver was stopped for a while (a suspended laptop?).",
)
def clock(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    lasted_s, planned_s = metrics.window_s, context.load.window_s
    if context.load.kind is LoadKind.BURST or lasted_s is None or abs(lasted_s / planned_s - 1) <= limit:
        return None
    return f"the window lasted {lasted_s:.2f} s, {planned_s:g} s were planned"


@rule(
    "db-in-use",
    limit=EXCESS,
    meaning="A database must see X·S_hold connections in use: at most 10 % more, nor less than looking at it can miss.",
    advice=(
        "Fewer: not every answer is a query of this database. More: connections are kept without a query (a "
        "transaction left open), queries wait for locks, or another suite uses this database."
    ),
)
def db_in_use(metrics: TrialMetrics, context: RuleContext, limit: float) -> str | None:
    return None if context.hold is None else complaint(metrics, context.hold, excess=limit)
