"""Pages of sites' own factors: the list, a proposal, proposing, withdrawing and deciding."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts.models import Site
from marketplace.accounts.policy import Permission, find_or_404, may, may_see, requires, viewer
from marketplace.attachments import service as attachments
from marketplace.attachments.errors import UnsuitableFile
from marketplace.carbon.library import library
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges.queries import own_sites
from marketplace.extensions import db
from marketplace.measured import queries, service
from marketplace.measured.forms import DecideForm, ProposalForm, StateFilterForm
from marketplace.measured.models import MeasuredFactor, MeasuredState
from marketplace.web.parameters import positive_int

bp = Blueprint("measured", __name__)


@bp.get("/measured-factors")
@login_required
def index() -> ResponseReturnValue:
    """One's own proposals; all of them for officers and auditors."""
    who = viewer()
    if who.enterprise_id is None and not may(who, Permission.SEE_LEDGER):
        abort(404)
    form = StateFilterForm(request.args)
    state = MeasuredState(form.state.data) if form.validate() and form.state.data else None
    rows, next_id = queries.proposals(may_see(MeasuredFactor, who), state, positive_int(request.args.get("before")))
    page = render_template("measured/index.html", form=form, proposals=rows, next_id=next_id, library=library())
    return page, 400 if form.errors else 200


@bp.route("/measured-factors/new", methods=["GET", "POST"])
@requires(Permission.PROPOSE_FACTORS)
def propose() -> ResponseReturnValue:
    form = ProposalForm(sites=own_sites(viewer().enterprise_id or 0))
    if not form.validate_on_submit():
        return render_template("measured/propose.html", form=form), 422 if form.errors else 200
    try:
        evidence = attachments.read_uploads([form.evidence.data])
        with transaction():
            site = db.session.get_one(Site, int(form.site_id.data))
            proposal = service.propose(site, form.proposal(), evidence, current_user, form.submission.data or "")
            number = proposal.id
    except UnsuitableFile as refused:
        form.evidence.errors = [refused.sentence()]
        return render_template("measured/propose.html", form=form), refused.status
    flash(gettext("A district officer will look at it; until then figures do not use it."))
    return redirect(url_for("measured.detail", proposal_id=number), 303)


@bp.route("/measured-factors/<int:proposal_id>", methods=["GET", "POST"])
@login_required
def detail(proposal_id: int) -> ResponseReturnValue:
    """A proposal with its evidence; officers decide here."""
    permission = Permission.DECIDE_FACTORS if request.method == "POST" else Permission.SEE
    proposal = find_or_404(MeasuredFactor, proposal_id, permission)
    form = DecideForm()
    if not form.validate_on_submit():
        page = render_template(
            "measured/detail.html",
            proposal=proposal,
            form=form,
            factor=library().get(proposal.factor_key),
            may_decide=may(viewer(), Permission.DECIDE_FACTORS, proposal),
            may_withdraw=may(viewer(), Permission.EDIT, proposal),
        )
        return page, 422 if form.errors else 200
    decide = service.approve if form.decision.data == MeasuredState.APPROVED else service.reject
    try:
        with transaction():
            decide(proposal_id, form.reason.data or "", current_user)
    except DomainError as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("measured.detail", proposal_id=proposal_id), 303)


@bp.post("/measured-factors/<int:proposal_id>/withdraw")
@login_required
def withdraw(proposal_id: int) -> ResponseReturnValue:
    find_or_404(MeasuredFactor, proposal_id, Permission.EDIT)
    try:
        with transaction():
            service.withdraw(proposal_id, current_user)
    except DomainError as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("measured.detail", proposal_id=proposal_id), 303)
