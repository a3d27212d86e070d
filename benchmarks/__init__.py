"""Measurements of the instrument itself: what the driver costs, whether the judge is honest, how analysis scales."""
