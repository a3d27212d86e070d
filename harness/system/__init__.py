"""Processes, cores, the host and the small services beside a trial."""
