"""Keep files: the kind is told by content, pictures are re-encoded (which drops what hides in them)."""

import hashlib
import io
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import filetype
from flask import current_app
from PIL import Image, ImageOps, UnidentifiedImageError
from werkzeug.datastructures import FileStorage

from marketplace.attachments.errors import UnsuitableFile
from marketplace.attachments.models import Attachment
from marketplace.extensions import db

PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
MOST_FILES = 8
LONGEST_EDGE_PX = 2000
MOST_PIXELS = 60_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A checked file, ready to be kept."""

    display_name: str
    media_type: str
    content: bytes


def read_uploads(files: Iterable[FileStorage | str | None], pictures_only: bool = False) -> list[Upload]:
    """Check what a form sent; empty slots are skipped.

    Raises:
        UnsuitableFile: the first file we do not keep, and why.
    """
    given = [f for f in files if isinstance(f, FileStorage) and f.filename]
    if len(given) > MOST_FILES:
        raise UnsuitableFile(_display_name(given[0].filename or ""), "many")
    return [_read(f, pictures_only) for f in given]


def attach(
    uploads: Iterable[Upload],
    listing_id: int | None = None,
    delivery_id: int | None = None,
    measured_factor_id: int | None = None,
) -> None:
    """Keep files for a listing, delivery or measurement: bytes on disk by digest, a row in the caller's transaction."""
    for upload in uploads:
        digest = hashlib.sha256(upload.content).hexdigest()
        _store(digest, upload.content)
        db.session.add(
            Attachment(
                listing_id=listing_id,
                delivery_id=delivery_id,
                measured_factor_id=measured_factor_id,
                display_name=upload.display_name,
                media_type=upload.media_type,
                size_bytes=len(upload.content),
                sha256=digest,
            )
        )


def path_of(attachment: Attachment) -> Path:
    """Where the bytes lie."""
    return _folder(attachment.sha256) / attachment.sha256


def _read(file: FileStorage, pictures_only: bool) -> Upload:
    name = _display_name(file.filename or "")
    limit = current_app.config["ATTACHMENT_MAX_BYTES"]
    content = file.stream.read(limit + 1)
    if not content:
        raise UnsuitableFile(name, "empty")
    if len(content) > limit:
        raise UnsuitableFile(name, "large")
    guessed = filetype.guess_mime(content)
    if guessed in PICTURES:
        return Upload(name, guessed, _re_encode(name, content, PICTURES[guessed]))
    if pictures_only:
        raise UnsuitableFile(name, "picture")
    if guessed != "application/pdf":
        raise UnsuitableFile(name, "kind")
    return Upload(name, guessed, content)


def _re_encode(name: str, content: bytes, kind: str) -> bytes:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnsuitableFile(name, "large")
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_EDGE_PX, LONGEST_EDGE_PX))
            out = io.BytesIO()
            upright.convert("RGB" if kind == "JPEG" else upright.mode).save(out, kind)
            return out.getvalue()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as broken:
        raise UnsuitableFile(name, "broken") from broken


def _display_name(filename: str) -> str:
    """The name a person gave, without path or control characters; Chinese characters stay."""
    last = unicodedata.normalize("NFC", filename.replace("\\", "/").split("/")[-1])
    return re.sub(r"[\x00-\x1f\x7f\u202a-\u202e]", "", last)[-120:] or "file"


def _folder(digest: str) -> Path:
    return Path(current_app.config["DATA_DIR"]) / "attachments" / digest[:2]


def _store(digest: str, content: bytes) -> None:
    folder = _folder(digest)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / digest
    if not target.exists():
        temporary = folder / f".{digest}.{os.getpid()}"
        temporary.write_bytes(content)
        temporary.replace(target)
