"""Makes one trial's measurement from what driver, probe, host and database recorded (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from experiment.design.metrics import YARDSTICK_US
from experiment.design.model import Load, LoadKind
from experiment.records.driver_protocol import ResultEvent, SecondCounts
from experiment.records.histogram import Histogram, Quantile
from experiment.records.trial import LEAST_ANSWERS, Measurement, SecondRow, Series, TrialMetrics
from experiment.theory.steady import truncation_shift
from harness.system.usage import ProcessSample, cpu_resolution_us
from harness.system.yardstick import Pass, pass_us
from harness.trial.bystander import bystander_numbers, histogram_of
from harness.trial.contention import Edge, TrialCores, contention
from harness.trial.probe_log import ProbeLog, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialObservations:
    """Everything that was seen of one trial, from every side."""

    load: Load
    result: ResultEvent
    probe: ProbeLog | None
    edges: tuple[Edge, Edge] | None  # the window's open and close
    cores: TrialCores
    sut_idle_cpu_share: float | None  # cores that an idle SUT of this configuration keeps busy
    sut_ready_s: float
    wait_s: float | None = None  # what one request waits for, by the settings
    passes: Sequence[Pass] = ()  # of the yardstick, on the SUT's core
    connections: Sequence[tuple[float, int, int]] = ()  # database: (t, in use, waiting)


def assemble(seen: TrialObservations) -> Measurement:
    result = seen.result
    window = Window(result.window_open_t, result.window_close_t)
    histograms = _histograms(result)
    if seen.probe is not None:
        histograms[Series.LOOP_LAG] = seen.probe.lag_histogram(window)
    parts = (
        _answers(seen.load, result, window),
        _response_times(histograms),
        bystander_numbers(result.bystander, result.window_s) if result.bystander else {},
        _probe_numbers(seen.probe, histograms, window),
        _stalls(seen, window),
        _costs(seen, window),
        _database(seen.connections, window),
    )
    numbers: dict[str, Any] = {name: value for part in parts for name, value in part.items()}
    numbers["goodput_littles_rps"] = _by_littles_law(seen.load, numbers["response_mean_us"])
    numbers |= at_equal_speed(pass_us(seen.passes, window.open_t, window.close_t), numbers)
    metrics = TrialMetrics(sut_ready_s=seen.sut_ready_s, **numbers)
    return Measurement(metrics=metrics, histograms=histograms, seconds=_seconds(seen, window))


def _histograms(result: ResultEvent) -> dict[Series, Histogram]:
    out = {Series.RESPONSE: result.response, Series.SERVICE: result.service, Series.SEND_LAG: result.send_lag}
    if result.bystander:
        out[Series.BYSTANDER] = result.bystander.response
        out[Series.BYSTANDER_SEND_LAG] = result.bystander.send_lag
    histograms = {series: histogram_of(pairs) for series, pairs in out.items()}
    return {series: histogram for series, histogram in histograms.items() if histogram.total}


def _answers(load: Load, result: ResultEvent, window: Window) -> dict[str, Any]:
    window_s = window.close_t - window.open_t
    rates = [row.answers for row in result.per_second[: int(window_s)]]
    return {
        "window_s": window_s,
        "sent": result.sent,
        "answers": result.answers,
        "wrong": result.wrong,
        "errors": sum(result.errors.values()),
        "users_planned": load.users if load.kind is not LoadKind.OPEN else None,
        "users_started": result.users_started,
        "users_failed": result.users_failed,
        "connections_opened": result.connections_opened,
        "in_flight_mean": result.in_flight_mean,
        "in_flight_end": result.in_flight_end,
        "dropped": result.dropped,
        "goodput_rps": result.answers / window_s if load.kind is not LoadKind.BURST else None,
        "goodput_cv": pstdev(rates) / fmean(rates) if len(rates) > 1 and fmean(rates) > 0 else None,
        "unsteady_shift": truncation_shift(result.answers_per_bin),
        "makespan_s": result.makespan_s,
        "first_failure": result.first_failure,
    }


def _response_times(histograms: Mapping[Series, Histogram]) -> dict[str, Any]:
    response = histograms.get(Series.RESPONSE)
    return {
        **_quantiles("response", response),
        **_quantiles("bystander", histograms.get(Series.BYSTANDER)),
        "response_mean_us": response.mean_us() if response else None,
        "send_lag_p99_us": _sent_late(histograms.get(Series.SEND_LAG)),
        "bystander_send_lag_p99_us": _sent_late(histograms.get(Series.BYSTANDER_SEND_LAG)),
    }


def _sent_late(histogram: Histogram | None) -> float | None:
    """Return the p99 of the send lag of sent requests; requests above the limit in flight count as dropped instead."""
    return _value(Histogram(histogram.counts), 0.99) if histogram is not None else None


def _quantiles(name: str, histogram: Histogram | None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for label, q in (("p50", 0.5), ("p99", 0.99)):
        quantile = _quantile(histogram, q)
        out[f"{name}_{label}_us"] = quantile.value_us if quantile else None
        out[f"{name}_{label}_is_floor"] = quantile.is_floor if quantile else None
    return out


def _quantile(histogram: Histogram | None, q: float) -> Quantile | None:
    return histogram.quantile(q) if histogram is not None else None


def _value(histogram: Histogram | None, q: float) -> float | None:
    quantile = _quantile(histogram, q)
    return quantile.value_us if quantile else None


def _probe_numbers(probe: ProbeLog | None, histograms: Mapping[Series, Histogram], window: Window) -> dict[str, Any]:
    if probe is None:
        return {}
    lag = histograms.get(Series.LOOP_LAG)
    p99 = _quantile(lag, 0.99)
    on_loop = probe.share_on_loop()
    return {
        "loop_lag_p50_us": _value(lag, 0.5),
        "loop_lag_p99_us": p99.value_us if p99 else None,
        "loop_lag_p99_is_floor": p99.is_floor if p99 else None,
        "loop_lag_max_us": probe.lag_max_us(window),
        "stuck_at": probe.stuck_at(window),
        "tokens_total": probe.highest("tokens_total", window),
        "tokens_mean": probe.mean("tokens_borrowed", window),
        "tokens_peak": probe.highest("tokens_borrowed", window),
        "tokens_waiting_mean": probe.mean("tokens_waiting", window),
        "threads_peak": probe.highest("threads", window),
        "share_on_loop": on_loop,
        "share_off_loop": None if on_loop is None else 1 - on_loop,
        "in_flight_peak": None if on_loop is None else probe.samples[-1]["in_flight_peak"],
        "busiest_worker_share": probe.busiest_share(),
    }


def _by_littles_law(load: Load, response_mean_us: float | None) -> float | None:
    """Return X = N / R of a closed load (Little, Operations Research 9, 1961)."""
    if load.kind is not LoadKind.CLOSED or not response_mean_us:
        return None
    return load.users / response_mean_us * 1e6


def _stalls(seen: TrialObservations, window: Window) -> dict[str, Any]:
    """Return how long the loop stood still: as a share of the window, and in units of the work's own wait."""
    late = None if seen.probe is None else seen.probe.late_share(window)
    longest_us = None if seen.probe is None else seen.probe.lag_max_us(window)
    held_up = None if seen.probe is None or late is None else late * seen.probe.held_up_share(window)
    answers, wait_s = seen.result.answers, seen.wait_s
    window_s = window.close_t - window.open_t
    return {
        "loop_late_share": late,
        "loop_blocked_ms_per_answer": None if held_up is None or not answers else held_up * window_s * 1e3 / answers,
        "loop_stall_per_answer_waits": late * window_s / answers / wait_s if late and answers and wait_s else None,
        "loop_stall_longest_waits": longest_us / 1e6 / wait_s if longest_us is not None and wait_s else None,
    }


def _costs(seen: TrialObservations, window: Window) -> dict[str, Any]:
    driver_s = seen.result.driver_wall_s
    out: dict[str, Any] = {
        "driver_cpu_share": seen.result.driver_cpu_s / driver_s if driver_s else None,
        "sut_idle_cpu_share": seen.sut_idle_cpu_share,
    }
    if seen.edges is None:
        return out
    before, after = seen.edges
    out |= contention(before, after, seen.cores)
    if before.sut is not None and after.sut is not None:
        out |= _sut_costs(before.sut, after.sut, seen, window)
    return out


def _sut_costs(before: ProcessSample, after: ProcessSample, seen: TrialObservations, window: Window) -> dict[str, Any]:
    """Return costs over the span of the samples, not of the window: they are taken shortly after its edges."""
    answers, window_s = seen.result.answers, window.close_t - window.open_t
    share = before.cpu_share_until(after)
    switches = None
    if before.context_switches is not None and after.context_switches is not None and answers:
        switches = (after.context_switches - before.context_switches) / (after.t_s - before.t_s) / (answers / window_s)
    return {
        "sut_cpu_share": share,
        "sut_cpu_us_per_request": cpu_us_per_request(share, seen.sut_idle_cpu_share, answers, window_s),
        "sut_cpu_resolution_us": cpu_resolution_us(),
        "sut_rss_peak_mib": after.rss_peak_mib,
        "sut_threads_peak": max(before.threads, after.threads),
        "sut_context_switches_per_request": switches,
    }


LEAST_NET_CPU_S = 0.02
_LEAST_STEPS = 20


def cpu_us_per_request(share: float, idle_share: float | None, answers: int, window_s: float) -> float | None:
    """Return the CPU of a request without what the SUT costs when it is idle (shares in cores); None for too little.

    The net CPU must be 20 ms, 20 steps of the clock, and as much as the idle SUT's own: that was measured in another
    second, and a core's speed can differ by a fifth between the two.
    """
    if idle_share is None or answers < LEAST_ANSWERS:
        return None
    net_s = (share - idle_share) * window_s
    least_s = max(LEAST_NET_CPU_S, _LEAST_STEPS * cpu_resolution_us() / 1e6, idle_share * window_s)
    return net_s / answers * 1e6 if net_s >= least_s else None


def at_equal_speed(yardstick_us: float | None, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the normalized metrics: CPU time is divided by the yardstick's relative time, goodput is multiplied by it.

    Goodput at equal speed is valid only where the core was the limit; claims about waits do not use it.
    """
    if yardstick_us is None:
        return {}
    slower = yardstick_us / YARDSTICK_US
    factors = {
        ("goodput_rps", "goodput_normalized_rps"): slower,
        ("goodput_littles_rps", "goodput_littles_normalized_rps"): slower,
        ("sut_cpu_us_per_request", "sut_cpu_normalized_us_per_request"): 1 / slower,
    }
    plain = {new: (numbers.get(old), factor) for (old, new), factor in factors.items()}
    converted = {new: None if value is None else value * factor for new, (value, factor) in plain.items()}
    return {"yardstick_us": yardstick_us, **converted}


def _database(connections: Sequence[tuple[float, int, int]], window: Window) -> dict[str, Any]:
    inside = [(used, waiting) for t, used, waiting in connections if window.holds(t)]
    if not inside:
        return {}
    return {
        "db_in_use_mean": fmean(used for used, _ in inside),
        "db_in_use_peak": max(used for used, _ in inside),
        "db_waiting_peak": max(waiting for _, waiting in inside),
    }


def _seconds(seen: TrialObservations, window: Window) -> tuple[SecondRow, ...]:
    rows = {row.second: row for row in seen.result.per_second}
    return tuple(_second(k, rows.get(k), part, seen) for k, part in enumerate(window.seconds()))


def _second(number: int, row: SecondCounts | None, part: Window, seen: TrialObservations) -> SecondRow:
    probe = seen.probe
    database = _database(seen.connections, part)
    return SecondRow(
        second=number,
        answers=row.answers if row else 0,
        wrong=row.wrong if row else 0,
        errors=row.errors if row else 0,
        bystander_max_us=row.bystander_max_us if row else None,
        loop_lag_max_us=probe.lag_max_us(part) if probe else None,
        tokens_borrowed_max=probe.highest("tokens_borrowed", part) if probe else None,
        tokens_waiting_max=probe.highest("tokens_waiting", part) if probe else None,
        threads_max=probe.highest("threads", part) if probe else None,
        db_in_use_max=database.get("db_in_use_peak"),
        db_waiting_max=database.get("db_waiting_peak"),
    )
