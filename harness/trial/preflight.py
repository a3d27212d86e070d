"""Preflight: a variant is timed only if its answer is right and equal to the others of its family."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from bench_app.catalogue import CATALOGUE
from bench_app.registry import Variant
from experiment.design.factors import server
from harness.system.services import Service
from harness.trial.rig import Rig

_TIMEOUT_S = 30.0
_ALL_LIMIT_S = 600.0  # more than all of them together take, each within its own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightReport:
    """The right answer of each good variant, and what is wrong with each bad one."""

    answers: Mapping[str, bytes]
    complaints: Mapping[str, str]


def preflight(rig: Rig, variants: Iterable[str]) -> PreflightReport:
    """Send one request to every variant, on one SUT that serves them all.

    Raises EnvironmentUnfitError when that SUT does not start.
    """
    chosen = {v: CATALOGUE[v] for v in variants}
    with rig.serving(chosen, server(cores="all"), "preflight") as service:
        answers, complaints = _ask_all(rig, service, chosen)
    complaints |= _unequal(chosen, answers)
    rig.forget_probe("preflight")
    return PreflightReport(answers={v: a for v, a in answers.items() if v not in complaints}, complaints=complaints)


def _ask_all(rig: Rig, service: Service, chosen: Mapping[str, Variant]) -> tuple[dict[str, bytes], dict[str, str]]:
    answers: dict[str, bytes] = {}
    complaints: dict[str, str] = {}
    # all at once, so that the demo's routes of 2 s do not add up
    with httpx.Client(base_url=service.url, timeout=_TIMEOUT_S) as client, ThreadPoolExecutor(8) as pool:
        jobs = {v.id: pool.submit(_ask, rig, client, v) for v in chosen.values()}
        for name, job in jobs.items():
            body, complaint = job.result(_ALL_LIMIT_S)
            if complaint is None:
                answers[name] = body
            else:
                complaints[name] = complaint
    return answers, complaints


def _ask(rig: Rig, client: httpx.Client, variant: Variant) -> tuple[bytes, str | None]:
    call = rig.call_for(variant)
    try:
        answer = client.request(call.method, call.path, headers=list(call.headers), content=call.body)
    except httpx.HTTPError as error:
        return b"", f"{variant.id}: no answer: {error!r}"
    return answer.content, variant.complaint(answer.status_code, answer.content)


def _unequal(chosen: Mapping[str, Variant], answers: Mapping[str, bytes]) -> dict[str, str]:
    """Return a complaint for every variant whose answer differs from the first of its family."""
    first: dict[str, str] = {}
    complaints = {}
    for name, body in answers.items():
        model = first.setdefault(chosen[name].family, name)
        if body != answers[model]:
            complaints[name] = f"{name} answers {body[:80]!r} where {model} answers {answers[model][:80]!r}"
    return complaints
