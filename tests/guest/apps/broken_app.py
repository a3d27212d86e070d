"""An app that cannot be imported."""

print("started", end="")

import broken_parts

app = broken_parts.app
