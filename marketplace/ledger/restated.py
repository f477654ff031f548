"""An entry at today's factors, beside what it says; the entry itself stays as it is."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from marketplace.carbon.restating import Part, Restatement, Version, restate
from marketplace.ledger.factors import current_versions


def todays_versions(factor_ids: Collection[str]) -> dict[str, Version]:
    """The newest published version of each factor."""
    return {f.factor_id: Version(f.version, f.value, f.gsd) for f in current_versions(factor_ids)}


def entry_at_todays_factors(body: Mapping[str, Any]) -> Restatement | None:
    """What the entry would say with the factors in force now; None for a reversal."""
    if "inputs" not in body:
        return None
    result, parts = body["result"], []
    for factor_id, text in result["sensitivities"].items():
        copy = body["factors"][factor_id]
        recorded = Version(int(copy["version"]), Decimal(copy["value"]), Decimal(copy["gsd"]))
        parts.append(Part(factor_id, recorded, Decimal(text)))
    variance = Decimal(result["specific_variance"])
    return restate(Decimal(result["net_kgco2e"]), parts, variance, todays_versions([p.factor_id for p in parts]))
