"""The key that signs checkpoints: a file outside the database, and beside it the list of all public keys ever used.

The list is what an old checkpoint is checked against after the key was changed. Both files are read anew when they
change, so that no process needs a restart.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from marketplace.database import now
from marketplace.errors import DomainError
from marketplace.ledger.notes import NoteError, SigningKey, VerifierKey

SELF_MADE = ("development", "testing")


class NoSigningKey(DomainError):
    """There is no key file, or none that can be used."""

    status = 503

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")

    def sentence(self) -> str:
        return f"{self.path}: {self.why}"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A public key of this ledger, with the time from which it was listed and until which it signed (None: still)."""

    key: VerifierKey
    since: datetime
    until: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Whether the key had not yet been replaced at that moment."""
        return self.until is None or moment <= self.until


def key_path() -> Path:
    """Where the signing key lies."""
    return _key_path(current_app.config["LEDGER_KEY_FILE"], current_app.config["DATA_DIR"])


def list_path() -> Path:
    """Where all public keys are listed; safe to copy and to publish."""
    return key_path().with_suffix(".vkeys")


def signing_key() -> SigningKey:
    """The key that signs now; in development and testing made when there is none.

    Raises:
        NoSigningKey: the file is missing, unreadable, no key, or of another origin than `LEDGER_ORIGIN`.
    """
    path = key_path()
    try:
        key = _parsed(path, _changed(path))
    except OSError as failure:
        raise NoSigningKey(path, f"{failure.strerror}; make one with: flask ledger key new") from failure
    except (NoteError, UnicodeDecodeError) as broken:
        raise NoSigningKey(path, f"this is no signing key: {broken}") from broken
    wanted = current_app.config["LEDGER_ORIGIN"]
    if wanted and wanted != key.name:
        raise NoSigningKey(path, f"the key signs for {key.name}, LEDGER_ORIGIN is {wanted}; a log keeps its origin")
    return key


def listed_keys() -> list[ListedKey]:
    """Every public key that ever signed, oldest first.

    Raises:
        NoSigningKey: the list is missing or a line of it is broken.
    """
    path = list_path()
    if not path.exists() and current_app.config["NAME"] in SELF_MADE:
        _list_present(signing_key())
    try:
        return list(_listed(path, path.stat().st_mtime_ns))
    except OSError as failure:
        raise NoSigningKey(path, f"{failure.strerror}; restore it from a backup") from failure
    except ValueError as broken:
        raise NoSigningKey(path, f"a line is no `time vkey`: {broken}") from broken


def new_key() -> SigningKey:
    """Make the first key, or put a new one in the place of the present one, whose public half stays listed."""
    path = key_path()
    name = origin_to_be()
    if path.exists():
        former = signing_key()
        name = former.name
        if not list_path().exists():
            _list_present(former)
    key = SigningKey.generate(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(path, key)
    _list(key, now())
    return key


def origin_to_be() -> str:
    """The origin a first key is made for: `LEDGER_ORIGIN`, else the public address without its scheme."""
    given: str = current_app.config["LEDGER_ORIGIN"]
    return given or f"{urlsplit(current_app.config['PUBLIC_URL']).netloc or 'localhost'}/ledger"


def _make_once(path: Path) -> None:
    """Two processes may start at the same time: the first link wins, the other's key is dropped."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = SigningKey.generate(origin_to_be())
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    _write_private(draft, key)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _write_private(path: Path, key: SigningKey) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key.encoded + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _list_present(key: SigningKey) -> None:
    """List the key that is there, since the time its file has."""
    _list(key, datetime.fromtimestamp(key_path().stat().st_mtime, UTC))


def _list(key: SigningKey, since: datetime) -> None:
    with list_path().open("a", encoding="utf-8") as file:
        file.write(f"{since.isoformat(timespec='microseconds')} {key.verifier.encoded}\n")
        file.flush()
        os.fsync(file.fileno())


def _changed(path: Path) -> int:
    """When the key file was last written; in development and testing there is one."""
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        if current_app.config["NAME"] not in SELF_MADE:
            raise
    _make_once(path)
    return os.stat(path).st_mtime_ns


@lru_cache(maxsize=4)
def _key_path(given: str, data_dir: Path | str) -> Path:
    return Path(given) if given else Path(data_dir) / "keys" / "ledger.key"


@lru_cache(maxsize=4)
def _parsed(path: Path, _changed: int) -> SigningKey:
    return SigningKey.parse(path.read_text(encoding="utf-8").strip())


@lru_cache(maxsize=4)
def _listed(path: Path, _changed: int) -> tuple[ListedKey, ...]:
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    starts = [(datetime.fromisoformat(since), VerifierKey.parse(vkey)) for since, vkey in rows]
    ends = [since for since, _ in starts[1:]] + [None]
    return tuple(ListedKey(key, since, until) for (since, key), until in zip(starts, ends, strict=True))
