"""The steps of a sweep: variants under rising rates, or under rising numbers of users, waits and pool sizes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from bench_app.items import PLAIN
from bench_app.registry import Variant
from bench_app.styles import RunsOn
from experiment.design.factors import THREAD_TOKENS, WAIT_MS, ServerConfig, server
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
    settings: Mapping[str, Any],
) -> tuple[Step, ...]:
    """Return a closed load of each number of users for each variant, wait and pool size, and what theory needs.

    A pool size is given only to variants that run in the pool. None stands for the settings' own value. Raises
    ValueError for a variant whose wait cannot be set.
    """
    fixed = [v.id for v in variants if waits_ms != (None,) and not has_wait(v)]
    if fixed:
        raise ValueError(f"how long {fixed[0]} waits cannot be set; it can for variants of sleep and db that wait")
    steps = [
        _step(variant, users_load(count, _wait_s(variant, config, settings)), config)
        for variant in variants
        for config in _configs(variant, waits_ms, tokens)
        for count in users
    ]
    return tuple(dict.fromkeys([*((cost, LOADS[cost.load]) for cost in _COSTS), *steps]))


def has_wait(variant: Variant) -> bool:
    """Return whether the server factor wait_ms decides how long a request to the variant takes."""
    return variant.work.setting in WAIT_MS.settings(1) and not (variant.tool or "").endswith(PLAIN)


def _configs(variant: Variant, waits_ms: Sequence[int | None], tokens: Sequence[int | None]) -> Iterator[ServerConfig]:
    sizes = tokens if variant.style.runs_on is RunsOn.LIMITER else (None,)
    for wait_ms, size in product(waits_ms, sizes):
        yield server({WAIT_MS.name: wait_ms, THREAD_TOKENS.name: size})


def _wait_s(variant: Variant, config: ServerConfig, settings: Mapping[str, Any]) -> float:
    return float(config.settings(settings).get(variant.work.setting or "") or 0.0)


def _step(variant: Variant, load: Load, config: ServerConfig) -> Step:
    return Treatment(variant=variant.id, load=load.id, server=config), load
