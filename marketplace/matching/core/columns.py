"""Listings as columns: one array per fact, so that thousands of pairs are weighed at once. Pure (numpy).

The same columns stand in memory (files, the delta of newer listings) and in a memory-mapped snapshot; whoever
scores does not know which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np

SLOTS = 6  # concepts of a kind that a listing may hold
FIGURES = 4  # stated amounts that are compared
CODES = 3
BARRED = 8  # materials and kinds that a want refuses, or that an offer consists of
DIMENSIONS = 256  # of the latent text space
FULL_WEIGHT = 255  # weights of concepts are stored in steps of 1/255
NO_DAY = np.iinfo(np.int32).min

# Bits of `flags`.
HAZARDOUS, ACCEPTS_HAZARD, FOOD_SAFE, NEEDS_FOOD_SAFE, REFUSES = 1, 2, 4, 8, 16

# name → (type, shape of one row); slots stand first in the array so that each is contiguous.
LAYOUT: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "ids": ("<i8", ()),
    "enterprises": ("<i8", ()),
    "materials": ("<u2", (SLOTS,)),
    "material_weights": ("u1", (SLOTS,)),
    "named": ("u1", ()),
    "uses": ("<u2", (SLOTS,)),
    "use_weights": ("u1", (SLOTS,)),
    "codes": ("<i4", (CODES,)),
    "components": ("u1", (FIGURES,)),
    "lows": ("<f4", (FIGURES,)),
    "highs": ("<f4", (FIGURES,)),
    "log_t": ("<f4", ()),
    "lat": ("<f4", ()),
    "lon": ("<f4", ()),
    "from_day": ("<i4", ()),
    "until_day": ("<i4", ()),
    "price": ("<f4", ()),
    "flags": ("u1", ()),
    "licences": ("<u8", ()),
    "barred": ("<i2", (BARRED,)),
    "vectors": ("<f2", (DIMENSIONS,)),
}
# What is read of every row that is weighed; a snapshot keeps it together, so that a row is one line of the processor's
# cache and not eleven.
PACKED = (
    "log_t lat lon price from_day until_day materials uses material_weights use_weights flags".split()
)  # widest numbers first, so that each is aligned
CACHE_LINE = 64  # bytes
ROWS_FIRST = frozenset({"vectors", "barred"})  # read whole, so the numbers of a row stand together


@dataclass(frozen=True, slots=True)
class Columns:
    """Listings of one kind; n rows.

    `materials`, `uses` (6, n): numbers in the knowledge base, its size where a slot is empty; `*_weights` in 1/255.
    `named`: bit k when the material of slot k stands in the text or was chosen. `codes` (3, n): see `code_number`,
    0 for none. `components` (4, n): number of the component + 1, 0 for none; `lows`, `highs`: its bounds, NaN when
    open. `log_t`: log10 of tonnes a month, NaN when unknown. `lat`, `lon`: WGS-84 degrees. `from_day`, `until_day`:
    days since 1970, NO_DAY when unknown. `price`: CNY per tonne paid by the taker, NaN when unknown. `licences`:
    of an offer the bit of its HW category, of a want the bits of the categories it may take, 0 for any.
    `barred` (n, 8): see `refusals.Refusals`, 0 where empty. `vectors` (n, 256): of length 1 or 0.
    """

    ids: np.ndarray
    enterprises: np.ndarray
    materials: np.ndarray
    material_weights: np.ndarray
    named: np.ndarray
    uses: np.ndarray
    use_weights: np.ndarray
    codes: np.ndarray
    components: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    log_t: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    from_day: np.ndarray
    until_day: np.ndarray
    price: np.ndarray
    flags: np.ndarray
    licences: np.ndarray
    barred: np.ndarray
    vectors: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: np.ndarray | Sequence[int]) -> "Columns":
        """The rows asked for, in that order, copied."""
        return Columns(**{f.name: take_rows(f.name, getattr(self, f.name), rows) for f in fields(self)})


def take_rows(name: str, array: np.ndarray, rows: np.ndarray | Sequence[int] | slice) -> np.ndarray:
    """Rows of one column, wherever its rows stand; of a slice a view, which may be written to."""
    return np.asarray(array[rows] if name in ROWS_FIRST or array.ndim == 1 else array[:, rows])


def shape_of(name: str, rows: int) -> tuple[int, ...]:
    """The shape of a column of so many rows."""
    _, per_row = LAYOUT[name]
    return (rows, *per_row) if name in ROWS_FIRST or not per_row else (*per_row, rows)


def empty(rows: int) -> dict[str, np.ndarray]:
    """Columns to be filled: nothing known of any row."""
    arrays = {name: np.zeros(shape_of(name, rows), dtype) for name, (dtype, _) in LAYOUT.items()}
    for name in ("lows", "highs", "log_t", "price"):
        arrays[name][:] = np.nan
    arrays["from_day"][:] = arrays["until_day"][:] = NO_DAY
    return arrays


def stack(parts: Sequence[Columns]) -> Columns:
    """Several blocks one after the other."""
    return Columns(**{n: np.concatenate([getattr(p, n) for p in parts], axis=rows_axis(n)) for n in LAYOUT})


def packed_type() -> np.dtype[np.void]:
    """A row of the packed columns."""
    formats = [(np.dtype(kind), shape) for kind, shape in (LAYOUT[name] for name in PACKED)]
    return np.dtype(
        {
            "names": PACKED,
            "formats": formats,
            "offsets": np.cumsum([0, *(np.dtype(f).itemsize for f in formats)])[:-1].tolist(),
            "itemsize": CACHE_LINE,
        }
    )


def unpacked(rows: np.ndarray) -> dict[str, np.ndarray]:
    """The columns in an array of `packed_type`, as views that may be written to."""
    return {name: np.moveaxis(rows[name], 0, -1) for name in PACKED}


def rows_axis(name: str) -> int:
    """Along which axis of a column its rows stand."""
    return len(LAYOUT[name][1]) if name not in ROWS_FIRST else 0


def day_number(day: date | None) -> int:
    """Days since 1970; NO_DAY when unknown."""
    return day.toordinal() - 719163 if day else int(NO_DAY)


def joined_runs(starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The numbers of several runs, one run after the other: each from its start, as many as its size."""
    skipped = np.cumsum(sizes) - sizes
    return np.asarray(np.repeat(starts - skipped, sizes) + np.arange(sizes.sum()))


def code_number(code: str) -> int:
    """A waste code as a number: 1xxxxxx List of Waste, 2xxxxxx SW list, 3xxxxxx HW list; 0 for none."""
    digits = "".join(c for c in code if c.isdigit())[:6]
    if not digits:
        return 0
    return {"S": 2, "H": 3}.get(code[0].upper(), 1) * 1_000_000 + int(digits)


def licence_bit(hw_code: str) -> int:
    """The bit of a category of hazardous waste ("HW34"); 0 when there is none."""
    digits = "".join(c for c in hw_code if c.isdigit())[:2]
    return 1 << int(digits) if digits else 0
