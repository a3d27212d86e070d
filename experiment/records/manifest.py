"""Claims, loads and treatments as they stand in a manifest: registered before they are measured.

A report judges a campaign by the claims in its own manifest, not by today's table, so that moving an interval later
cannot change what an old campaign said.
"""

from __future__ import annotations

from dataclasses import asdict
from math import inf
from typing import TYPE_CHECKING, Any

from experiment.design.model import (
    Claim,
    Comparison,
    Cores,
    Interval,
    Load,
    LoadKind,
    Measurability,
    Metric,
    ServerConfig,
    Treatment,
)
from experiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping


def encode_treatment(treatment: Treatment) -> dict[str, Any]:
    """Return a treatment as JSON, its id included for people who read the manifest."""
    return {"id": treatment.id, **asdict(treatment)}


def decode_treatment(data: Mapping[str, Any]) -> Treatment:
    """Return the treatment that `encode_treatment` wrote."""
    server = data["server"]
    return Treatment(
        variant=data["variant"],
        load=data["load"],
        server=ServerConfig(cores=Cores(server["cores"]), thread_tokens=server["thread_tokens"]),
    )


def encode_claim(claim: Claim) -> dict[str, Any]:
    """Return a claim as JSON; an open end of an interval is null, since JSON has no infinity."""
    return {
        "id": claim.id,
        "slug": claim.slug,
        "statement": claim.statement,
        "source": claim.source,
        "measurability": claim.measurability.value,
        "note": claim.note,
        "comparisons": [
            {
                "treatment": encode_treatment(c.treatment),
                "baseline": None if c.baseline is None else encode_treatment(c.baseline),
                "metric": c.metric.value,
                "expected": [c.expected.low, None if c.expected.high == inf else c.expected.high],
            }
            for c in claim.comparisons
        ],
    }


def decode_claim(data: Mapping[str, Any]) -> Claim:
    """Return the claim that `encode_claim` wrote; raises StoreError when the manifest names what we do not know."""
    try:
        return Claim(
            id=data["id"],
            slug=data["slug"],
            statement=data["statement"],
            source=data["source"],
            measurability=Measurability(data["measurability"]),
            note=data["note"],
            comparisons=tuple(_decode_comparison(c) for c in data["comparisons"]),
        )
    except (KeyError, ValueError) as error:
        raise StoreError(f"the manifest's claim {data.get('id', '?')} cannot be read: {error}") from None


def _decode_comparison(data: Mapping[str, Any]) -> Comparison:
    low, high = data["expected"]
    return Comparison(
        treatment=decode_treatment(data["treatment"]),
        baseline=None if data["baseline"] is None else decode_treatment(data["baseline"]),
        metric=Metric(data["metric"]),
        expected=Interval(low, inf if high is None else high),
    )


def encode_load(load: Load) -> dict[str, Any]:
    """Return a load as JSON."""
    return asdict(load)


def decode_load(data: Mapping[str, Any]) -> Load:
    """Return the load that `encode_load` wrote; raises StoreError when the manifest names what we do not know."""
    try:
        return Load(**{**data, "kind": LoadKind(data["kind"])})
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"the manifest's load {data.get('id', '?')} cannot be read: {error}") from None
