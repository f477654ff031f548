"""The demo's listings, each text written by hand in the data files."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from marketplace.calendar import today
from marketplace.database import now, pretend_now
from marketplace.demo.people import World, license_for, rows
from marketplace.listings import service
from marketplace.listings.models import Form, Kind, Listing, Nature, Rhythm
from marketplace.listings.service import ListingFacts
from marketplace.materials.codes import is_hazardous_low_code
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.units import NoConversion, to_tonnes


def add_listings(world: World) -> int:
    """Post every row of the two files; returns how many. Some stay drafts, some are paused."""
    count = 0
    for language in ("zh", "en"):
        for number, row in enumerate(rows(f"listings_{language}.csv")):
            facts = facts_of(row, language, world)
            if facts is None:
                continue
            with pretend_now(now() - timedelta(hours=world.rng.randint(2, 24 * 60))):
                listing = _post(world, row, facts, f"{language}-{number}")
            if number % 41 == 40:
                service.pause(listing)
            count += 1
    return count


def facts_of(row: Mapping[str, str], language: str, world: World) -> ListingFacts | None:
    """A row as the posting form would give it; None when its unit has no tonnes."""
    material, rng = taxonomy().materials[row["material"]], world.rng
    try:
        to_tonnes(Decimal(row["quantity"]), row["unit"], material)
    except NoConversion:
        return None
    enterprise = rng.choice(world.by_industry[row["industry"]])
    is_offer = row["kind"] == "offer"
    is_hazardous = is_offer and material.is_hazardous
    accepts = not is_offer and row["accepts_hazard"] == "yes"
    if accepts:
        license_for(enterprise, material.hw_code, today().replace(year=today().year + 2, day=1))
    rhythm = Rhythm(row["rhythm"])
    days = rng.randint(40, 160) if rhythm is Rhythm.ONCE else rng.randint(200, 700)
    return ListingFacts(
        kind=Kind(row["kind"]),
        title=row["title"][:160],
        description=row["description"],
        language=language,
        material=material.slug,
        nature=Nature(row["nature"]) if row["nature"] else Nature(material.nature),
        form=Form(row["form"]),
        low_code=_code(material.low_codes, is_hazardous),
        sw_code=material.sw_code,
        hw_code=material.hw_code if is_hazardous else "",
        is_hazardous=is_hazardous,
        accepts_hazard=accepts,
        quantity=Decimal(row["quantity"]),
        unit=row["unit"],
        rhythm=rhythm,
        available_from=today() - timedelta(days=rng.randint(0, 30)),
        available_until=today() + timedelta(days=days),
        price_cny_per_t=Decimal(row["price_cny_per_t"]) if row["price_cny_per_t"] else None,
        site_id=rng.choice(enterprise.sites).id,
    )


def _post(world: World, row: Mapping[str, str], facts: ListingFacts, key: str) -> Listing:
    enterprise = next(
        e for e in world.by_industry[row["industry"]] if any(site.id == facts.site_id for site in e.sites)
    )
    return service.post(facts, world.traders[enterprise.id], f"demo-{key}", publish_now=True)


def _code(codes: tuple[str, ...], is_hazardous: bool) -> str:
    fitting = [c for c in codes if is_hazardous_low_code(c) == is_hazardous]
    return fitting[0] if fitting else ""
