"""Many listings for benchmarks: the demo's texts on random sites, with random quantities, written in bulk."""

import itertools
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select, text

from marketplace.accounts.models import Enterprise, EnterpriseState, Site
from marketplace.database import now
from marketplace.demo.people import rows
from marketplace.extensions import db
from marketplace.listings import search_index
from marketplace.listings.models import Form, Kind, Listing, ListingState, Nature, Rhythm
from marketplace.listings.quantities import total_t
from marketplace.materials.taxonomy import taxonomy

CHUNK = 5000
RHYTHMS = (Rhythm.ONCE, Rhythm.MONTH, Rhythm.YEAR)


def load_listings(count: int, seed: int) -> int:
    """Add `count` open listings in the caller's transaction."""
    sites = _sites()
    texts = [_text(row, language) for language in ("zh", "en") for row in rows(f"listings_{language}.csv")]
    next_id = (db.session.scalar(select(func.max(Listing.id))) or 0) + 1
    # A benchmark wants the same data each time; a second load on top must not repeat the first.
    rng = random.Random(f"{seed} {next_id}")  # noqa: S311
    moment = now()
    made = (_row(rng, next_id + i, texts, sites, moment) for i in range(count))
    for chunk in _chunks(made):
        db.session.execute(insert(Listing.__table__), [row for row, _ in chunk])
        search_index.write(db.session, [{"id": row["id"], "tokens": tokens} for row, tokens in chunk])
    if db.engine.dialect.name == "postgresql":  # the ids were given here: the sequence goes on behind them
        db.session.execute(text("SELECT setval(pg_get_serial_sequence('listing', 'id'), max(id)) FROM listing"))
    return count


def _chunks(made: Iterator[tuple[dict[str, Any], str]]) -> Iterator[list[tuple[dict[str, Any], str]]]:
    while chunk := list(itertools.islice(made, CHUNK)):
        yield chunk


def _sites() -> list[tuple[int, int, int, float, float]]:
    approved = select(Site.id, Site.enterprise_id, Site.park_id, Site.lat, Site.lon).join(Enterprise)
    found = db.session.execute(approved.where(Enterprise.state == EnterpriseState.APPROVED).order_by(Site.id))
    return [tuple(row) for row in found]  # type: ignore[misc]


def _text(row: dict[str, str], language: str) -> tuple[dict[str, Any], str]:
    """The part of a listing that comes from a written text, with its index tokens."""
    material = taxonomy().materials[row["material"]]
    is_hazardous = row["kind"] == "offer" and material.is_hazardous
    columns: dict[str, Any] = {
        "kind": Kind(row["kind"]),
        "title": row["title"][:160],
        "description": row["description"],
        "language": language,
        "material": material.slug,
        "family": material.family,
        "form": Form(row["form"]),
        "sw_code": material.sw_code,
        "hw_code": material.hw_code if is_hazardous else "",
        "is_hazardous": is_hazardous,
        "accepts_hazard": row["accepts_hazard"] == "yes",
    }
    codes = (material.sw_code, material.hw_code)
    return columns, search_index.listing_tokens(columns["title"], row["description"], material.slug, codes)


def _row(
    rng: random.Random, listing_id: int, texts: list[tuple[dict[str, Any], str]], sites: list[Any], moment: datetime
) -> tuple[dict[str, Any], str]:
    columns, tokens = rng.choice(texts)
    site_id, enterprise_id, park_id, lat, lon = rng.choice(sites)
    rhythm = rng.choice(RHYTHMS)
    quantity = Decimal(int(10 ** rng.uniform(1.3, 5))) / 10
    start, end = moment.date(), moment.date() + timedelta(days=rng.randint(30, 600))
    return columns | {
        "id": listing_id,
        "submission": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "state": ListingState.OPEN,
        "nature": Nature.WASTE,
        "low_code": "",
        "quantity": quantity,
        "unit": "t",
        "rhythm": rhythm,
        "quantity_t": quantity,
        "total_t": total_t(quantity, rhythm, start, end),
        "reserved_t": Decimal(0),
        "available_from": start,
        "available_until": end,
        "price_cny_per_t": Decimal(rng.randint(-100, 800)),
        "enterprise_id": enterprise_id,
        "site_id": site_id,
        "park_id": park_id,
        "lat": lat + rng.gauss(0, 0.01),
        "lon": lon + rng.gauss(0, 0.01),
        "created_at": moment,
        "published_at": moment - timedelta(seconds=rng.randint(0, 60 * 86400)),
        "alerted_at": moment,
        "version": 1,
    }, tokens
