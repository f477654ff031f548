"""Pages of finding, posting and keeping listings."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts import queries as account_queries
from marketplace.accounts.policy import Permission, find_or_404, may, requires, viewer
from marketplace.attachments import service as attachments
from marketplace.attachments.errors import UnsuitableFile
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges.queries import own_sites
from marketplace.listings import queries, service
from marketplace.listings.errors import BelowReserved, NotApproved, StaleListing, WrongState
from marketplace.listings.forms import ListingForm, SearchForm, TitleForm
from marketplace.listings.maps import hits_map, listing_map
from marketplace.listings.models import Listing
from marketplace.listings.wishes import asked, wish_of
from marketplace.matching import events as suggestions
from marketplace.matching import feedback, possible_users
from marketplace.matching import service as matching
from marketplace.matching.costs import abatement_of
from marketplace.matching.store import version as model_version
from marketplace.materials.figures import figures_of
from marketplace.materials.thesaurus import thesaurus
from marketplace.web.language import language
from marketplace.web.parameters import is_read_by_a_person, positive_int

bp = Blueprint("listings", __name__)


@bp.get("/listings")
def search() -> ResponseReturnValue:
    who, parks = viewer(), account_queries.parks()
    origin = queries.origin_of(who.enterprise_id)
    choices = [(p.code, account_queries.park_name(p, language())) for p in parks]
    form = SearchForm(request.args, parks=choices, has_site=origin is not None)
    if not form.validate():
        return render_template("listings/search.html", form=form, page=None), 400
    wish = wish_of(form, parks, origin, language(), request.args.get("after", ""))
    try:
        page = queries.search(wish, who, language())
    except queries.BadCursor:
        form.form_errors.append(gettext("This page address is damaged. The search starts anew."))
        return render_template("listings/search.html", form=form, page=None), 400
    return render_template(
        "listings/search.html",
        form=form,
        page=page,
        wish=wish,
        asked=asked(form),
        map=hits_map(page.hits, parks, language()),
    )


@bp.get("/listings/<int:listing_id>")
def detail(listing_id: int) -> ResponseReturnValue:
    listing = find_or_404(Listing, listing_id, options=queries.detail_options())
    who = viewer()
    may_edit = may(who, Permission.EDIT, listing)
    dismissals = feedback.dismissals_for(listing) if may_edit else ()
    matches = matching.suggest(listing, who, language(), dismissals)
    if is_read_by_a_person(request):
        suggestions.note_shown(listing, [m.listing.id for m in matches], model_version(), who)
        suggestions.note_opened(positive_int(request.args.get("via")), listing, who)
    return render_template(
        "listings/detail.html",
        listing=listing,
        matches=matches,
        possible_users=possible_users.candidates_for(listing, who, language()),
        costs={m.listing.id: abatement_of(listing, m.listing, m.match) for m in matches},
        map=listing_map(listing, [m.listing for m in matches], account_queries.parks(), language()),
        may_edit=may_edit,
        figures=[(thesaurus().concepts[f.component].name(language()), f) for f in figures_of(listing.text)],
        put_aside=[d.other for d in dismissals if d.listing_id == listing_id],
        may_request=may(who, Permission.REQUEST, listing),
        sees_contact=may(who, Permission.SEE_CONTACT, listing),
        is_visitor=who.user_id is None,
    )


@bp.get("/my-listings")
@requires(Permission.SEE_OWN_ENTERPRISE)
def own() -> ResponseReturnValue:
    return render_template("listings/own.html", listings=queries.own_listings(viewer().enterprise_id or 0))


@bp.route("/listings/new", methods=["GET", "POST"])
@requires(Permission.POST)
def new() -> ResponseReturnValue:
    """One box first; with a title the filled form follows."""
    sites = own_sites(viewer().enterprise_id or 0)
    if request.method == "GET":
        first = TitleForm(request.args)
        if not sites or "title" not in request.args or not first.validate():
            is_wrong = "title" in request.args and bool(sites)
            page = render_template("listings/new_title.html", form=first, has_site=bool(sites), is_wrong=is_wrong)
            return page, 422 if is_wrong else 200
        form = ListingForm(sites=sites, data={"kind": first.kind.data, "title": first.title.data})
        form.prefill()
        return render_template("listings/form.html", form=form, listing=None)
    form = ListingForm(sites=sites)
    if not form.validate_on_submit():
        return render_template("listings/form.html", form=form, listing=None), 422
    publish_now = request.form.get("action") != "draft"
    try:
        files = attachments.read_uploads(form.files.data or [])
        with transaction():
            listing = service.post(form.facts(), current_user, form.submission.data or "", publish_now=False)
            if not listing.attachments:
                attachments.attach(files, listing_id=listing.id)
    except UnsuitableFile as refused:
        form.files.errors = [refused.sentence()]
        return render_template("listings/form.html", form=form, listing=None), refused.status
    if publish_now:
        _try(listing.id, "publish")
    return redirect(url_for("listings.detail", listing_id=listing.id), 303)


@bp.route("/listings/<int:listing_id>/edit", methods=["GET", "POST"])
@login_required
def edit(listing_id: int) -> ResponseReturnValue:
    listing = find_or_404(Listing, listing_id, Permission.EDIT)
    form = ListingForm(sites=own_sites(listing.enterprise_id), data=ListingForm.typed(listing))
    if not form.validate_on_submit():
        page = render_template("listings/form.html", form=form, listing=listing)
        return page, 422 if form.errors else 200
    try:
        files = attachments.read_uploads(form.files.data or [])
        with transaction():
            service.edit(listing, form.facts(), _version(form))
            attachments.attach(files, listing_id=listing_id)
    except (StaleListing, WrongState) as refused:
        form.form_errors.append(refused.sentence())
        form.version.data = str(listing.version)
        return render_template("listings/form.html", form=form, listing=listing), refused.status
    except BelowReserved as refused:
        form.quantity.errors = [refused.sentence()]
        return render_template("listings/form.html", form=form, listing=listing), refused.status
    except UnsuitableFile as refused:
        form.files.errors = [refused.sentence()]
        return render_template("listings/form.html", form=form, listing=listing), refused.status
    return redirect(url_for("listings.detail", listing_id=listing_id), 303)


STEPS = {"publish": service.publish, "pause": service.pause, "renew": service.renew, "close": service.close}


@bp.post("/listings/<int:listing_id>/<any(publish, pause, renew, close):step>")
@login_required
def change_state(listing_id: int, step: str) -> ResponseReturnValue:
    find_or_404(Listing, listing_id, Permission.EDIT)
    _try(listing_id, step)
    return redirect(url_for("listings.detail", listing_id=listing_id), 303)


def _try(listing_id: int, step: str) -> None:
    try:
        with transaction():
            STEPS[step](service.lock(listing_id))
    except NotApproved as refused:
        flash(refused.sentence(), "warning")
    except DomainError as refused:
        flash(refused.sentence(), "error")


def _version(form: ListingForm) -> int:
    text = str(form.version.data or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
