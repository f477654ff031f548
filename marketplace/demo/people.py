"""Enterprises, sites, licences and people of the demo, from the data files and a fixed seed."""

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from marketplace.accounts import uscc
from marketplace.accounts.models import (
    Enterprise,
    EnterpriseState,
    Industry,
    Licence,
    Membership,
    Office,
    Park,
    Role,
    Site,
    User,
)
from marketplace.accounts.service import new_user
from marketplace.database import now
from marketplace.extensions import db

DATA = Path(__file__).parent / "data"
PASSWORD = "green-corridor-2026"  # noqa: S105 - printed by the demo, for the demo only
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(slots=True)
class World:
    """What the demo is made of, by key."""

    rng: random.Random
    enterprises: dict[str, Enterprise] = field(default_factory=dict)
    by_industry: dict[str, list[Enterprise]] = field(default_factory=lambda: defaultdict(list))
    traders: dict[int, User] = field(default_factory=dict)
    officer: User | None = None


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one data file."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def make_world(parks: dict[str, Park], rng: random.Random) -> World:
    """Enterprises with sites and one trader each, and the people who sign in."""
    world = World(rng)
    for row in rows("enterprises.csv"):
        enterprise = Enterprise(
            uscc=synthetic_uscc(rng),
            pseudonym=f"ent-{rng.getrandbits(64):016x}",
            name_en=row["name_en"],
            name_zh=row["name_zh"],
            industry=Industry(row["industry"]),
            about=row["about_zh"],
            state=EnterpriseState.APPROVED,
            decided_at=now(),
        )
        db.session.add(enterprise)
        world.enterprises[row["key"]] = enterprise
        world.by_industry[row["industry"]].append(enterprise)
    for row in rows("sites.csv"):
        name = row["name_zh"] if rng.random() < 0.5 else row["name_en"]
        world.enterprises[row["enterprise"]].sites.append(
            Site(
                park=parks[row["park"]],
                name=name,
                address=row["address_zh"],
                lat=float(row["lat"]),
                lon=float(row["lon"]),
            )
        )
    db.session.flush()
    _add_people(world, parks)
    return world


def _add_people(world: World, parks: dict[str, Park]) -> None:
    for i, (key, enterprise) in enumerate(world.enterprises.items()):
        language = "zh" if i % 2 == 0 else "en"
        user = _person(f"trader@{key}.example", "陈业务" if language == "zh" else "Trader Chen", language)
        db.session.add(Membership(user=user, enterprise=enterprise, role=Role.TRADER))
        db.session.flush()
        world.traders[enterprise.id] = user
    first = next(iter(world.enterprises.values()))
    for role, email, name in (
        (Role.OWNER, "owner@example.com", "Owner Wang"),
        (Role.VIEWER, "viewer@example.com", "Viewer Li"),
    ):
        db.session.add(Membership(user=_person(email, name, "en"), enterprise=first, role=role))
    buyer = world.by_industry["building-materials"][0]
    db.session.add(Membership(user=_person("buyer@example.com", "买方 周工", "zh"), enterprise=buyer, role=Role.OWNER))
    world.officer = _official("officer@example.com", "Officer Zhao", Office.DISTRICT_OFFICER)
    _official("auditor@example.com", "Auditor Sun", Office.AUDITOR)
    _official("park@example.com", "Park manager Qian", Office.PARK_MANAGER).park = parks["wusong"]
    db.session.flush()


def add_waiting_enterprise(world: World) -> None:
    """One enterprise that an officer still has to decide about."""
    enterprise = Enterprise(
        uscc=synthetic_uscc(world.rng),
        pseudonym=f"ent-{world.rng.getrandbits(64):016x}",
        name_en="Xinhai Composites (sample)",
        name_zh="新海复合材料（示例）",
        industry=Industry.PLASTICS,
        state=EnterpriseState.PENDING,
    )
    user = _person("new@example.com", "New Owner Wu", "en")
    db.session.add(Membership(user=user, enterprise=enterprise, role=Role.OWNER))
    db.session.flush()


def license_for(enterprise: Enterprise, hw_code: str, until: date) -> None:
    """A verified licence of an enterprise, if it has none for this category."""
    if hw_code and all(licence.hw_code != hw_code for licence in enterprise.licences):
        enterprise.licences.append(
            Licence(
                number=f"示例{enterprise.id:03d}{hw_code}",
                hw_code=hw_code,
                yearly_quantity_t=Decimal(50000),
                valid_until=until,
                verified_at=now(),
            )
        )
        db.session.flush()


def synthetic_uscc(rng: random.Random) -> str:
    """A valid code of Baoshan District that no real enterprise was given on purpose."""
    body = "MA" + "".join(rng.choice(_ALPHABET) for _ in range(6))
    first_17 = "91310113" + body + uscc.organisation_check_character(body)
    return uscc.parse(first_17 + uscc.check_character(first_17))


def _person(email: str, name: str, language: str) -> User:
    user = new_user(email, name, PASSWORD, language)
    user.confirmed_at = now()
    return user


def _official(email: str, name: str, office: Office) -> User:
    user = _person(email, name, "en")
    user.office = office
    return user
