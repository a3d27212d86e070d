"""Where the shop's database lies, and the key its customers' routes ask for."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the environment says: SHOP_DATABASE is a file, SHOP_KEY the key. Without a key no order is shown."""

    database: Path
    api_key: str

    @classmethod
    def from_environment(cls) -> "Settings":
        database = Path(os.environ.get("SHOP_DATABASE", "shop.sqlite")).resolve()
        return cls(database=database, api_key=os.environ.get("SHOP_KEY", ""))
