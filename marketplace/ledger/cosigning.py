"""The witness's side: follow a log from outside, and cosign only what extends what was seen before.

Needs no database: it reads checkpoint and tiles from an address or a directory, keeps its own last checkpoint in a
file, and signs with its own key (C2SP tlog-cosignature; the checks are those of tlog-witness).
"""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from marketplace.ledger.merkle import verify_consistency
from marketplace.ledger.notes import CheckpointBody, Note, NoteError, SigningKey, VerifierKey
from marketplace.ledger.tiles import TileAddress, TiledTree, TileError

TIMEOUT_SECONDS = 30
MOST_ANSWER_BYTES = 1_000_000


class Refused(Exception):
    """The witness does not cosign, and why. `is_alarm`: the log has contradicted itself, keep both checkpoints."""

    def __init__(self, why: str, *, is_alarm: bool = False) -> None:
        self.is_alarm = is_alarm
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where a log is read: `read(path)` gives the bytes under `checkpoint` or `tile/…`."""

    place: str
    read: Callable[[str], bytes]

    @classmethod
    def of(cls, place: str) -> LogSource:
        """A log at an http(s) address such as https://exchange.example/ledger, or mirrored in a directory."""
        if place.startswith(("http://", "https://")):
            base = place.rstrip("/")
            return cls(base, lambda path: _fetched(f"{base}/{path}"))
        folder = Path(place)
        return cls(place, lambda path: _from_file(folder / path))

    def tile(self, address: TileAddress) -> bytes:
        """One tile."""
        return self.read(f"tile/{address.path}")

    def tree(self, size: int) -> TiledTree:
        """The tree as the source's tiles give it."""
        return TiledTree(size, self.tile)

    def hand_in(self, note: Note) -> str:
        """Send a cosigned checkpoint to the log; returns its answer.

        Raises:
            Refused: the log did not take it, or is no address.
        """
        if not self.place.startswith(("http://", "https://")):
            raise Refused("a directory takes no cosignature; send the note to the log's operator")
        return _fetched(f"{self.place}/cosignatures", note.encoded.encode()).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the witness last cosigned, kept in its file."""

    path: Path

    def last(self) -> CheckpointBody | None:
        """The last checkpoint; None at first.

        Raises:
            Refused: the file is broken; starting anew by itself would forget what it was kept for.
        """
        if not self.path.exists():
            return None
        try:
            return CheckpointBody.parse(Note.parse(self.path.read_text(encoding="utf-8")).text)
        except (NoteError, UnicodeDecodeError) as broken:
            raise Refused(f"{self.path} is not the checkpoint it should be ({broken}); look at it first") from broken

    def keep(self, note: Note) -> None:
        """Write it, wholly or not at all, before anybody gets the cosignature."""
        draft = self.path.with_name(self.path.name + ".new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(note.encoded)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def cosign(source: LogSource, log_key: VerifierKey, witness_key: SigningKey, seen: Seen) -> Note:
    """Check the newest checkpoint against the last one and cosign it.

    Returns:
        The checkpoint with the log's signatures and the witness's own.

    Raises:
        Refused: the log's signature is not good, it shrank, forked, or its tiles do not give its root.
    """
    note, body = signed_checkpoint(source, log_key)
    check_extends(source, seen.last(), body)
    own = witness_key.cosign(note.text, int(time.time()))
    cosigned = note.with_signatures(own)
    seen.keep(cosigned)
    return cosigned


def signed_checkpoint(source: LogSource, log_key: VerifierKey) -> tuple[Note, CheckpointBody]:
    """The newest checkpoint of a log, signed by its key.

    Raises:
        Refused: it cannot be read, or is not signed by that key.
    """
    try:
        note = Note.parse(source.read("checkpoint").decode("utf-8"))
        body = CheckpointBody.parse(note.text)
    except (NoteError, UnicodeDecodeError) as broken:
        raise Refused(f"what {source.place} serves is no checkpoint: {broken}") from broken
    if log_key.signature_in(note) is None:
        raise Refused(f"the checkpoint is not signed by {log_key.name} with key {log_key.key_id.hex()}", is_alarm=True)
    if body.origin != log_key.name:
        raise Refused(f"the checkpoint is of {body.origin}, not of {log_key.name}")
    return note, body


def check_extends(source: LogSource, last: CheckpointBody | None, new: CheckpointBody) -> None:
    """Whether the tree of the new checkpoint begins with that of the last one.

    Raises:
        Refused: it is smaller, another one of the same size, does not extend it, or tiles are missing or wrong.
    """
    try:
        tree = source.tree(new.size)
        if tree.root() != new.root:
            raise Refused(f"the tiles of {new.size} entries do not give the root of the checkpoint", is_alarm=True)
        if last is None:
            return
        if last.origin != new.origin:
            raise Refused(f"the last checkpoint was of {last.origin}, this one is of {new.origin}")
        if new.size < last.size:
            raise Refused(f"the log had {last.size} entries and has {new.size}: entries were cut off", is_alarm=True)
        proof = tree.consistency_proof(last.size)
    except TileError as broken:
        raise Refused(f"a tile is missing or broken: {broken}") from broken
    if not verify_consistency(last.size, new.size, last.root, new.root, proof):
        raise Refused(
            f"the tree of {new.size} entries does not begin with the tree of {last.size} seen before: "
            "the log was rewritten, or shows two trees",
            is_alarm=True,
        )


def _fetched(url: str, body: bytes | None = None) -> bytes:
    # The address is the operator's own argument; `of` has checked that it is http or https.
    wanted = urllib.request.Request(url, body, {"Content-Type": "text/plain"} if body else {})  # noqa: S310
    try:
        with urllib.request.urlopen(wanted, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            data: bytes = answer.read(MOST_ANSWER_BYTES + 1)
    except urllib.error.HTTPError as failure:
        said = failure.read(500).decode("utf-8", "replace").strip()
        raise Refused(f"{url} answered {failure.code}: {said}") from failure
    except OSError as failure:
        raise Refused(f"{url} cannot be read: {failure}") from failure
    if len(data) > MOST_ANSWER_BYTES:
        raise Refused(f"{url} answered more than {MOST_ANSWER_BYTES} bytes")
    return data


def _from_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise Refused(f"{path} cannot be read: {failure.strerror}") from failure
