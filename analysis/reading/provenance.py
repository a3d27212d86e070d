"""How and where a campaign was measured, as its manifest tells: a list of names and values for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.wording import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def provenance(manifest: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield what the manifest says about how and where; what it does not say is left out."""
    profile, host, git = (manifest.get(key, {}) for key in ("profile", "host", "git"))
    pinning, settings = manifest.get("pinning", {}), manifest.get("settings", {})
    dirty = ", with uncommitted changes" if git.get("dirty") else ""
    found = (
        ("version", " ".join(str(manifest.get(key, "")) for key in ("project", "version"))),
        ("commit", f"{git.get('commit')}{dirty}" if git.get("commit") else None),
        ("profile", _profile(profile)),
        ("seed", manifest.get("seed")),
        ("started", _time(manifest.get("started_at"))),
        ("finished", _time(manifest.get("finished_at")) or "not finished"),
        ("stopped because", manifest.get("stopped_because")),
        ("processor", f"{host.get('cpu')}, {host.get('cores')} cores" if host else None),
        ("memory", f"{host['memory_gib']:g} GiB" if host.get("memory_gib") else None),
        ("system", " ".join(str(host[key]) for key in ("os", "kernel") if host.get(key))),
        ("Python", host.get("python")),
        ("pinning", _pinning(pinning)),
        ("settings", ", ".join(f"{key} = {value}" for key, value in settings.items())),
    )
    return ((name, str(value)) for name, value in found if value not in (None, "", " "))


def _time(iso: str | None) -> str | None:
    return iso and iso.replace("T", " ").replace("+00:00", " UTC")


def _profile(profile: Mapping[str, Any]) -> str | None:
    if not profile:
        return None
    stays = ", every claim in every round" if profile.get("all_rounds") else ""
    return (
        f"{profile.get('name')}: at most {profile.get('budget_s', 0):g} s or {profile.get('max_rounds')} rounds{stays}"
    )


def _pinning(pinning: Mapping[str, Any]) -> str | None:
    if not pinning:
        return None
    note = f" ({pinning['note']})" if pinning.get("note") else ""
    if not pinning.get("enforced"):
        return f"not enforced{note}"
    sut, others = (words.listing([str(c) for c in pinning.get(key, [])]) for key in ("sut", "others"))
    return f"SUT on core {sut}, driver and services on core {others}{note}"
