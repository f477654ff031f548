"""The versions of the method whose figures can be recomputed; entries name theirs, and keep it for ever.

A new version is added here and in `verify_certificate.py` beside the old ones, which stay: without them old entries
could not be checked. A test holds that both know the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from marketplace.carbon.errors import InputError
from marketplace.carbon.method import assess
from marketplace.ledger.entries import result_of
from marketplace.ledger.recompute import quick_result

Inputs = Mapping[str, Any]
Factors = Mapping[str, Mapping[str, str]]
_OF_A_FACTOR = ("value", "unit", "gsd", "version")


@dataclass(frozen=True, slots=True)
class Method:
    """How the result in an entry follows from its inputs and factors.

    `careful` decides, and raises InputError; `quick` gives the same, or None where it does not know.
    """

    careful: Callable[[Inputs, Factors], Mapping[str, Any]]
    quick: Callable[[Inputs, Factors], Mapping[str, Any] | None]

    def fault(self, body: Mapping[str, Any]) -> str | None:
        """What is wrong with the figure of an assessment."""
        inputs, factors, result = body["inputs"], body["factors"], body["result"]
        if self.quick(inputs, factors) == result:
            return None
        try:
            wanted = self.careful(inputs, {name: {key: f[key] for key in _OF_A_FACTOR} for name, f in factors.items()})
        except InputError as wrong:
            return f"the figure cannot be recomputed: {wrong}"
        if result != wanted:
            return f"the figure is {result['net_kgco2e']} kg CO2e, recomputed {wanted['net_kgco2e']}"
        return None


METHODS: Mapping[str, Method] = MappingProxyType(
    {"avoided/1.0": Method(lambda inputs, factors: result_of(assess(inputs, factors)), quick_result)}
)
