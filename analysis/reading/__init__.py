"""A campaign's folder as values: what was measured, what it means, how far to trust it."""
