"""`flask ledger verify`."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from marketplace.ledger.keys import NoSigningKey, listed_keys
from marketplace.ledger.notes import CheckpointBody, Note, NoteError
from marketplace.ledger.resuming import Progress
from marketplace.ledger.verify import Report, Saved, verify

SOUND, FAULTY, NOT_VERIFIED = 0, 1, 2
MOST_SHOWN = 20


@click.command("verify")
@click.option("--against", multiple=True, type=click.Path(path_type=Path), help="A checkpoint you kept; repeatable.")
@click.option("--since", type=click.Path(path_type=Path), help="Read only entries after this checkpoint.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many to use.  [default: one for each core]")
@click.option("--fresh", is_flag=True, help="Begin anew after an interrupted run.")
@click.option("--hashes-only", is_flag=True, help="Only leaf hashes, tiles and tree: no figures, signatures, totals.")
@click.option("--quiet", is_flag=True, help="Print faults only.")
@with_appcontext
def verify_command(
    against: tuple[Path, ...], since: Path | None, processes: int | None, fresh: bool, hashes_only: bool, quiet: bool
) -> None:
    """Recompute every figure, hash, tree, signature and total; name the first bad entry and what is wrong.

    Exit 0: sound; 1: something is wrong; 2: it could not be verified.
    An interrupted run goes on where it stopped.
    """
    path = Path(current_app.config["DATA_DIR"]) / "verify.json"
    try:
        if fresh:
            path.unlink(missing_ok=True)
        progress = Progress(path if since is None and not hashes_only else None)
        if progress.size and not quiet:
            click.echo(f"going on after {progress.size} entries (--fresh begins anew)", err=True)
        kept = [_saved(file) for file in against]
        start = _saved(since) if since else None
        run = partial(
            verify, against=kept, since=start, processes=processes, progress=progress, hashes_only=hashes_only
        )
        report = _shown(run, progress, is_hidden=quiet or not sys.stderr.isatty())
    except (NoteError, OSError, ValueError, NoSigningKey) as failure:
        click.echo(f"not verified: {failure}", err=True)
        sys.exit(NOT_VERIFIED)
    _tell(report, quiet)
    sys.exit(SOUND if report.is_sound else FAULTY)


def _shown(run: Callable[[Callable[[int, int], None]], Report], progress: Progress, *, is_hidden: bool) -> Report:
    with click.progressbar(length=1, label="entries", file=sys.stderr, hidden=is_hidden, show_pos=True) as bar:

        def show(done: int, size: int) -> None:
            bar.length = size
            bar.update(done - bar.pos)

        try:
            return run(show)
        except KeyboardInterrupt:
            progress.write()
            raise


def _saved(file: Path) -> Saved:
    """A checkpoint of ours from a file.

    Raises:
        NoteError: it is none, or no key of this ledger has signed it.
        OSError: it cannot be read.
    """
    try:
        note = Note.parse(file.read_text(encoding="utf-8"))
        body = CheckpointBody.parse(note.text)
    except (NoteError, UnicodeDecodeError) as broken:
        raise NoteError(f"{file}: {broken}") from broken
    if not any(row.key.signature_in(note) for row in listed_keys()):
        raise NoteError(f"{file} is not signed by a key of this ledger")
    return Saved(body, str(file))


def _tell(report: Report, quiet: bool) -> None:
    for fault in report.faults[:MOST_SHOWN]:
        click.echo(str(fault), err=True)
    if len(report.faults) > MOST_SHOWN:
        click.echo(f"and {len(report.faults) - MOST_SHOWN} more", err=True)
    if not quiet:
        for note in report.notes:
            click.echo(note)
        if report.is_sound:
            click.echo(f"{report.size} entries are sound; root {report.root_hash}")
