"""Numbers as people read them: in the digits that matter, and how far apart they are."""

from __future__ import annotations

import math
import sys

_DIGITS = 4


def number(value: float, digits: int = _DIGITS) -> str:
    """A value in the digits that matter: 0.9532, 12.35, 48210, 1.2e−5.

    Zeros at the end stay where they were rounded to (0.9990), and only there (0.5).
    """
    if math.isnan(value):
        return "NaN"
    size = abs(value)
    # MLflow stores an infinity as the largest double.
    if size >= sys.float_info.max:
        return "∞" if value > 0 else "−∞"
    if size and not 1e-4 <= size < 1e7:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    elif float(value).is_integer():
        text = str(int(value))
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = min(repr(float(value)), f"{value:.{decimals}f}", key=len)
    return text.replace("-", "−")


def exact(value: float) -> str:
    """A value in full, for the hover."""
    return number(value) if not math.isfinite(value) else repr(value)


def delta(value: float, baseline: float) -> str:
    """How far a value lies from the baseline's, with its sign; empty where that means nothing."""
    if not (math.isfinite(value) and math.isfinite(baseline)):
        return ""
    # 0.3 - 0.1 is 0.19999999999999998: what lies under the fourteenth digit is noise.
    gap = value - baseline
    if abs(gap) <= 1e-14 * max(abs(value), abs(baseline)):
        return "±0"
    return f"+{number(gap, 2)}" if gap > 0 else number(gap, 2)
