"""One trial: the SUT, the driver, and the measurement made from what SUT, driver and host recorded."""
