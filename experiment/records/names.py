"""What names may look like that come from a campaign's files: some become names of files, and all are printed."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field

_PLAIN = r"[A-Za-z0-9][A-Za-z0-9@+._-]{0,199}"
TRIAL_ID = re.compile(r"t\d{1,12}", re.ASCII)
NAME = re.compile(_PLAIN)

Name = Annotated[str, Field(pattern=rf"^{_PLAIN}$")]
"""Of a variant, a load, a treatment: no slash, no space, no control character."""

ClaimId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9@+.:_-]{0,199}$")]
"""It names the files of the claim's card, so that it must not begin like the title's, 00-title. What a claim about an
app is called has its request, change, metric and load in it."""

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9@+.:_-]{0,199}$")]

CampaignName = Annotated[str, Field(pattern=r"^[^/\x00-\x1f\x7f-\x9f]{1,255}$")]
"""The name of a folder, whichever the user gave it."""

RelativePath = Annotated[str, Field(pattern=r"^(\.\./)*(\.\.|[^/\x00-\x1f\x7f-\x9f]+(/[^/\x00-\x1f\x7f-\x9f]+)*)$")]
"""A path as seen from a folder, as os.path.relpath writes it: what leads upwards stands in front."""


def campaign_name(folder: Path) -> str:
    """Return what a campaign in this folder is called: as the folder is, without what no name may have."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "-", folder.resolve().name) or "campaign"
