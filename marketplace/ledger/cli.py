"""`flask ledger` and the publishing half of `flask factors`."""

import sys

import click
from flask.cli import AppGroup

from marketplace.database import transaction
from marketplace.ledger import checkpoints, factors, keys
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


key_commands = AppGroup("key", help="The key that signs checkpoints.")
ledger.add_command(key_commands)


@key_commands.command("new")
@click.option("--replace", is_flag=True, help="Put a new key in the place of the present one, which stays listed.")
def new_key_command(replace: bool) -> None:
    """Make the signing key, readable by this user only, and print the public half."""
    path = keys.key_path()
    if path.exists() and not replace:
        raise click.ClickException(f"{path} exists; --replace puts a new key in its place")
    key = keys.new_key()
    click.echo(f"{path} signs for {key.name}\n{key.verifier.encoded}")
    click.echo(f"Keep a copy of it where no database backup lies; all public keys are listed in {keys.list_path()}")


@ledger.command("checkpoint")
def checkpoint_command() -> None:
    """Sign the present head and print the checkpoint."""
    with transaction():
        click.echo(checkpoints.issue_checkpoint().note, nl=False)


@factor_commands.command("publish")
def publish_command() -> None:
    """Publish new and changed factors of marketplace/carbon/data/factors.csv as new versions."""
    with transaction():
        new, changed = factors.publish_library()
    click.echo(f"{new} new factors, {changed} new versions")
