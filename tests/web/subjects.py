"""One thing of each kind that routes are about, and the address of each route for it."""

import io
import uuid
from decimal import Decimal
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import select

from marketplace.accounts.models import Enterprise, Invitation, Licence, Membership, Role, Site
from marketplace.attachments import service as attachments
from marketplace.attachments.models import Attachment
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.ledger.certificates import service as certificates
from marketplace.ledger.checkpoints import keep_newest
from marketplace.listings import service as listings
from marketplace.listings.models import Kind
from marketplace.measured import service as measured
from tests.factories import (
    World,
    agreed,
    completed,
    delivered,
    delivery_facts,
    find_user,
    listing_facts,
    open_listing,
    propose_factor,
    recurring,
    saved_interest,
    side_user,
    trader,
    treatment,
    under_review,
)

EMAILS = {
    "visitor": "",
    "stranger": "trader@third.example",
    "viewer": "viewer@ironworks.example",
    "buyer": "trader@grinding.example",
    "park": "park_manager@example.com",
    "officer": "district_officer@example.com",
    "auditor": "auditor@example.com",
    "trader": "trader@ironworks.example",
    "owner": "owner@ironworks.example",
}


def picture() -> attachments.Upload:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(out, "PNG")
    return attachments.Upload("水渣.png", "image/png", out.getvalue())


def make_subjects(world: World) -> dict[str, Any]:
    """Ids by name: a listing, a draft, an exchange with a recorded delivery, an entry, a licence, a site …"""
    slag = open_listing(quantity=Decimal(1000))
    completed(slag, use="scm-cement")
    exchange = agreed(slag)
    delivered(exchange)
    monthly = recurring(open_listing(quantity=Decimal(1000)))
    review = under_review(open_listing()).open_review
    assert review is not None
    want = open_listing("grinding", kind=Kind.WANT, title="mineral admixture")
    with transaction():
        draft = listings.post(listing_facts(title="secret draft"), trader("ironworks"), str(uuid.uuid4()), False)
        party = exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER))
        delivery = exchanges.record_delivery(party, delivery_facts(exchange), str(uuid.uuid4()))
        attachments.attach([picture()], listing_id=slag.id)
        attachments.attach([picture()], delivery_id=delivery.id)
        ironworks = db.session.get_one(Enterprise, world.ironworks)
        licence = Licence(
            enterprise_id=ironworks.id, number="1", hw_code="HW34", yearly_quantity_t=Decimal(1), valid_until=today()
        )
        spare = Site(
            enterprise_id=ironworks.id, park_id=ironworks.sites[0].park_id, name="spare", lat=31.37, lon=121.48
        )
        invitation = Invitation(enterprise_id=ironworks.id, email="x@y.cn", role=Role.VIEWER, token_digest="0" * 64)
        db.session.add_all([licence, spare, invitation])
        db.session.flush()
        member = db.session.scalar(
            select(Membership).where(Membership.enterprise_id == ironworks.id, Membership.role == Role.VIEWER)
        )
        assert member is not None
        newest = keep_newest()
        files = {a.listing_id is not None: a.id for a in db.session.scalars(select(Attachment))}
        approved, waiting = (propose_factor(site="ironworks") for _ in range(2))
        measured.approve(approved.id, "seen", find_user(EMAILS["officer"]))
        return {
            "listing_id": slag.id,
            "interest_id": saved_interest("ironworks").id,
            "draft_id": draft.id,
            "other_id": want.id,
            "exchange_id": exchange.id,
            "recurring_id": monthly.id,
            "delivery_id": delivery.id,
            "review_id": review.id,
            "licence_id": licence.id,
            "site_id": spare.id,
            "member_id": member.id,
            "invitation_id": invitation.id,
            "enterprise_id": ironworks.id,
            "position": 0,
            "service_id": treatment("ironworks").id,
            "ended_id": treatment("ironworks", is_offered=False).id,
            "checkpoint_id": newest.id,
            "serial": certificates.issue(0, trader("ironworks")).serial,
            "attachment_id": files[True],
            "ticket_id": files[False],
            "proposal_id": waiting.id,
            "evidence_id": waiting.evidence[0].id,
            "own_factor_id": approved.published.factor_id if approved.published else "",
        }


FIXED = {
    "filename": "css/tokens.css",
    "lang": "zh",
    "name": "about",
    "slug": "gbfs",
    "token": "forged",
    "step": "pause",
    "action": "dispute",
    "number": 1,
    "factor_id": "clinker-cn",
    "kind": "csv",
    "level": "0",
    "tile_path": "000.p/1",
}


def address(app: Flask, endpoint: str, subjects: dict[str, Any], detail: str = "") -> str:
    """The address of a route for our subjects; `detail` chooses the draft, what is ended, the ticket …"""
    values = FIXED | subjects
    if detail == "draft":
        values["listing_id"] = subjects["draft_id"]
    if detail == "finish":
        values["action"] = "finish"
    if detail == "recurring":
        values["exchange_id"] = subjects["recurring_id"]
    if detail == "interest":
        values["step"] = "end"
    if detail == "ended":
        values["service_id"] = subjects["ended_id"]
    if detail == "unknown":
        values["serial"] = "0" * 32
    if detail == "evidence":
        values["attachment_id"] = subjects["evidence_id"]
    if detail == "measured":
        values["factor_id"] = subjects["own_factor_id"]
    if detail == "ticket":
        values["attachment_id"] = subjects["ticket_id"]
    rule = next(r for r in app.url_map.iter_rules() if r.endpoint == endpoint)
    with app.test_request_context():
        return app.url_for(endpoint, **{name: values[name] for name in rule.arguments})
