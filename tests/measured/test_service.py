"""A site's own factor: proposed, decided, used from then on and never before; on both databases."""

import json
from decimal import Decimal

import pytest
from sqlalchemy import select

from marketplace.accounts.errors import SiteInUse
from marketplace.accounts.models import AuditEvent, Enterprise
from marketplace.accounts.sites import remove_site
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.exchanges.models import TransportBy
from marketplace.extensions import db
from marketplace.ledger.factors import own_factor_id
from marketplace.ledger.models import EmissionFactor, LedgerEntry
from marketplace.ledger.verify import verify
from marketplace.ledger.verify_certificate import check_figure
from marketplace.measured import service
from marketplace.measured.errors import AlreadyDecided
from marketplace.measured.models import MeasuredState
from marketplace.notifications.models import OutboxMessage
from tests.factories import agreed, completed, confirm_both, delivered, find_user, open_listing, propose_factor, trader


def officer():
    return find_user("district_officer@example.com")


def approved(site="ironworks", **facts):
    with transaction():
        proposal = propose_factor(site, **facts)
        service.approve(proposal.id, "the report shows it", officer())
        return proposal.id


def bodies():
    return [json.loads(e.canonical) for e in db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position))]


def own_id(world, key="stockpile-inert", enterprise="ironworks"):
    return own_factor_id(db.session.get_one(Enterprise, getattr(world, enterprise)).sites[0], key)


def test_an_approved_measurement_is_used_for_the_site_s_later_exchanges(world):
    approved()
    completed(open_listing())
    (body,) = bodies()
    name = own_id(world)
    assert body["inputs"]["disposal"]["factor"] == name
    factor = body["factors"][name]
    assert (factor["step"], factor["wanted"], factor["value"], factor["gsd"]) == (
        "site",
        "stockpile-inert",
        "3.2",
        "1.1",
    )
    assert "SHA-256" in factor["source_detail"]
    assert Decimal(body["result"]["components"]["disposal"]) == Decimal("3.2") * Decimal(body["accepted_t"])


def test_both_verifiers_accept_a_measured_factor(world):
    approved()
    completed(open_listing())
    assert verify().is_sound
    assert own_id(world) in check_figure(bodies()[0]).gsds


def test_an_exchange_requested_before_the_approval_keeps_the_library_s_factor(world):
    exchange = agreed(open_listing())
    approved()
    delivered(exchange)
    confirm_both(exchange)
    assert bodies()[0]["inputs"]["disposal"]["factor"] == "stockpile-inert"


def test_a_newer_measurement_is_a_new_version_and_changes_no_entry(world):
    approved()
    completed(open_listing())
    before = db.session.get_one(LedgerEntry, 0).canonical
    approved(value=Decimal("2.9"), typed_value="2.9")
    completed(open_listing())
    assert db.session.get_one(LedgerEntry, 0).canonical == before
    assert [b["factors"][own_id(world)]["version"] for b in bodies()] == ["1", "2"]
    assert verify().is_sound


def test_only_that_site_uses_it(world):
    approved("third")
    completed(open_listing())
    assert bodies()[0]["factors"]["stockpile-inert"]["step"] == "country"


@pytest.mark.parametrize(
    ("site", "key", "part", "value"),
    [("grinding", "clinker-cn", "displaced", "820"), ("grinding", "grinding-slag", "reprocessing", "36")],
)
def test_what_the_receiver_measured_counts_for_its_product_and_its_mill(world, site, key, part, value):
    approved(site, factor_key=key, value=Decimal(value), typed_value=value)
    completed(open_listing(), use="scm-cement")
    assert bodies()[0]["inputs"][part]["factor"] == own_id(world, key, site)


def test_lorries_measured_by_who_carries_count_and_not_those_of_the_other(world):
    lorries = {
        "factor_key": "truck-cn-49t",
        "value": Decimal("0.06"),
        "typed_value": "0.06",
        "typed_unit": "kgCO2e/tkm",
    }
    approved("ironworks", **lorries)
    completed(open_listing(), transport_by=TransportBy.RECEIVER)
    completed(open_listing(), transport_by=TransportBy.SUPPLIER)
    legs = [body["inputs"]["deliveries"][0]["legs"][0]["factor"] for body in bodies()]
    assert legs == ["truck-cn-49t", own_id(world, "truck-cn-49t")]


def test_a_measurement_of_a_later_year_is_not_for_earlier_deliveries(world):
    approved(year=today().year + 1)
    completed(open_listing())
    assert bodies()[0]["factors"]["stockpile-inert"]["step"] == "country"


@pytest.mark.parametrize("end", [service.reject, None], ids=["rejected", "still open"])
def test_what_is_not_approved_is_not_used(world, end):
    with transaction():
        proposal = propose_factor()
        if end:
            end(proposal.id, "no calibration", officer())
    completed(open_listing())
    assert bodies()[0]["inputs"]["disposal"]["factor"] == "stockpile-inert"
    assert db.session.scalars(select(EmissionFactor).where(EmissionFactor.site_id.is_not(None))).all() == []


def test_a_decision_is_final(world):
    number = approved()
    for again in (
        lambda: service.approve(number, "again", officer()),
        lambda: service.reject(number, "no", officer()),
        lambda: service.withdraw(number, trader("ironworks")),
    ):
        with pytest.raises(AlreadyDecided), transaction():
            again()


def test_who_decided_why_is_kept_and_the_enterprise_told(world):
    with transaction():
        proposal = propose_factor()
        service.reject(proposal.id, "the scale was not calibrated", officer())
        number = proposal.id
        assert (proposal.state, proposal.decided_by) == (MeasuredState.REJECTED, officer())
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.subject_kind == "measured_factor")).all()
    assert [(e.action, e.subject_id, e.reason) for e in events] == [
        ("measured_factor.proposed", number, ""),
        ("measured_factor.rejected", number, "the scale was not calibrated"),
    ]
    told = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "measured_rejected")).all()
    assert {m.email for m in told} == {"owner@ironworks.example", "trader@ironworks.example"}


def test_a_form_sent_twice_is_one_proposal(world):
    with transaction():
        first = propose_factor()
        again = service.propose(first.site, service.Proposal("none", Decimal(1), "1", "t", Decimal(1), 2025, "x"), [],
                                trader("ironworks"), first.submission)  # fmt: skip
        assert again is first


def test_a_site_with_a_measurement_stays(world):
    with transaction():
        site = propose_factor("newcomer").site
        with pytest.raises(SiteInUse):
            remove_site(site)
