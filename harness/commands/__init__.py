"""The `bench` command: one module a sub-command."""
