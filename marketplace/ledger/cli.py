"""`flask ledger` and the publishing half of `flask factors`."""

import click
from flask.cli import AppGroup

from marketplace.carbon.cli import carbon
from marketplace.database import transaction
from marketplace.ledger import factors
from marketplace.ledger.certificates.cli import export_command
from marketplace.ledger.impact import impact_command
from marketplace.ledger.log_cli import checkpoint_command, cosign_command, key_commands, witness_commands
from marketplace.ledger.verify_cli import verify_command

ledger = AppGroup("ledger", help="Check the ledger of avoided emissions.")
factor_commands = AppGroup("factors", help="Publish emission factors.")


for command in (
    key_commands,
    witness_commands,
    checkpoint_command,
    cosign_command,
    verify_command,
    export_command,
):
    ledger.add_command(command)

carbon.add_command(impact_command)  # reads the ledger, which the pure part must not


@factor_commands.command("publish")
def publish_command() -> None:
    """Publish new and changed factors of marketplace/carbon/data/factors.csv as new versions."""
    with transaction():
        new, changed = factors.publish_library()
    click.echo(f"{new} new factors, {changed} new versions")
