"""`flask ledger seals`: the seals under all confirmations, checked anew and apart from everything else.

`verify` checks them too, but each only once: two signatures take longer than all the rest of an entry.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
from sqlalchemy import select

from marketplace.extensions import db
from marketplace.ledger.canonical import CanonicalError, parse_canonical
from marketplace.ledger.confirmations import broken_seal
from marketplace.ledger.keys import listed_keys
from marketplace.ledger.models import EntryKind, LedgerEntry

BATCH = 1000


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """The first entry whose confirmation does not fit its seal, and what is wrong."""

    position: int
    what: str


def first_broken_seal(progress: Callable[[int], None] = lambda done: None) -> BrokenSeal | None:
    """The first entry with a confirmation that nobody sealed so; None: all fit."""
    keys = {row.key.encoded: row.key for row in listed_keys()}
    for done, (position, canonical) in enumerate(_assessments(), start=1):
        try:
            side = broken_seal(parse_canonical(canonical.encode()), keys)
        except (CanonicalError, KeyError, TypeError, AttributeError) as wrong:
            return BrokenSeal(position, f"it cannot be read: {wrong}")
        if side is not None:
            return BrokenSeal(position, f"the {side}'s confirmation does not fit its seal, or no key of ours made it")
        if done % BATCH == 0:
            progress(done)
    return None


def _assessments() -> Iterator[tuple[int, str]]:
    rows = db.session.execute(
        select(LedgerEntry.position, LedgerEntry.canonical)
        .where(LedgerEntry.kind == EntryKind.ASSESSMENT)
        .order_by(LedgerEntry.position)
        .execution_options(yield_per=BATCH)
    )
    for row in rows:
        yield row.position, row.canonical


@click.command("seals")
def seals_command() -> None:
    """Check the seal under each confirmation of each entry. Exit 1 when one does not fit."""

    def show(done: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done} entries", nl=False, err=True)

    broken = first_broken_seal(show)
    if broken is not None:
        click.echo(f"entry {broken.position}: {broken.what}", err=True)
        sys.exit(1)
    click.echo("All seals fit.")
