"""How our data files are written: CSV with a head, several terms of one cell separated by bars. Pure."""

import csv
from pathlib import Path


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file by the names of its head."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def terms(cell: str) -> tuple[str, ...]:
    """The terms of one cell, without blanks around them and without empty ones."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())
