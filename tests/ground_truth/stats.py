"""Small statistics for comparing simulated samples with published ones; standard library only."""

import math


def percentile(sorted_values, p):
    """The p-th percentile (0..100) by linear interpolation; the values must be sorted."""
    if not sorted_values:
        raise ValueError("no values")
    at = (len(sorted_values) - 1) * p / 100
    low = math.floor(at)
    high = min(low + 1, len(sorted_values) - 1)
    return sorted_values[low] + (sorted_values[high] - sorted_values[low]) * (at - low)


def mean(values):
    return math.fsum(values) / len(values)


def ks_two_sample(left, right):
    """Two-sample Kolmogorov-Smirnov test: (largest distance, asymptotic p-value).

    The p-value uses Stephens' correction for the sample sizes, good from about ten values on.
    """
    left, right = sorted(left), sorted(right)
    n, m = len(left), len(right)
    i = j = 0
    distance = 0.0
    while i < n and j < m:
        value = min(left[i], right[j])
        while i < n and left[i] == value:
            i += 1
        while j < m and right[j] == value:
            j += 1
        distance = max(distance, abs(i / n - j / m))
    effective = math.sqrt(n * m / (n + m))
    scaled = (effective + 0.12 + 0.11 / effective) * distance
    if scaled < 1e-3:
        return distance, 1.0
    total = 0.0
    for k in range(1, 101):
        term = 2 * (-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2)
        total += term
        if abs(term) < 1e-12:
            break
    return distance, min(1.0, max(0.0, total))


def split_vote_probability(servers, available, latency):
    """Probability that nobody wins the first term, with a fixed one-way latency.

    Ongaro's thesis, chapter 9. `latency` is in units of the range of election timeouts.
    """
    needed = available - servers // 2 + 1  # candidates within `latency` of the first, itself included
    return sum(
        math.comb(available, k) * latency**k * (1 - latency) ** (available - k)
        for k in range(needed - 1, available + 1)
    )
