"""Where snapshots lie: a folder each, and a small file that names the one in use, replaced in one step."""

import os
import shutil
from pathlib import Path

from flask import Flask

MOST_KEPT = 2  # the one in use and the one some worker may still be opening


def snapshots_folder(app: Flask) -> Path:
    """Below DATA_DIR."""
    return Path(app.config["DATA_DIR"]) / "snapshots"


def current_folder(app: Flask) -> Path | None:
    """The snapshot in use; None when none was built."""
    try:
        name = (snapshots_folder(app) / "current").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return snapshots_folder(app) / name


def put_to_use(app: Flask, folder: Path) -> None:
    """Name a finished snapshot as the one in use, and clear away the oldest ones (whoever maps them keeps them)."""
    aside = snapshots_folder(app) / f".current.{os.getpid()}"
    aside.write_text(folder.name, encoding="ascii")
    os.replace(aside, snapshots_folder(app) / "current")
    for old in sorted(p for p in snapshots_folder(app).glob("[0-9]*"))[:-MOST_KEPT]:
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
