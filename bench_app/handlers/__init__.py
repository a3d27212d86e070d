"""The handlers: one module for each kind of work, one decorated function for each variant."""
