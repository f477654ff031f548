"""`flask ledger export`."""

import sys
from pathlib import Path

import click

from marketplace.ledger.certificates.export import write_export


@click.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def export_command(out: Path) -> None:
    """Write the whole ledger to OUT, a ZIP file that opens with nothing but Python."""

    def show(written: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{written / 1e6:.1f} MB", nl=False, err=True)

    try:
        size = write_export(out, show)
    except OSError as failure:
        raise click.ClickException(f"{out}: {failure.strerror}") from failure
    click.echo(f"{out}: {size / 1e6:.1f} MB. Check it with: python3 verify_certificate.py {out}")
