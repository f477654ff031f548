"""How far a verification came: kept in memory, and in a file from which an interrupted run goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path

from marketplace.ledger.merkle import Frontier
from marketplace.ledger.stretches import Stretch
from marketplace.ledger.sums import Sums

SECONDS_BETWEEN = 5.0
FORM = 1


class Progress:
    """Size and frontier of what was found sound, and the sums so far.

    Args:
        path: the file to go on from, if it is there, and to write; None keeps nothing.

    Raises:
        ValueError: the file is not one that this version wrote.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._written = time.monotonic()
        self._frontier = Frontier()
        self.sums = Sums()
        if path is not None and path.exists():
            self._read(path)

    @property
    def size(self) -> int:
        """Entries that were found sound."""
        return self._frontier.size

    @property
    def frontier(self) -> list[str]:
        return self._frontier.to_list()

    @property
    def root(self) -> bytes:
        return self._frontier.root()

    def go_on(self, stretch: Stretch) -> None:
        """Take over the outcome of the next stretch."""
        self._frontier = Frontier.from_list(stretch.size, stretch.frontier)
        self.sums.merge(stretch.sums)
        if self.path is not None and time.monotonic() - self._written > SECONDS_BETWEEN:
            self.write()

    def skip_to(self, size: int, frontier: list[str]) -> None:
        """Begin with a tree that is taken as it is."""
        self._frontier = Frontier.from_list(size, frontier)

    def write(self) -> None:
        """Write the file, wholly or not at all."""
        if self.path is None:
            return
        state = {"form": FORM, "size": self.size, "frontier": self.frontier, "sums": self.sums.to_json()}
        _write(self.path, state)
        self._written = time.monotonic()

    def forget(self) -> None:
        """The run is complete: the next one begins anew."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _read(self, path: Path) -> None:
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            if state["form"] != FORM:
                raise ValueError(f"form {state['form']}")
            self._frontier = Frontier.from_list(state["size"], state["frontier"])
            self.sums = Sums.from_json(state["sums"])
        except (KeyError, TypeError, ValueError) as broken:
            raise ValueError(f"{path} is no file of an interrupted verification ({broken}); remove it") from broken


def _write(path: Path, state: object) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(path)
