"""The contents of a campaign's manifest.json: what it measures, registered beforehand, and on which machine.

A report judges a campaign by the claims in its own manifest, not by today's table. So a later change of an interval
cannot change the verdicts of an old campaign. The JSON schema is docs/schema/manifest.json. Format 1, which had fewer
server factors, stays readable in every later version.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationError, field_validator

from experiment.design.model import Claim, Load, Treatment
from experiment.errors import StoreError
from experiment.records.names import CampaignName, Name, RelativePath
from experiment.records.registered import ClaimEntry, Entry, PlannedLoad, Text, TreatmentEntry
from experiment.records.validation import complaint

FORMAT_VERSION: Literal[2] = 2
_SMALLEST_SETTING, _LARGEST_SETTING = 1e-9, 1e9

LOOPBACK = "127.0.0.1"
"""Where the app listens, unless workers elsewhere are to reach it."""

_MOST_SHOWN = 80  # characters of what is wrong
Seconds = Annotated[float, Field(ge=0, le=1e7)]
Core = Annotated[int, Field(ge=0, le=100_000)]


def _number(value: Any) -> Any:
    """Return a setting; what each may be is checked where it is used, harness/trial/app_settings.py."""
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:  # noqa: PLR0124 - NaN
        raise ValueError("must be a number")
    if value != 0 and not _SMALLEST_SETTING <= value <= _LARGEST_SETTING:
        raise ValueError(f"must be 0 or a number from {_SMALLEST_SETTING:g} to {_LARGEST_SETTING:g}")
    return value


Setting = Annotated[
    float | None, PlainValidator(_number, json_schema_input_type=float | None), PlainSerializer(lambda value: value)
]


class ProfileFacts(Entry):
    """The profile of the campaign, and its limits."""

    name: Text
    is_smoke: bool = False
    budget_s: Seconds
    max_rounds: Annotated[int, Field(ge=0, le=1_000_000)]
    time_scale: Annotated[float, Field(gt=0, le=1000)] = 1.0
    all_rounds: bool = False


class HostFacts(Entry):
    """What a reader must know about the machine to compare it with another one; None means not recorded."""

    cpu: Text | None = None
    cores: Annotated[int, Field(ge=1, le=100_000)] | None = None
    memory_gib: Annotated[float, Field(ge=0, le=1e9)] | None = None
    kernel: Text | None = None
    os: Text | None = None
    arch: Text | None = None
    python: Text | None = None
    python_implementation: Text | None = None


class GitState(Entry):
    """The checkout it was measured from; None outside a git checkout."""

    commit: Text | None = None
    dirty: bool | None = None


class Pinning(Entry):
    """The cores of the SUT, and those of everything else."""

    sut: tuple[Core, ...] = ()
    others: tuple[Core, ...] = ()
    everything: tuple[Core, ...] = ()
    enforced: bool | None = None
    note: Text = ""


class DatabaseFacts(Entry):
    """The PostgreSQL behind the db variants."""

    version: Text
    source: Text


class ReproducedCampaign(Entry):
    """The campaign that this one repeats, and its place, relative to this one's folder."""

    campaign: CampaignName
    commit: Text | None = None
    path: RelativePath | None = None


class Elsewhere(Entry):
    """Workers that others start: where they find the master and the app, and the machines that they came from."""

    bind: Text  # HOST:PORT; the last colon is before the port
    sut_host: Text = LOOPBACK
    machines: tuple[Text, ...] = ()


MOST_WORKERS = 64


class Manifest(Entry):
    """The file manifest.json. What a campaign did not record is None or empty."""

    format_version: Literal[2] = FORMAT_VERSION
    project: Text = "handlerbench"
    version: Text = ""
    campaign: CampaignName
    profile: ProfileFacts | None = None
    command: Text = ""
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    judge: Literal["1", "2", "3"] = Field(
        default="3", description="the judge's rule; a manifest that names none has rule 1"
    )
    started_at: Text | None = None
    finished_at: Text | None = None
    stopped_because: Text | None = None
    host: HostFacts = HostFacts()
    packages: dict[Text, Text] = Field(default={})
    git: GitState = GitState()
    pinning: Pinning = Pinning()
    settings: dict[Text, Setting] = Field(default={})
    loads: dict[Name, PlannedLoad] = Field(default={})
    claims_version: int = Field(
        default=1, ge=1, le=1_000_000, description="of the table of claims; CHANGELOG says what changed with each"
    )
    claims: tuple[ClaimEntry, ...] = ()
    treatments: tuple[TreatmentEntry, ...] = ()
    sweep: tuple[TreatmentEntry, ...] = ()
    skipped: dict[Text, Text] = Field(default={}, description="variant or treatment: why it is not measured")
    commands: dict[Text, Text] = Field(default={}, description="treatment: the SUT's command line and variables")
    workers: int = Field(default=0, ge=0, le=MOST_WORKERS, description="processes that drive; 0: one, without a master")
    elsewhere: Elsewhere | None = Field(default=None, description="of workers that bench did not start itself")
    forked: bool | None = Field(default=None, description="whether SUTs of the usual launch were forked, not started")
    database: DatabaseFacts | None = None
    reproduces: ReproducedCampaign | None = None

    @field_validator("loads")
    @classmethod
    def _under_their_ids(cls, loads: dict[str, Load]) -> dict[str, Load]:
        for name, load in loads.items():
            if name != load.id:
                raise ValueError(f"the load {name} says that it is {load.id[:80]!r}")
        return loads

    @field_validator("claims")
    @classmethod
    def _each_once(cls, claims: tuple[ClaimEntry, ...]) -> tuple[ClaimEntry, ...]:
        for key in ("id", "slug"):  # of any case: they name files
            twice, times = Counter(getattr(c, key).casefold() for c in claims).most_common(1)[0] if claims else ("", 0)
            if times > 1:
                raise ValueError(f"there are two claims with the {key} {twice}")
        return claims

    def planned(self) -> tuple[Treatment, ...]:
        return tuple(entry.value for entry in self.treatments)

    def asked(self) -> tuple[Claim, ...]:
        """Return the claims that are judged, in order."""
        return tuple(entry.value for entry in self.claims)


def read_manifest(data: Mapping[str, Any], where: str) -> Manifest:
    """Return the manifest from parsed JSON of this format or an older one.

    Raises StoreError for anything else. The message names the file `where` and the key.
    """
    version = data.get("format_version")
    if type(version) is not int or version not in (1, FORMAT_VERSION):
        raise StoreError(
            f"{where} has format {_short(version)}; this version reads formats 1 to {FORMAT_VERSION}. Use the version "
            "that wrote it (see its manifest)."
        )
    try:
        whole = {"judge": "1", **(_from_format_1(data) if version == 1 else data)}
        return Manifest.model_validate_json(json.dumps(whole), strict=True)  # as JSON, in which a list is a tuple
    except ValidationError as error:
        raise StoreError(f"{where}: {complaint(error)}.") from None
    except RecursionError:
        raise StoreError(f"{where} is damaged: it is nested too deep.") from None


def _short(version: Any) -> str:
    text = repr(version)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"


def _from_format_1(data: Mapping[str, Any]) -> dict[str, Any]:
    claims = data.get("claims", ())
    if isinstance(claims, list | tuple):
        claims = [_without_measurability(claim) for claim in claims]
    return {**data, "format_version": FORMAT_VERSION, "claims": claims}


def _without_measurability(claim: Any) -> Any:
    return {k: v for k, v in claim.items() if k != "measurability"} if isinstance(claim, dict) else claim
