"""Blocks on disk: written once, checked, then mapped by every worker. Pure.

A snapshot is a folder of raw arrays and `manifest.json`, which names each file's type, shape and SHA-256. Opening
maps the files and checks what costs the same at any size: the manifest's own hash, the format, the knowledge it was
made from, every file's length and the bytes at its ends. `verify` reads everything; the job that builds a snapshot
does so before it is put to use.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from marketplace.matching.core.block import Block, block_of
from marketplace.matching.core.boxes import Boxes, order_of
from marketplace.matching.core.columns import LAYOUT, PACKED, Columns, packed_type, shape_of, take_rows, unpacked
from marketplace.matching.core.tables import KnowledgeTables
from marketplace.materials.refusable import refusables

FORMAT = 4
EDGE = 4096  # bytes at both ends of a file that are checked on opening: the same cost at any size
CHUNK = 32768  # rows copied at a time
LISTS = ("starts", "rows", "first_box", "centres", "cell_starts", "cell_rows", "by_id")
BOXES = ("lows", "highs", "starts")
KINDS = ("offers", "wants")
APART = tuple(name for name in LAYOUT if name not in PACKED)  # columns with a file of their own


class BrokenSnapshot(RuntimeError):
    """The snapshot cannot be used; the message says why. Build a new one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the log of changes was read: the newest change, and what the database could see (PostgreSQL only)."""

    change: int
    seen: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both kinds of listings; what changed after `mark` may be in it or not. `built_at`: ISO 8601 with its zone."""

    offers: Block
    wants: Block
    mark: Mark
    built_at: str

    def partners_of(self, is_offer: bool) -> Block:
        """The listings that an offer (or a want) may be matched with."""
        return self.wants if is_offer else self.offers


def fingerprint(tables: KnowledgeTables) -> str:
    """Changes when the numbers of materials, of kinds or of uses mean something else."""
    numbered = "|".join((*tables.material_slugs, *tables.use_slugs, *refusables()))
    return hashlib.sha256(numbered.encode()).hexdigest()[:16]


class Writer:
    """Writes a snapshot beside its final place; `finish` moves it there in one step."""

    def __init__(self, folder: Path, tables: KnowledgeTables) -> None:
        self._final, self._tables = folder, tables
        self._folder = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._files: dict[str, dict[str, Any]] = {}

    def write(self, kind: str, count: int, parts: Iterable[Columns]) -> None:
        """Write one kind, `count` listings in parts, sorted and with its lists."""
        unsorted = {n: self._map(f"{kind}.{n}.unsorted", LAYOUT[n][0], shape_of(n, count)) for n in LAYOUT}
        filled = 0
        for part in parts:
            for name, array in unsorted.items():
                take_rows(name, array, slice(filled, filled + len(part)))[...] = getattr(part, name)
            filled += len(part)
        if filled != count:
            raise BrokenSnapshot(f"{filled} {kind} came where {count} were announced")
        columns = self._sorted(kind, Columns(**unsorted))
        block = block_of(columns, self._tables)
        for name in LISTS:
            self._store(f"{kind}.{name}", getattr(block, name))
        for name in BOXES:
            self._store(f"{kind}.boxes.{name}", getattr(block.boxes, name))
        for name in LAYOUT:
            (self._folder / f"{kind}.{name}.unsorted").unlink()

    def finish(self, mark: Mark, built_at: str) -> Path:
        """Name everything in the manifest, check it by reading it back, and put the snapshot in its place.

        Raises:
            BrokenSnapshot: what was read back is not what was written.
        """
        for name, entry in self._files.items():
            entry |= _hashes(self._folder / name)
        manifest = {
            "format": FORMAT,
            "knowledge": fingerprint(self._tables),
            "change": mark.change,
            "seen": mark.seen,
            "built_at": built_at,
            "files": self._files,
        }
        body = json.dumps(manifest, indent=1, sort_keys=True)
        (self._folder / "manifest.json").write_text(body, encoding="utf-8")
        (self._folder / "manifest.sha256").write_text(hashlib.sha256(body.encode()).hexdigest(), encoding="ascii")
        verify(self._folder)
        os.replace(self._folder, self._final)
        return self._final

    def _sorted(self, kind: str, unsorted: Columns) -> Columns:
        order = order_of(unsorted)
        packed = self._mapped(f"{kind}.packed", packed_type(), (len(order),))
        arrays = unpacked(packed)
        arrays |= {n: self._mapped(f"{kind}.{n}", np.dtype(LAYOUT[n][0]), shape_of(n, len(order))) for n in APART}
        for name, target in arrays.items():
            for start in range(0, len(order), CHUNK):
                part = slice(start, start + CHUNK)
                take_rows(name, target, part)[...] = take_rows(name, getattr(unsorted, name), order[part])
        return Columns(**arrays)

    def _mapped(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
        """A file that stays, mapped to be filled."""
        self._files[name] = {"dtype": dtype.str, "shape": list(shape)}
        return self._map(name, dtype, shape)

    def _map(self, name: str, dtype: np.dtype[Any] | str, shape: tuple[int, ...]) -> np.ndarray:
        if 0 in shape:
            (self._folder / name).touch()
            return np.zeros(shape, dtype)
        return np.asarray(np.memmap(self._folder / name, dtype, "w+", shape=shape))

    def _store(self, name: str, array: np.ndarray) -> None:
        array.tofile(self._folder / name)
        self._files[name] = {"dtype": array.dtype.str, "shape": list(array.shape)}


def open_snapshot(folder: Path, tables: KnowledgeTables) -> Snapshot:
    """Map a snapshot.

    Raises:
        BrokenSnapshot: it is missing, damaged, of another format, or made from other knowledge.
    """
    manifest = _manifest(folder)
    if manifest["knowledge"] != fingerprint(tables):
        raise BrokenSnapshot(f"{folder} was made from other materials and uses; run `flask match build`")
    for name, entry in manifest["files"].items():
        _check_edges(folder / name, entry)
    blocks = {kind: _block(folder, kind, manifest["files"]) for kind in KINDS}
    mark = Mark(int(manifest["change"]), str(manifest["seen"]))
    return Snapshot(blocks["offers"], blocks["wants"], mark, str(manifest["built_at"]))


def verify(folder: Path) -> None:
    """Read every byte of a snapshot.

    Raises:
        BrokenSnapshot: a file is not what the manifest says; the message names it.
    """
    for name, entry in _manifest(folder)["files"].items():
        _check_edges(folder / name, entry)
        if _hashes(folder / name)["sha256"] != entry["sha256"]:
            raise BrokenSnapshot(f"{folder / name} is damaged; run `flask match build`")


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        body = (folder / "manifest.json").read_bytes()
        expected = (folder / "manifest.sha256").read_text(encoding="ascii").strip()
    except OSError as missing:
        raise BrokenSnapshot(f"{folder} holds no snapshot ({missing}); run `flask match build`") from missing
    if hashlib.sha256(body).hexdigest() != expected:
        raise BrokenSnapshot(f"{folder / 'manifest.json'} is damaged; run `flask match build`")
    manifest: Mapping[str, Any] = json.loads(body)
    if manifest["format"] != FORMAT:
        raise BrokenSnapshot(
            f"{folder} has format {manifest['format']}, this version reads {FORMAT}; run `flask match build`"
        )
    return manifest


def _block(folder: Path, kind: str, files: Mapping[str, Mapping[str, Any]]) -> Block:
    def mapped(name: str) -> np.ndarray:
        entry = files[f"{kind}.{name}"]
        shape = tuple(entry["shape"])
        if 0 in shape:
            return np.zeros(shape, entry["dtype"])
        return np.asarray(np.memmap(folder / f"{kind}.{name}", entry["dtype"], "r", shape=shape))

    return Block(
        columns=Columns(**unpacked(mapped("packed").view(packed_type())), **{name: mapped(name) for name in APART}),
        boxes=Boxes(**{name: mapped(f"boxes.{name}") for name in BOXES}),
        **{name: mapped(name) for name in LISTS},
    )


def _check_edges(path: Path, entry: Mapping[str, Any]) -> None:
    wanted = int(np.prod(entry["shape"], dtype=np.int64)) * np.dtype(entry["dtype"]).itemsize
    try:
        found = path.stat().st_size
    except OSError as missing:
        raise BrokenSnapshot(f"{path} is missing; run `flask match build`") from missing
    if found != wanted:
        raise BrokenSnapshot(f"{path} holds {found} bytes where {wanted} belong; run `flask match build`")
    if _edges(path) != entry["edges"]:
        raise BrokenSnapshot(f"{path} is damaged; run `flask match build`")


def _hashes(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "edges": _edges(path)}


def _edges(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(EDGE)
        file.seek(max(0, path.stat().st_size - EDGE))
        return hashlib.sha256(start + file.read(EDGE)).hexdigest()
