"""Pages about suggestions: all matches of a listing, some side by side, and putting one aside with a reason."""

from collections import Counter
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts import queries as account_queries
from marketplace.accounts.policy import Permission, find_or_404, may, viewer
from marketplace.database import transaction
from marketplace.listings.maps import listing_map
from marketplace.listings.models import Kind, Listing
from marketplace.matching import comparing, digest, events, feedback, service, store
from marketplace.matching.comparing_lines import lines
from marketplace.matching.forms import DismissalForm, MatchesForm
from marketplace.matching.models import DismissalReason
from marketplace.matching.page import MOST_RANKED, matches_page
from marketplace.matching.why_not import Question, why_not
from marketplace.matching.why_words import sentence_of, weaknesses
from marketplace.web.language import language
from marketplace.web.parameters import is_read_by_a_person
from marketplace.web.redirects import safe_next

bp = Blueprint("matching", __name__)

MOST_ON_MAP = 24


@bp.get("/listings/<int:listing_id>/matches")
def matches(listing_id: int) -> ResponseReturnValue:
    listing, who = find_or_404(Listing, listing_id), viewer()
    may_edit = may(who, Permission.EDIT, listing)
    dismissals = feedback.dismissals_for(listing) if may_edit else ()
    found = service.suggest(listing, who, language(), dismissals, MOST_RANKED)
    families = Counter(s.listing.family for s in found)
    form = MatchesForm(request.args, partner=_partner(listing), families=families)
    shown: dict[str, Any] = {"listing": listing, "form": form, "may_edit": may_edit, "kept": _kept()}
    if not form.validate():
        return render_template("matching/matches.html", page=None, **shown), 400
    wish = form.wish()
    page = matches_page(listing, found, wish)
    question = Question(listing, who, language(), found, wish, dismissals)
    answer = why_not(form.why.data, question) if form.why.data else None
    partners = [row.listing for row in page.rows[:MOST_ON_MAP]]
    if is_read_by_a_person(request):
        events.note_shown(listing, [row.listing.id for row in page.rows], store.version(), who)
    return render_template(
        "matching/matches.html",
        page=page,
        wish=wish,
        answer=answer,
        sentence_of=sentence_of,
        weaknesses=weaknesses,
        map=listing_map(listing, partners, account_queries.parks(), language()) if partners else None,
        put_aside=[d for d in dismissals if d.listing_id == listing_id],
        **shown,
    )


@bp.get("/listings/<int:listing_id>/matches/compare")
def compare(listing_id: int) -> ResponseReturnValue:
    listing, who = find_or_404(Listing, listing_id), viewer()
    shown: dict[str, Any] = {"listing": listing, "kept": _kept(), "may_edit": may(who, Permission.EDIT, listing)}
    try:
        chosen = comparing.listings_of(listing, comparing.numbers_of(request.args.getlist("with")), who)
    except comparing.WrongChoice as wrong:
        others = comparing.visible_of(listing, wrong.numbers, who)
        return render_template("matching/compare_choice.html", others=others, **shown), 400
    except comparing.NotToBeSeen:
        abort(404)
    columns = comparing.columns(listing, chosen, language())
    return render_template("matching/compare.html", columns=columns, lines=lines(columns, language()), **shown)


@bp.route("/listings/<int:listing_id>/not-for-us/<int:other_id>", methods=["GET", "POST"])
@login_required
def dismiss(listing_id: int, other_id: int) -> ResponseReturnValue:
    listing, other = find_or_404(Listing, listing_id, Permission.EDIT), find_or_404(Listing, other_id)
    if other.kind is listing.kind:
        abort(404)
    form, back = DismissalForm(), _back(listing_id)
    if not form.validate_on_submit():
        page = render_template("matching/dismiss.html", form=form, listing=listing, other=other, back=back)
        return page, 422 if form.errors else 200
    with transaction():
        feedback.dismiss(listing, other, DismissalReason(form.reason.data), current_user)
    flash(gettext("It is no longer suggested, nor is what falls under the same reason."), "success")
    return redirect(back, 303)


@bp.post("/listings/<int:listing_id>/not-for-us/<int:other_id>/undo")
@login_required
def suggest_again(listing_id: int, other_id: int) -> ResponseReturnValue:
    listing = find_or_404(Listing, listing_id, Permission.EDIT)
    with transaction():
        feedback.suggest_again(listing, other_id)
    return redirect(_back(listing_id), 303)


def _partner(listing: Listing) -> Kind:
    return Kind.WANT if listing.kind is Kind.OFFER else Kind.OFFER


def _kept() -> dict[str, str]:
    """Order and filters of the address, without what belongs to one step only."""
    names = ("sort", "view", "within", "family", "least", "hazard", "price_from", "price_to")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _back(listing_id: int) -> str:
    """Where the person came from: the page of matches, or else the listing's own."""
    return safe_next(request.values.get("next"), url_for("listings.detail", listing_id=listing_id))


@bp.get("/news")
@login_required
def news() -> ResponseReturnValue:
    """What the person's daily digests named."""
    return render_template("matching/news.html", listings=digest.news_of(viewer()))
