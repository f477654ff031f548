"""The auditor's export: the whole ledger as one archive that opens with nothing but Python.

It is written while it is sent: a million entries need no more memory than a thousand.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import selectinload

from marketplace.calendar import stamp
from marketplace.database import now
from marketplace.exchanges.models import Confirmation
from marketplace.extensions import db
from marketplace.ledger import factor_table, verify_certificate
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.checkpoints import published_note
from marketplace.ledger.factors import plain
from marketplace.ledger.keys import listed_keys, signing_key
from marketplace.ledger.models import Checkpoint, EmissionFactor, LedgerEntry, LedgerHead, Witness
from marketplace.ledger.notes import Note

FORMAT = "gcx-export/2"
BATCH = 1000
CHUNK_BYTES = 256 * 1024
README = Path(__file__).with_name("EXPORT_README.md")
FACTOR_COLUMNS = (
    "factor_id", "version", "name_en", "name_zh", "kind", "value", "unit", "gsd", "region", "year", "source",
    "source_detail", "confidence", "notes", "published_at",
)  # fmt: skip


def export_stream() -> Iterator[bytes]:
    """The archive, piece by piece."""
    sink = _Sink()
    digests: dict[str, str] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files():
            digest = hashlib.sha256()
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in content:
                    digest.update(piece)
                    file.write(piece)
                    if sink.size > CHUNK_BYTES:
                        yield sink.take()
            digests[name] = digest.hexdigest()
        archive.writestr(zipfile.ZipInfo("MANIFEST"), _manifest(digests))
        yield sink.take()
    yield sink.take()


def _files() -> Iterator[tuple[str, Iterable[bytes]]]:
    """Names and contents; what is appended or published meanwhile is left out on all sides."""
    newest = db.session.scalar(select(func.max(Checkpoint.id))) or 0
    head = db.session.execute(select(LedgerHead.__table__)).one()
    yield "README.md", [README.read_bytes()]
    yield "verify_certificate.py", [Path(verify_certificate.__file__).read_bytes()]
    yield "about.json", [_about(head.size)]
    yield "keys.txt", [f"{row.since.isoformat()} {row.key.encoded}\n".encode() for row in listed_keys()]
    yield "witnesses.txt", [f"{vkey}\n".encode() for vkey in db.session.scalars(select(Witness.vkey))]
    yield "factors.jsonl", (line + b"\n" for line in factor_table.lines())
    yield "factors.csv", _factors_csv()
    yield "checkpoints.jsonl", _checkpoints(head, newest)
    yield "confirmations.txt", _confirmations(head.confirmations)
    yield "entries.jsonl", _entries(head.size)


def _about(size: int) -> bytes:
    about = {"format": FORMAT, "origin": signing_key().name, "entries": str(size), "exported_at": stamp(now())}
    return json.dumps(about, indent=1).encode() + b"\n"


def _entries(size: int) -> Iterator[bytes]:
    """Canonical bytes as they are, one entry a line; canonical JSON has no line breaks of its own."""
    for first in range(0, size, BATCH):
        rows = (
            select(LedgerEntry.canonical)
            .where(LedgerEntry.position >= first, LedgerEntry.position < min(first + BATCH, size))
            .order_by(LedgerEntry.position)
        )
        yield "".join(canonical + "\n" for canonical in db.session.scalars(rows)).encode()


def _confirmations(size: int) -> Iterator[bytes]:
    """The leaf hash of each confirmation in hex, also of those that are in no entry yet, one a line."""
    for first in range(0, size, BATCH):
        rows = (
            select(Confirmation.leaf_hash)
            .where(Confirmation.number >= first, Confirmation.number < min(first + BATCH, size))
            .order_by(Confirmation.number)
        )
        yield "".join(leaf + "\n" for leaf in db.session.scalars(rows)).encode()


def _checkpoints(head: Row[Any], newest: int) -> Iterator[bytes]:
    """Every kept checkpoint with its cosignatures, smallest first, and the one in the head."""
    after = (-1, 0)
    while True:
        rows = db.session.scalars(
            select(Checkpoint)
            .where(tuple_(Checkpoint.size, Checkpoint.id) > after)
            .where(Checkpoint.id <= newest, Checkpoint.size <= head.size)
            .options(selectinload(Checkpoint.cosignatures))
            .order_by(Checkpoint.size, Checkpoint.id)
            .limit(BATCH)
        ).all()
        for row in rows:
            yield _line(row.issued_at, published_note(row))
        if len(rows) < BATCH:
            break
        after = (rows[-1].size, rows[-1].id)
    if head.note:
        yield _line(now(), Note.parse(head.note))


def _line(issued_at: datetime, note: Note) -> bytes:
    return canonical_bytes({"issued_at": stamp(issued_at), "note": note.encoded}) + b"\n"


def _factors_csv() -> Iterator[bytes]:
    """All published versions with names and notes, for people and spreadsheets."""
    yield _csv_line(FACTOR_COLUMNS)
    for row in db.session.scalars(select(EmissionFactor).order_by(EmissionFactor.id)):
        numbers = {"value": plain(row.value), "gsd": plain(row.gsd), "published_at": stamp(row.published_at)}
        yield _csv_line([numbers.get(name, getattr(row, name)) for name in FACTOR_COLUMNS])


def _csv_line(cells: Iterable[Any]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


def _manifest(digests: dict[str, str]) -> str:
    """A signed note with the digest of each file: who changes one, changes the archive."""
    text = "".join([f"{FORMAT}\n", *(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))])
    return Note(text, (signing_key().sign(text),)).encoded


class _Sink(io.RawIOBase):
    """What the archive is written to: it keeps pieces until they are taken, and cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self.pieces, self.size = b"".join(self.pieces), [], 0
        return taken


Progress = Callable[[int], None]


def write_export(path: Path, progress: Progress = lambda written: None) -> int:
    """The archive in a file, which appears only when it is whole; returns its size in bytes."""
    draft, written = path.with_name(path.name + ".part"), 0
    try:
        with draft.open("wb") as file:
            for piece in export_stream():
                written += file.write(piece)
                progress(written)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return written
