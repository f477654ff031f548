"""Two factors that plants of the demo measured themselves: one in use for a year, one that waits for the officer."""

import io
from datetime import timedelta
from decimal import Decimal

from PIL import Image, ImageDraw

from marketplace.accounts.models import Enterprise
from marketplace.attachments.service import Upload
from marketplace.database import now, pretend_now
from marketplace.demo.people import World
from marketplace.measured import service
from marketplace.measured.models import MeasuredFactor
from marketplace.measured.service import Proposal

APPROVED_DAYS_AGO = 365


def add_measurements(world: World) -> None:
    """The first grinding plant's mill, approved; the first ironworks' slag yard, proposed today."""
    assert world.officer is not None
    mill = Proposal(
        factor_key="grinding-slag",
        value=Decimal("33.6"),
        typed_value="0.0336",
        typed_unit="t CO2e/t",
        gsd=Decimal("1.06"),
        year=(now() - timedelta(days=APPROVED_DAYS_AGO)).year - 1,
        method="立磨电表与烘干燃气表全年读数 ÷ 出磨吨数；边界：进磨到出磨，含烘干。 Sample data.",
    )
    with pretend_now(now() - timedelta(days=APPROVED_DAYS_AGO)):
        proposal = _propose(world, world.by_industry["building-materials"][0], mill, "demo-measured-mill")
        service.approve(proposal.id, "表计读数与产量台账一致（示例）。", world.officer)
    yard = Proposal(
        factor_key="stockpile-inert",
        value=Decimal("3.1"),
        typed_value="3.1",
        typed_unit="kg CO2e/t",
        gsd=Decimal("1.15"),
        year=now().year - 1,
        method="Diesel of the yard's loaders over a year by tonnes weighed; tipping, stockpiling, moving. Sample data.",
    )
    _propose(world, next(iter(world.enterprises.values())), yard, "demo-measured-yard")


def _propose(world: World, enterprise: Enterprise, proposal: Proposal, submission: str) -> MeasuredFactor:
    by = world.traders[enterprise.id]
    return service.propose(enterprise.sites[0], proposal, [_report(proposal)], by, submission)


def _report(proposal: Proposal) -> Upload:
    """A page that says what it is: evidence of the demo, not of anybody."""
    page = Image.new("RGB", (900, 400), "white")
    words = f"SAMPLE REPORT OF THE DEMO\n\n{proposal.factor_key}: {proposal.typed_value} {proposal.typed_unit}\n"
    ImageDraw.Draw(page).multiline_text((60, 60), f"{words}g = {proposal.gsd}, year {proposal.year}", fill="black")
    out = io.BytesIO()
    page.save(out, "PDF", resolution=100, creationDate=None, modDate=None)
    return Upload(f"sample-{proposal.factor_key}.pdf", "application/pdf", out.getvalue())
