"""What theory says of a trial: ceilings, occupancy, steady state, validity."""
