"""Student's t distribution: the two functions an interval of two means needs, for any degrees of freedom.

P(|T| > t) = I_x(df / 2, 1 / 2) with x = df / (df + t²), where I is the regularised incomplete beta function (NIST
Digital Library of Mathematical Functions, 8.17); I by its continued fraction (8.17.22), evaluated from the front by
the modified Lentz method (Thompson & Barnett, Journal of Computational Physics 64, 1986).
"""

from math import exp, inf, lgamma, log, log1p

_ENOUGH = 1e-15
_MOST_TERMS = 10_000
_TINY = 1e-300
_BISECTIONS = 200


def two_sided_tail(t: float, df: float) -> float:
    """Return P(|T| > t); raises ValueError for df <= 0 or t < 0."""
    if df <= 0 or t < 0:
        raise ValueError(f"a tail needs t >= 0 and df > 0, not t = {t:g} and df = {df:g}")
    return incomplete_beta(df / 2, 0.5, df / (df + t * t))


def quantile(probability: float, df: float) -> float:
    """Return t with P(T <= t) = probability; raises ValueError unless 0 < probability < 1 and df > 0.

    Exact to about twelve digits: bisection on a monotone function, so that no starting value can lead it astray.
    """
    if not 0 < probability < 1:
        raise ValueError(f"a quantile is asked for between 0 and 1, not at {probability:g}")
    if probability < 0.5:  # noqa: PLR2004 - the distribution's centre of symmetry
        return -quantile(1 - probability, df)
    tail = 2 * (1 - probability)
    low, high = 0.0, 1.0
    while two_sided_tail(high, df) > tail:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if two_sided_tail(middle, df) > tail else (low, middle)
    return (low + high) / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1."""
    if x in (0.0, 1.0):
        return x
    # the fraction converges fast only below the mean of the distribution; beyond it the mirrored one does
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
    return front / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """Evaluate 1 + d1 / (1 + d2 / (1 + ...)), the denominator of the continued fraction."""
    value, numerator, denominator = 1.0, 1.0, 0.0
    for term in range(1, _MOST_TERMS):
        d = _coefficient(term, a, b, x)
        numerator = (1 + d / numerator) or _TINY
        denominator = 1 / ((1 + d * denominator) or _TINY)
        step = numerator * denominator
        value *= step
        if abs(step - 1) < _ENOUGH:
            return value
    return inf if value > 1 else value  # pragma: no cover - ten thousand terms are far beyond what any df here takes


def _coefficient(term: int, a: float, b: float, x: float) -> float:
    m = term // 2
    if term % 2:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
