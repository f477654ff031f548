"""`flask demo`: load demo data, show the sign-ins."""

import random
import time
from datetime import timedelta

import click
from flask.cli import AppGroup
from flask_migrate import upgrade
from sqlalchemy import select, text, update

from marketplace import serve
from marketplace.accounts.models import Enterprise, Park
from marketplace.accounts.parks import load_parks
from marketplace.database import now, transaction
from marketplace.demo import bulk
from marketplace.demo.behaviour import add_behaviour
from marketplace.demo.history import add_history
from marketplace.demo.interests import add_interests
from marketplace.demo.measurements import add_measurements
from marketplace.demo.offers import add_listings
from marketplace.demo.people import PASSWORD, add_waiting_enterprise, make_world
from marketplace.demo.recurring import add_recurring, confirm_one_side
from marketplace.demo.treatments import add_treatments
from marketplace.extensions import db
from marketplace.ledger import factors
from marketplace.listings.models import Listing
from marketplace.matching import store
from marketplace.notifications.models import OutboxMessage

demo = AppGroup("demo", help="Demo data from a fixed seed.")
SEED = 310113
SIGN_INS = (
    ("owner@example.com", "owner of a supplier"),
    ("trader@huating-iron.example", "trader of the same enterprise"),
    ("viewer@example.com", "viewer of the same enterprise"),
    ("buyer@example.com", "owner of a buyer"),
    ("new@example.com", "owner of an enterprise that waits for approval"),
    ("park@example.com", "park manager"),
    ("officer@example.com", "district officer"),
    ("auditor@example.com", "auditor"),
)


@demo.command("load")
@click.option("--listings", type=click.IntRange(0, 1_000_000), default=0, help="Add so many more, for benchmarks.")
def load_command(listings: int) -> None:
    """Load the demo once; a second run changes nothing. With --listings add more, each time."""
    with transaction():
        load_parks()
        factors.publish_library()
        is_new = db.session.scalar(select(Enterprise.id).limit(1)) is None
        if is_new:
            _load()
    if listings:
        started = time.perf_counter()
        with transaction():
            bulk.load_listings(listings, SEED)
        rate = listings / (time.perf_counter() - started)
        click.echo(f"{listings} listings, {rate:.0f} per second")
    if is_new or listings:
        db.session.execute(text("ANALYZE"))
        db.session.commit()


@demo.command("serve")
@click.option("--port", default=8000, show_default=True)
def serve_command(port: int) -> None:
    """Migrate, train and load what is missing, print the sign-ins and serve: what `make demo` runs."""
    upgrade()
    store.train_if_missing()
    load_command.callback(0)  # type: ignore[misc]
    _print_sign_ins()
    click.echo(f"\nOpen http://127.0.0.1:{port}   (stop with Ctrl-C)")
    serve.run(port)


def _print_sign_ins() -> None:
    click.echo(f"\nSign-ins (password of all: {PASSWORD})")
    for email, who in SIGN_INS:
        click.echo(f"  {email:32} {who}")


def _settle_old_messages() -> None:
    """What was written about months past has been mailed and read; the last days are still new."""
    db.session.flush()
    db.session.execute(update(Listing).values(alerted_at=Listing.published_at))
    db.session.execute(update(OutboxMessage).values(sent_at=OutboxMessage.created_at))
    old = OutboxMessage.created_at < now() - timedelta(days=5)
    db.session.execute(update(OutboxMessage).where(old).values(read_at=OutboxMessage.created_at))


def _load() -> None:
    rng = random.Random(SEED)  # noqa: S311 - the demo wants the same data each time
    parks = {park.code: park for park in db.session.scalars(select(Park))}
    world = make_world(parks, rng)
    count = add_listings(world)
    treatments = add_treatments(world)
    add_measurements(world)
    interests = add_interests(world)
    completed = add_history(world, add_recurring(world))
    confirm_one_side(world)
    add_waiting_enterprise(world)
    _settle_old_messages()
    events = add_behaviour(world)
    click.echo(
        f"demo: {len(world.enterprises)} enterprises, {count} listings, {treatments} treatments, "
        f"{interests} saved interests, {completed} completed exchanges, {events} events of suggestions"
    )
