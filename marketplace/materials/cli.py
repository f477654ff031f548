"""`flask materials`: check the taxonomy and the application base."""

import sys

import click
from flask.cli import AppGroup

from marketplace.materials.check import faults

materials = AppGroup("materials", help="Check the taxonomy.")


@materials.command("check", with_appcontext=False)
def check_command() -> None:
    """Look for duplicates, unknown codes, missing languages and broken references."""
    found = faults()
    for fault in found:
        click.echo(fault, err=True)
    click.echo(f"{len(found)} faults")
    sys.exit(1 if found else 0)
