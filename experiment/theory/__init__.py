"""What theory says about a trial: ceilings, pool occupancy, steady state, validity."""
