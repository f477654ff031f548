"""`flask ledger` and the publishing half of `flask factors`."""

import sys

import click
from flask.cli import AppGroup

from marketplace.database import transaction
from marketplace.ledger import factors
from marketplace.ledger.log_cli import checkpoint_command, cosign_command, key_commands, witness_commands
from marketplace.ledger.verify import verify

ledger = AppGroup("ledger", help="Check the ledger of avoided emissions.")
factor_commands = AppGroup("factors", help="Publish emission factors.")


@ledger.command("verify")
@click.option("--quiet", is_flag=True, help="Print faults only.")
def verify_command(quiet: bool) -> None:
    """Recompute every figure, hash and total; name the first bad entry. Exit 1 when something is wrong."""

    def show(done: int, size: int) -> None:
        if not quiet and sys.stderr.isatty():
            click.echo(f"\r{done} of {size} entries", nl=False, err=True)

    report = verify(show)
    for fault in report.faults:
        where = f"entry {fault.position}" if fault.position is not None else "ledger"
        click.echo(f"{where}: {fault.what}", err=True)
    if report.faults:
        sys.exit(1)
    if not quiet:
        click.echo(f"{report.size} entries are sound; root {report.root_hash}")


for command in (key_commands, witness_commands, checkpoint_command, cosign_command):
    ledger.add_command(command)


@factor_commands.command("publish")
def publish_command() -> None:
    """Publish new and changed factors of marketplace/carbon/data/factors.csv as new versions."""
    with transaction():
        new, changed = factors.publish_library()
    click.echo(f"{new} new factors, {changed} new versions")
