"""`flask carbon impact`: what a new table of factors would change in the recorded entries, before it is published."""

import csv
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import click
from sqlalchemy import select

from marketplace.carbon.cli import Refused
from marketplace.carbon.errors import BrokenTable
from marketplace.carbon.impact import Change, change_of
from marketplace.carbon.library import LibraryFactor, read_factors
from marketplace.carbon.resolution import proxies
from marketplace.extensions import db
from marketplace.ledger.assessing import raw_factors
from marketplace.ledger.models import EntryKind, LedgerEntry


def impact_of(proposed: Mapping[str, LibraryFactor]) -> Iterator[tuple[int, Change]]:
    """Position and change of each standing entry with a changed factor; reads only, entry by entry."""
    table = {factor.id: factor.to_raw() for factor in [*proposed.values(), *proxies(proposed.values())]}
    reversed_ones = select(LedgerEntry.reverses).where(LedgerEntry.reverses.is_not(None))
    entries = db.session.execute(
        select(LedgerEntry.position, LedgerEntry.canonical)
        .where(LedgerEntry.kind == EntryKind.ASSESSMENT, LedgerEntry.position.not_in(reversed_ones))
        .order_by(LedgerEntry.position)
        .execution_options(yield_per=500)
    )
    for position, canonical in entries:
        body = json.loads(canonical)
        change = change_of(body["inputs"], raw_factors(body["factors"]), table)
        if change is not None:
            yield position, change


@click.command("impact")
@click.option("--factors", "file", type=click.Path(path_type=Path), required=True, help="CSV like factors.csv.")
def impact_command(file: Path) -> None:
    """Show what new factors would change in the recorded entries; publishes nothing."""
    count, total = 0, Decimal(0)
    for position, change in impact_of(_read(file)):
        count += 1
        factors = ", ".join(change.changed_factors)
        if change.proposed_kgco2e is None:
            click.echo(f"entry {position}: {change.recorded_kgco2e} -> not computable ({change.problem}) [{factors}]")
            continue
        difference = change.proposed_kgco2e - change.recorded_kgco2e
        total += difference
        click.echo(
            f"entry {position}: {change.recorded_kgco2e} -> {change.proposed_kgco2e} kg CO2e"
            f" ({difference:+}) [{factors}]"
        )
    click.echo(f"{count} entries would differ, by {total:+} kg CO2e together; recorded entries stay as they are")


def _read(file: Path) -> Mapping[str, LibraryFactor]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return read_factors(csv.DictReader(lines))
    except OSError as failed:
        raise Refused(f"cannot read {file}: {failed.strerror}") from failed
    except KeyError as missing:
        raise Refused(f"{file} has no column {missing}") from missing
    except (BrokenTable, UnicodeDecodeError, csv.Error) as broken:
        raise Refused(f"{file} is not a table of factors: {broken}") from broken
