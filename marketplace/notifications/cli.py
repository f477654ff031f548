"""`flask worker`: send mail, expire listings, sign the ledger's head."""

import signal
import threading

import click
from flask.cli import with_appcontext

from marketplace.matching import digest
from marketplace.matching.alerts import alert_new_listings
from marketplace.notifications.worker import issue_checkpoint_if_due, run_forever, run_once


@click.command("worker")
@click.option("--once", is_flag=True, help="Handle one batch and stop.")
@with_appcontext
def worker(once: bool) -> None:
    """Send what is in the outbox, expire listings and issue hourly checkpoints, until stopped."""
    if once:
        alert_new_listings()
        digest.send_due()
        issue_checkpoint_if_due()
        click.echo(f"{run_once()} messages")
        return
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    run_forever(stop)
