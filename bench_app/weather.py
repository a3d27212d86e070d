"""The weather report that the upstream stub serves and that a right answer of the http variants must equal.

It is here, on the lowest floor, because both sides need it: the stub (harness) writes it, and the catalogue (bench_app)
knows from it what a right answer is.
"""

import zlib

CITY = "oslo"  # the city every catalogued request asks for

_SKIES = ("clear", "cloudy", "rain", "snow")


def report(city: str) -> dict[str, str | int]:
    """Return the report for `city`: the same for the same name, in every process and on every day.

    `temp_c` is in degrees Celsius (-20..39), `wind_mps` in metres a second (0..24).
    """
    seed = zlib.crc32(city.encode())
    return {
        "city": city,
        "temp_c": seed % 60 - 20,
        "wind_mps": seed // 60 % 25,
        "sky": _SKIES[seed // 1500 % len(_SKIES)],
    }
