"""How and where a campaign was measured, as its manifest tells: a list of names and values for readers."""

from collections.abc import Iterable

from analysis.wording import words
from experiment.records.manifest import Manifest, Pinning, ProfileFacts


def provenance(manifest: Manifest) -> Iterable[tuple[str, str]]:
    """Yield what the manifest says about how and where; what it does not say is left out."""
    host, git = manifest.host, manifest.git
    dirty = ", with uncommitted changes" if git.dirty else ""
    settings = {name: value for name, value in manifest.settings.items() if value is not None}
    found = (
        ("version", f"{manifest.project} {manifest.version}"),
        ("commit", f"{git.commit}{dirty}" if git.commit else None),
        ("profile", _profile(manifest.profile)),
        ("seed", manifest.seed),
        ("started", _time(manifest.started_at)),
        ("finished", _time(manifest.finished_at) or "not finished"),
        ("stopped because", manifest.stopped_because),
        ("processor", f"{host.cpu}, {host.cores} cores" if host.cpu else None),
        ("memory", f"{host.memory_gib:g} GiB" if host.memory_gib else None),
        ("system", " ".join(filter(None, (host.os, host.kernel)))),
        ("Python", host.python),
        ("pinning", _pinning(manifest.pinning)),
        ("settings", ", ".join(f"{name} = {value}" for name, value in settings.items())),
    )
    return ((name, str(value)) for name, value in found if value not in (None, "", " "))


def _time(iso: str | None) -> str | None:
    return iso and iso.replace("T", " ").replace("+00:00", " UTC")


def _profile(profile: ProfileFacts | None) -> str | None:
    if profile is None:
        return None
    stays = ", every claim in every round" if profile.all_rounds else ""
    return f"{profile.name}: at most {profile.budget_s:g} s or {profile.max_rounds} rounds{stays}"


def _pinning(pinning: Pinning) -> str | None:
    if pinning.enforced is None:
        return None
    note = f" ({pinning.note})" if pinning.note else ""
    if not pinning.enforced:
        return f"not enforced{note}"
    sut, others = (words.listing([str(c) for c in cores]) for cores in (pinning.sut, pinning.others))
    return f"SUT on core {sut}, driver and services on core {others}{note}"
