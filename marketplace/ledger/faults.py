"""What verification can find, each with the name of the check that found it."""

import enum
from dataclasses import dataclass, field


class Check(enum.StrEnum):
    """The checks, in the order in which an entry meets them."""

    ORDER = "order"  # positions without gap, times that do not go back
    ENTRY = "entry"  # canonical bytes and their leaf hash
    TREE = "tree"  # tiles, head
    COLUMNS = "columns"  # the copies of what the entry says
    FACTORS = "factors"  # published versions against the copies in entries and the roots in checkpoints
    FIGURE = "figure"  # the result, recomputed
    CONFIRMATIONS = "confirmations"  # their log against entries, tiles, head and checkpoints
    EXCHANGE = "exchange"  # each completed exchange has its entry, each entry its exchange
    CHECKPOINT = "checkpoint"  # stored checkpoints: root, form
    SIGNATURE = "signature"  # who signed them
    SAVED = "saved checkpoint"  # the one kept outside
    TOTALS = "totals"  # rollups


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, with which entry (None: with the ledger as a whole), and which check found it."""

    position: int | None
    what: str
    check: Check

    def __str__(self) -> str:
        where = f"entry {self.position}" if self.position is not None else "ledger"
        return f"{where}: {self.what} [{self.check}]"


@dataclass(slots=True)
class Report:
    """The outcome: how many entries the ledger has, the root they give, and the first faults."""

    size: int = 0
    root_hash: str = ""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.faults
