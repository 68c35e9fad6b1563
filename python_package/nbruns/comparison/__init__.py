"""What differs between runs: parameters, results, data, packages and code, as plain data.

Records and notebooks go in, a `Comparison` comes out; where they are fetched from is
the caller's affair.
"""

from __future__ import annotations

from nbruns.comparison.compared import Comparison, Side, compare

__all__ = ["Comparison", "Side", "compare"]
