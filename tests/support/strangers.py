"""Small apps of somebody else's for tests: their files, and how to start one under our own interpreter."""

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from experiment.design.own_app import AppTarget

GOOD = """
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/")
    def home():
        return {"hello": "world"}
"""


def stranger(folder: Path, text: str = GOOD, *, module: str = "strange", **settings: Any) -> AppTarget:
    """Write an app of one module into a folder, and return it as a target."""
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(dedent(text), encoding="utf-8")
    return AppTarget(**{"target": f"{module}:app", "python": sys.executable, "directory": folder, **settings})
