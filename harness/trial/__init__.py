"""One trial: the SUT, the driver, and what both and the host saw."""
