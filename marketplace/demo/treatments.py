"""What some of the demo's plants do with the material of others."""

from decimal import Decimal

from marketplace.calendar import today
from marketplace.demo.people import World, license_for, rows
from marketplace.matching.beyond.treatments import TreatmentFacts, offer_treatment


def add_treatments(world: World) -> int:
    """State every row of the file at the enterprise's first site; returns how many."""
    listed = rows("treatments.csv")
    for number, row in enumerate(listed):
        enterprise = world.enterprises[row["enterprise"]]
        for code in filter(None, row["licences"].split("|")):
            license_for(enterprise, code, today().replace(year=today().year + 2, day=1))
        facts = TreatmentFacts(
            site_id=enterprise.sites[0].id,
            process=row["process"],
            takes=row["takes"],
            gives=row["gives"],
            capacity_t=Decimal(row["capacity_t"]),
            yield_fraction=Decimal(row["yield_percent"]) / 100,
            price_cny_per_t=Decimal(row["price_cny_per_t"]),
            emission_kgco2e_per_t=Decimal(row["emission_kgco2e_per_t"]),
            remark=row["remark"],
        )
        offer_treatment(facts, world.traders[enterprise.id], f"demo-treatment-{number}")
    return len(listed)
