"""Pages beyond one offer and one want: several together, through a treatment, and the treatments that plants offer."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts import queries as account_queries
from marketplace.accounts.policy import Permission, find_or_404, may, requires, viewer
from marketplace.database import transaction
from marketplace.exchanges.queries import own_sites
from marketplace.extensions import db
from marketplace.listings.maps import listing_map
from marketplace.listings.models import Listing, ListingState
from marketplace.matching import feedback
from marketplace.matching.beyond import treatments
from marketplace.matching.beyond.chaining import chains_for, chains_through
from marketplace.matching.beyond.combining import combinations
from marketplace.matching.beyond.forms import ChainsForm, ProcessForm, TreatmentForm
from marketplace.matching.beyond.maps import chains_map, letters
from marketplace.matching.beyond.steps import requests_of
from marketplace.matching.core.beyond.chains import processes
from marketplace.matching.models import TreatmentService
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.thesaurus import thesaurus
from marketplace.web.language import language

bp = Blueprint("beyond", __name__)


@bp.context_processor
def _names() -> dict[str, object]:
    """Names that these pages show in the reader's language."""
    return {"process_name": lambda slug: processes()[slug].name(language()), "taken_name": _taken_name}


def _taken_name(slug: str) -> str:
    """A material, or a family whose materials are all taken."""
    node = taxonomy().materials.get(slug) or taxonomy().families.get(slug)
    return node.name(language()) if node else slug


@bp.get("/listings/<int:listing_id>/together")
def together(listing_id: int) -> ResponseReturnValue:
    """Several small offers for a want, or several wants for an offer."""
    listing, who = find_or_404(Listing, listing_id), viewer()
    may_edit = may(who, Permission.EDIT, listing)
    found = combinations(listing, who, feedback.dismissals_for(listing) if may_edit else ())
    partners = list({row.listing.id: row.listing for made in found for row in made.rows}.values())
    return render_template(
        "beyond/together.html",
        listing=listing,
        found=found,
        component_name=lambda slug: thesaurus().concepts[slug].name(language()),
        map=listing_map(listing, partners, account_queries.parks(), language()) if partners else None,
        may_request=may_edit and listing.state is ListingState.OPEN and may(who, Permission.TRADE),
    )


@bp.get("/listings/<int:listing_id>/chains")
def chains(listing_id: int) -> ResponseReturnValue:
    """Offer, treatment, want: for one of the two listings."""
    listing, who, form = find_or_404(Listing, listing_id), viewer(), ChainsForm(request.args)
    if not form.validate():
        return render_template("beyond/chains.html", listing=listing, form=form, rows=None), 400
    dismissals = feedback.dismissals_for(listing) if may(who, Permission.EDIT, listing) else ()
    rows = chains_for(listing, who, form.objective, dismissals)
    return render_template(
        "beyond/chains.html",
        listing=listing,
        form=form,
        rows=rows,
        requests_of=lambda row: requests_of(row, who),
        letter_of=letters(rows),
        map=chains_map(rows, listing, account_queries.parks(), language()) if rows else None,
    )


@bp.get("/treatments")
def treatment_list() -> ResponseReturnValue:
    """What plants do with the material of others; one's own first, ended ones included."""
    form = ProcessForm(request.args)
    if not form.validate():
        return render_template("beyond/treatments.html", form=form, services=[]), 400
    services = treatments.visible_treatments(viewer(), form.treatment.data or "")
    return render_template("beyond/treatments.html", form=form, services=services)


@bp.route("/treatments/new", methods=["GET", "POST"])
@requires(Permission.POST)
def new_treatment() -> ResponseReturnValue:
    sites = own_sites(viewer().enterprise_id or 0)
    form = TreatmentForm(sites=sites)
    if not form.validate_on_submit():
        page = render_template("beyond/treatment_form.html", form=form, has_site=bool(sites))
        return page, 422 if form.errors else 200
    with transaction():
        made = treatments.offer_treatment(form.facts(), current_user, form.submission.data or "")
    return redirect(url_for("beyond.treatment", service_id=made.id), 303)


@bp.get("/treatments/<int:service_id>")
def treatment(service_id: int) -> ResponseReturnValue:
    """One treatment with the best chains through it."""
    service = find_or_404(TreatmentService, service_id, options=treatments.reading_options())
    who, form = viewer(), ChainsForm(request.args)
    if not form.validate():
        return render_template("beyond/treatment.html", service=service, form=form, rows=None), 400
    rows = chains_through(service, who, form.objective)
    return render_template(
        "beyond/treatment.html",
        service=service,
        form=form,
        rows=rows,
        requests_of=lambda row: requests_of(row, who),
        letter_of=letters(rows),
        map=chains_map(rows, service, account_queries.parks(), language()),
    )


@bp.post("/treatments/<int:service_id>/end")
@login_required
def end_treatment(service_id: int) -> ResponseReturnValue:
    find_or_404(TreatmentService, service_id, Permission.EDIT)
    with transaction():
        treatments.end_treatment(db.session.get_one(TreatmentService, service_id))
    flash(gettext("It is no longer offered and has left every chain."), "success")
    return redirect(url_for("beyond.treatment_list"), 303)
