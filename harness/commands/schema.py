"""Write the JSON schemas of what the project reads and writes to docs/schema/: `make schema`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from experiment.records.driver_protocol import COMMANDS, EVENTS
from experiment.records.manifest import Manifest
from harness.system.places import HOME

FOLDER = HOME / "docs" / "schema"
SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "manifest.json": Manifest.model_json_schema,
    "driver-command.json": COMMANDS.json_schema,
    "driver-event.json": EVENTS.json_schema,
}


def text_of(name: str) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **SCHEMAS[name]()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in SCHEMAS:
        (FOLDER / name).write_text(text_of(name), encoding="utf-8")
        print(f"wrote docs/schema/{name}")


if __name__ == "__main__":
    main()
