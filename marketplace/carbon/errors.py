"""What can be wrong with the inputs of an assessment (METHOD §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from marketplace.carbon.library import LibraryFactor


class InputError(ValueError):
    """A wrong input, named by its path.

    Args:
        path: the field, e.g. ``deliveries.0.wet_t``.
        message: what is expected there, for a person.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        return type(self), (self.path, self.message)

    def under(self, prefix: str) -> InputError:
        """The same error seen from an enclosing document."""
        return InputError(f"{prefix}.{self.path}", self.message)


class UnknownMaterial(LookupError):
    """No usual treatment is on record for a material."""

    def __init__(self, material: str) -> None:
        super().__init__(f"no baseline for material {material!r}; add it to baselines.csv")
        self.material = material


class MissingFactor(LookupError):
    """No factor may be taken for what is wanted.

    Args:
        wanted: the id that was asked for.
        nearest: what a person may decide to use, never taken by itself; None if there is nothing alike.
        gsd: its spread when used for this, ≥ 1.
    """

    def __init__(self, wanted: str, nearest: LibraryFactor | None, gsd: Decimal | None) -> None:
        offer = f"; nearest is {nearest.id} with a spread of {gsd:f}" if nearest and gsd else ""
        super().__init__(f"no factor for {wanted!r}{offer}")
        self.wanted = wanted
        self.nearest = nearest
        self.gsd = gsd


class BrokenTable(ValueError):
    """A data file delivered with the code breaks its own rules."""
