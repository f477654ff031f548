"""Units that people trade in, and their tonnes. Pure."""

from decimal import Decimal

from marketplace.materials.taxonomy import Material

UNITS = ("t", "kg", "m3", "L", "piece", "bale")
_KG_PER_T = Decimal(1000)
_L_PER_M3 = Decimal(1000)


class NoConversion(ValueError):
    """The unit has no tonnes for this material: `missing` names what the taxonomy lacks."""

    def __init__(self, unit: str, missing: str) -> None:
        self.unit, self.missing = unit, missing
        super().__init__(f"{unit}: no {missing}")


def to_tonnes(quantity: Decimal, unit: str, material: Material) -> Decimal:
    """Tonnes of a quantity, rounded to the gram (six places).

    Volumes convert by the material's bulk or liquid density (t/m³), pieces and bales by their usual weight.

    Raises:
        NoConversion: the taxonomy knows no density or weight for this material.
        ValueError: the unit is unknown.
    """
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r}")
    return (quantity * _tonnes_per(unit, material)).quantize(Decimal("0.000001"))


def _tonnes_per(unit: str, material: Material) -> Decimal:
    if unit == "t":
        return Decimal(1)
    if unit == "kg":
        return 1 / _KG_PER_T
    if unit in ("m3", "L"):
        if material.density_t_per_m3 is None:
            raise NoConversion(unit, "density")
        return material.density_t_per_m3 / (1 if unit == "m3" else _L_PER_M3)
    weight = material.piece_kg if unit == "piece" else material.bale_kg
    if weight is None:
        raise NoConversion(unit, "weight")
    return weight / _KG_PER_T
