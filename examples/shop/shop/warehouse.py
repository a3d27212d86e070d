"""A stand-in for the SDK of a warehouse system: calls that wait for its network and know no other way."""

import time

ROUND_TRIP_S = 0.02


def level(product_id: int) -> int:
    """Return how many pieces of a product are in stock."""
    time.sleep(ROUND_TRIP_S)  # planted: stock, where the loop waits
    return product_id * 7 % 40
