"""The steps of a sweep: variants under rising rates, or under rising numbers of users, waits, pool sizes and CPU."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from bench_app.items import PLAIN
from bench_app.registry import Variant
from bench_app.styles import RunsOn
from bench_app.works import SLEEP
from experiment.design.factors import CPU_US, THREAD_TOKENS, WAIT_MS, ServerConfig, server
from experiment.design.loads import LOADS, sweep_load, users_load
from experiment.design.model import Load, Treatment

Step = tuple[Treatment, Load]
USERS = (1, 2, 5, 10, 20, 40, 80, 200)
_COSTS = tuple(Treatment(variant=f"noop.{style}", load="closed-20") for style in ("async-native", "def"))
"""What a request and a thread hop cost: theory's ceilings need both."""


def rate_steps(variants: Sequence[Variant], rates: Sequence[float]) -> tuple[Step, ...]:
    """Return an open load of each rate for each variant."""
    return tuple(_step(variant, sweep_load(rate), server()) for variant in variants for rate in rates)


def users_steps(
    variants: Sequence[Variant],
    users: Sequence[int],
    *,
    waits_ms: Sequence[int | None] = (None,),
    tokens: Sequence[int | None] = (None,),
    cpus_us: Sequence[int | None] = (None,),
    settings: Mapping[str, Any],
) -> tuple[Step, ...]:
    """Return a closed load of each number of users for each variant, wait, pool size and CPU, and what theory needs.

    A pool size is given only to variants that run in the pool. None stands for the settings' own value. Raises
    ValueError for a variant whose wait or CPU cannot be set.
    """
    if fixed := [v.id for v in variants if waits_ms != (None,) and not has_wait(v)]:
        raise ValueError(f"how long {fixed[0]} waits cannot be set; it can for variants of sleep and db that wait")
    if fixed := [v.id for v in variants if cpus_us != (None,) and v.work is not SLEEP]:
        raise ValueError(f"how much CPU {fixed[0]} uses cannot be set; it can for variants of sleep")
    steps = [
        _step(variant, users_load(count, _longest_s(variant, config, count, settings)), config)
        for variant in variants
        for config in _configs(variant, waits_ms, tokens, cpus_us)
        for count in users
    ]
    return tuple(dict.fromkeys([*((cost, LOADS[cost.load]) for cost in _COSTS), *steps]))


def has_wait(variant: Variant) -> bool:
    """Return whether the server factor wait_ms decides how long a request to the variant takes."""
    return variant.work.setting in WAIT_MS.settings(1) and not (variant.tool or "").endswith(PLAIN)


def _configs(
    variant: Variant, waits_ms: Sequence[int | None], tokens: Sequence[int | None], cpus_us: Sequence[int | None]
) -> Iterator[ServerConfig]:
    sizes = tokens if variant.style.runs_on is RunsOn.LIMITER else (None,)
    for wait_ms, size, cpu_us in product(waits_ms, sizes, cpus_us):
        yield server({WAIT_MS.name: wait_ms, THREAD_TOKENS.name: size, CPU_US.name: cpu_us})


def _longest_s(variant: Variant, config: ServerConfig, users: int, settings: Mapping[str, Any]) -> float:
    """Return the longer of a request's wait and of its turn where all users want the same core."""
    wait_s = config.settings(settings).get(variant.work.setting or "") or 0.0
    return max(float(wait_s), users * int(config[CPU_US] or 0) / 1e6)


def _step(variant: Variant, load: Load, config: ServerConfig) -> Step:
    return Treatment(variant=variant.id, load=load.id, server=config), load
