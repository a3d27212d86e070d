"""docs/distributed.md: what one driver, several and their master were measured to do, and what a million users need."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from analysis.wording import markdown
from experiment.records.driver_protocol import MOST_AT_ONCE
from experiment.records.manifest import MOST_WORKERS
from experiment.records.scale_figures import CapacityFigures, MasterFigures, RatioFigure, ScaleFigures

DISTRIBUTED = "docs/distributed.md"
FIGURES = "docs/figures/scale.json"
COMMAND = f'make bench-scale ARGS="--out {FIGURES}"'
_TO_MEASURE = f"`{COMMAND}` writes the figures, and `make schema` this part."
_NOT_YET = f"Not measured for this version yet.\n{_TO_MEASURE}"

USERS = 1_000_000
_EVERY_S = (1, 10, 60)
_BUSY = 0.85
"""Up to this share of its core a driver measures the app and not itself (rule driver-cpu); a master likewise."""

_FRAME_BYTES = 66
_FRAMES = 4
"""A request, its answer and an acknowledgement of each: Ethernet, IPv4 and TCP with timestamps around each of them."""

_ONE = "1 worker"
_SILENCE_S = 10.0
"""So long after a window's end a trial waits for results (locustfiles/_crew_trial.py)."""


def scale_block(figures: ScaleFigures | None) -> str:
    """Return the generated part of the page (pure)."""
    if figures is None:
        return _NOT_YET
    host = f"{figures.host.cpu}, {figures.host.cores} cores, Locust {figures.packages.get('locust', '?')}"
    parts = [
        f"Measured by `{COMMAND}` on {host}.\n`make schema` computes this part from [the figures](figures/scale.json)."
    ]
    if figures.capacity is not None:
        parts += ["### One driver, and two", *_capacity(figures.capacity)]
    if figures.master:
        parts += ["### What a master costs", *_master(figures.master)]
    if figures.capacity is not None and len(figures.master) > 1:
        parts += ["### What a million users need", *_million(figures, figures.capacity)]
    return "\n\n".join(part.rstrip() for part in parts)


def _capacity(found: CapacityFigures) -> list[str]:
    rows = [(name, f"{rps:,.0f}", f"{found.stub_share.get(name, 0):.0%}") for name, rps in found.rps.items()]
    said = [f"{name}: {_interval(ratio)}" for name, ratio in found.ratios.items()]
    why = f" Two workers cannot do twice what one does here: {found.reason}." if found.reason else ""
    return [
        f"Against a stub that answers every request with the same bytes, {found.connections} connections, medians:",
        markdown.table(("driven by", "answers a second", "the stub's core is busy for"), rows),
        f"Ratios with intervals: {'; '.join(said)}.{why}",
    ]


def _interval(found: RatioFigure) -> str:
    if found.ratio is None:
        return "not measured"
    known = found.low is not None and found.high is not None
    return (
        f"{found.ratio:.2f} ({found.low:.2f} to {found.high:.2f})" if known else f"{found.ratio:.2f} (too few rounds)"
    )


def _master(found: Sequence[MasterFigures]) -> list[str]:
    rows = [
        (
            str(each.workers),
            f"{each.cpu_share:.3f}",
            f"{each.start_s:.2f} s",
            f"{each.report_ms:.0f} ms",
            f"{each.report_first_ms:.0f} and {each.report_last_ms:.0f} ms",
            f"{each.rss_first_mib:.1f} and {each.rss_last_mib:.1f} MiB",
        )
        for each in found
    ]
    return [
        f"With workers that only report, {found[0].trials} trials each; first and last are thirds of the trials:",
        markdown.table(
            (
                *("workers", "cores busy in a window", "from the command to the load", "from its end to the result"),
                *("first and last results", "first and last memory"),
            ),
            rows,
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a load of a million users takes who ask every so many seconds."""

    every_s: int
    requests_a_second: int
    workers_for_cpu: int
    workers_for_connections: int
    gigabits_a_second: float

    @property
    def workers(self) -> int:
        return max(self.workers_for_cpu, self.workers_for_connections)


def need(figures: ScaleFigures, capacity: CapacityFigures, every_s: int) -> Need:
    """Work it out (pure). Raises KeyError where one worker was not measured."""
    rps = USERS / every_s
    frames = capacity.request_bytes + capacity.answer_bytes + _FRAMES * _FRAME_BYTES
    return Need(
        every_s=every_s,
        requests_a_second=round(rps),
        workers_for_cpu=ceil(rps / (capacity.rps[_ONE] * _BUSY)),
        workers_for_connections=ceil(USERS / figures.descriptors),
        gigabits_a_second=rps * frames * 8 / 1e9,
    )


def _million(figures: ScaleFigures, capacity: CapacityFigures) -> list[str]:
    if _ONE not in capacity.rps:
        return ["Not computed: one worker was not measured."]
    needs = [need(figures, capacity, every_s) for every_s in _EVERY_S]
    rows = [
        (
            f"every {each.every_s} s" if each.every_s > 1 else "every second",
            f"{each.requests_a_second:,}",
            str(each.workers_for_cpu),
            str(each.workers_for_connections),
            f"{each.gigabits_a_second:.2g} Gbit/s",
        )
        for each in needs
    ]
    return [
        "Computed from these figures, not tried. Each user keeps a connection and asks with small requests:",
        markdown.table(
            (
                *("a user asks", "requests a second", "workers, for their CPU"),
                *("workers, for their connections", "network, each way together"),
            ),
            rows,
        ),
        "\n".join([*_bounds(figures), _where_the_master_ends(figures.master, needs)]),
    ]


def _bounds(figures: ScaleFigures) -> list[str]:
    """Say what bounds the connections of a worker, those of an address, and a trial of this suite."""
    open_at_once, addresses = f"{figures.descriptors:,}", ceil(USERS / figures.local_ports)
    workers = f"each on a core of its own, busy for at most {_BUSY:.0%}, and with at most {open_at_once} connections."
    ports = f"{figures.local_ports:,} connections fit between an address of a worker's and a port of the app. A million"
    ports += f" needs {addresses} addresses to connect from, or as many ports to connect to."
    suite = f"a trial has at most {MOST_AT_ONCE:,} users, and {MOST_WORKERS} workers drive it. A million users are"
    suite += " several campaigns beside each other, or another tool."
    return [f"- **Workers**: {workers}", f"- **Ports**: {ports}", f"- **This suite**: {suite}"]


def _where_the_master_ends(master: Sequence[MasterFigures], needs: Sequence[Need]) -> str:
    """Say at how many workers a master is at its end, by what each one more costs."""
    few, many = min(master, key=lambda m: m.workers), max(master, key=lambda m: m.workers)
    more = many.workers - few.workers
    share, report_s = (many.cpu_share - few.cpu_share) / more, (many.report_ms - few.report_ms) / more / 1e3
    by_cpu = int((_BUSY - few.cpu_share) / share) if share > 0 else None
    by_report = int(_SILENCE_S / report_s) if report_s > 0 else None
    least = min((each for each in (by_cpu, by_report) if each is not None), default=None)
    said = (
        f"- **The master**: each worker takes {share * 100:.2f} % of its core in a window, and {report_s * 1e3:.1f} ms "
    )
    said += f"of the report. It hears {many.second_bytes / 1e3:.0f} kB a second from each, and a result of "
    said += f"{many.result_bytes / 1e3:.0f} kB. "
    if least is None:
        return said + f"What it costs does not grow up to {many.workers} workers."
    first = "its core is full" if least == by_cpu else f"results take longer than {_SILENCE_S:g} s"
    enough = [f"{each.every_s} s" for each in needs if each.workers <= least]
    serves = f" That is enough for the users who ask every {' or '.join(enough)}." if enough else " That is too few."
    return f"{said}At about {least:,} workers {first}.{serves}"
