"""Pages of saved interests: all of the enterprise, one with what fits it now, saving, changing and ending."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts import queries as account_queries
from marketplace.accounts.policy import Permission, find_or_404, may, requires, viewer
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges.queries import own_sites
from marketplace.listings import queries as listings
from marketplace.matching.alerts import MOST_A_DAY
from marketplace.matching.interests import queries, service
from marketplace.matching.interests.errors import SameInterest, TooManyInterests
from marketplace.matching.interests.forms import InterestForm
from marketplace.matching.models import Interest
from marketplace.web.language import language

bp = Blueprint("interests", __name__)


@bp.get("/interests")
@requires(Permission.SEE_OWN_ENTERPRISE)
def index() -> ResponseReturnValue:
    """Those of the enterprise."""
    return render_template(
        "interests/index.html",
        interests=queries.own_interests(viewer()),
        title_of=queries.title_of,
        within_of=queries.within_of,
    )


@bp.get("/interests/<int:interest_id>")
@login_required
def detail(interest_id: int) -> ResponseReturnValue:
    """One of them, with what a search for it finds now."""
    interest, who = find_or_404(Interest, interest_id, options=queries.options()), viewer()
    wish = queries.wish_of(interest, language(), request.args.get("after", ""))
    try:
        page = listings.search(wish, who, language())
    except listings.BadCursor:
        return redirect(url_for("interests.detail", interest_id=interest_id), 303)
    return render_template(
        "interests/detail.html",
        interest=interest,
        page=page,
        wish=wish,
        title=queries.title_of(interest, language()),
        within=queries.within_of(interest, language()),
        may_edit=may(who, Permission.EDIT, interest),
    )


@bp.route("/interests/new", methods=["GET", "POST"])
@requires(Permission.POST)
def new() -> ResponseReturnValue:
    """The form, filled in from the address of a search."""
    form, park_ids = _form(viewer().enterprise_id or 0, formdata=request.args if request.method == "GET" else None)
    if not form.validate_on_submit():
        return _form_page(form), 422 if form.errors else 200
    try:
        with transaction():
            interest = service.save(form.facts(park_ids), current_user, form.submission.data or "")
    except (SameInterest, TooManyInterests) as refused:
        form.form_errors.append(refused.sentence())
        return _form_page(form), refused.status
    flash(gettext("Saved. You hear of it when something fitting is posted; this is what fits today."), "success")
    return redirect(url_for("interests.detail", interest_id=interest.id), 303)


@bp.route("/interests/<int:interest_id>/edit", methods=["GET", "POST"])
@login_required
def edit(interest_id: int) -> ResponseReturnValue:
    interest = find_or_404(Interest, interest_id, Permission.EDIT, options=queries.options())
    form, park_ids = _form(interest.enterprise_id, data=InterestForm.typed(interest))
    if not form.validate_on_submit():
        return _form_page(form, interest), 422 if form.errors else 200
    try:
        with transaction():
            service.change(interest, form.facts(park_ids))
    except SameInterest as refused:
        form.form_errors.append(refused.sentence())
        return _form_page(form, interest), refused.status
    return redirect(url_for("interests.detail", interest_id=interest_id), 303)


STEPS = {"end": service.end, "resume": service.resume}


@bp.post("/interests/<int:interest_id>/<any(end, resume):step>")
@login_required
def change_state(interest_id: int, step: str) -> ResponseReturnValue:
    interest = find_or_404(Interest, interest_id, Permission.EDIT)
    try:
        with transaction():
            STEPS[step](interest)
    except DomainError as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("interests.index"), 303)


def _form_page(form: InterestForm, interest: Interest | None = None) -> str:
    return render_template("interests/form.html", form=form, interest=interest, most_a_day=MOST_A_DAY)


def _form(enterprise_id: int, **filled: Any) -> tuple[InterestForm, dict[str, int]]:
    """The form with this installation's parks and the enterprise's sites, and the parks' ids by code."""
    parks = account_queries.parks()
    named = [(park.code, account_queries.park_name(park, language())) for park in parks]
    if filled.get("formdata", ...) is None:
        del filled["formdata"]  # a form that is sent finds its own data
    form = InterestForm(parks=named, sites=own_sites(enterprise_id), **filled)
    return form, {park.code: park.id for park in parks}
