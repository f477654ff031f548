"""Use cases of a site's own factor: propose, withdraw, approve, reject."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from marketplace.accounts import service as accounts
from marketplace.accounts.models import Site, User
from marketplace.attachments import service as attachments
from marketplace.attachments.service import Upload
from marketplace.carbon.library import library
from marketplace.database import now
from marketplace.extensions import db
from marketplace.ledger import factors as published
from marketplace.ledger.choosing import province_of
from marketplace.ledger.factors import MeasuredFacts
from marketplace.measured.errors import AlreadyDecided
from marketplace.measured.models import MeasuredFactor, MeasuredState
from marketplace.notifications import service as notifications


@dataclass(frozen=True, slots=True)
class Proposal:
    """A measurement as proposed; ``value`` in the library's unit of ``factor_key``, the typed ones as written."""

    factor_key: str
    value: Decimal
    typed_value: str
    typed_unit: str
    gsd: Decimal
    year: int
    method: str


def propose(site: Site, proposal: Proposal, evidence: list[Upload], by: User, submission: str) -> MeasuredFactor:
    """Hand in a measurement with its evidence; a form sent twice is one proposal."""
    sent = db.session.scalar(select(MeasuredFactor).where(MeasuredFactor.submission == submission))
    if sent is not None:
        return sent
    row = MeasuredFactor(
        submission=submission,
        site=site,
        factor_key=proposal.factor_key,
        value=proposal.value,
        unit=library()[proposal.factor_key].unit,
        typed_value=proposal.typed_value,
        typed_unit=proposal.typed_unit,
        gsd=proposal.gsd,
        year=proposal.year,
        method=proposal.method,
        proposed_by=by,
    )
    db.session.add(row)
    db.session.flush()
    attachments.attach(evidence, measured_factor_id=row.id)
    _audit(by, row, "")
    notifications.tell(
        notifications.officers(),
        "measured_waits",
        f"/measured-factors/{row.id}",
        enterprise=site.enterprise.name("zh"),
        factor=proposal.factor_key,
    )
    return row


def withdraw(proposal_id: int, by: User) -> None:
    """Take a proposal back before it is decided.

    Raises:
        AlreadyDecided: an officer was faster.
    """
    row = _open(proposal_id)
    row.state = MeasuredState.WITHDRAWN
    _audit(by, row, "")


def reject(proposal_id: int, reason: str, officer: User) -> None:
    """Refuse a proposal; the enterprise reads the reason.

    Raises:
        AlreadyDecided: it is decided or withdrawn.
    """
    row = _open(proposal_id)
    row.state = MeasuredState.REJECTED
    _decided(row, reason, officer)


def approve(proposal_id: int, reason: str, officer: User) -> None:
    """Publish the value as the site's own factor: exchanges requested from now on use it, recorded ones never.

    Raises:
        AlreadyDecided: it is decided or withdrawn.
    """
    row = _open(proposal_id)
    digests = " ".join(a.sha256 for a in row.evidence)
    row.published = published.publish_measured(
        row.site,
        library()[row.factor_key],
        MeasuredFacts(
            value=row.value,
            gsd=row.gsd,
            year=row.year,
            region=province_of(row.site) or "CN",
            # For ever in the published table: no names, and nothing of what the enterprise keeps to itself.
            detail=f"proposal {row.id}, evidence SHA-256 {digests}",
        ),
    )
    row.state = MeasuredState.APPROVED
    _decided(row, reason, officer)


def _open(proposal_id: int) -> MeasuredFactor:
    statement = select(MeasuredFactor).where(MeasuredFactor.id == proposal_id).with_for_update()
    row = db.session.scalars(statement).one()
    if row.state is not MeasuredState.PROPOSED:
        raise AlreadyDecided
    return row


def _decided(row: MeasuredFactor, reason: str, officer: User) -> None:
    row.decided_by, row.decided_at, row.reason = officer, now(), reason
    _audit(officer, row, reason)
    notifications.tell(
        notifications.traders_of(row.site.enterprise_id),
        f"measured_{row.state}",
        f"/measured-factors/{row.id}",
        factor=row.factor_key,
        site=row.site.name,
        reason=reason or "—",
    )


def _audit(actor: User, row: MeasuredFactor, reason: str) -> None:
    action = f"measured_factor.{row.state or MeasuredState.PROPOSED}"
    accounts.audit(actor, action, "measured_factor", row.id, reason)
