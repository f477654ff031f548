"""Pages of an exchange, from the request to completion."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts.policy import Permission, find_or_404, requires, viewer
from marketplace.attachments import service as attachments
from marketplace.attachments.errors import UnsuitableFile
from marketplace.carbon.errors import InputError
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges import queries, service
from marketplace.exchanges.errors import (
    AlreadyRequested,
    LicenceMissing,
    OutsidePeriods,
    PeriodSettled,
    TicketUsed,
    UnknownUse,
)
from marketplace.exchanges.forms import (
    ConfirmDeliveryForm,
    DeliveryForm,
    MessageForm,
    ReasonForm,
    RequestForm,
    TermsForm,
)
from marketplace.exchanges.models import Delivery, Exchange
from marketplace.exchanges.page import exchange_page
from marketplace.ledger.wrong_input import sentence_of
from marketplace.listings import queries as listing_queries
from marketplace.listings.errors import NotEnoughLeft
from marketplace.listings.models import Listing
from marketplace.web.formats import tonnes
from marketplace.web.parameters import positive_int, positive_tonnes

bp = Blueprint("exchanges", __name__)


@bp.get("/exchanges")
@login_required
def index() -> ResponseReturnValue:
    who = viewer()
    if who.enterprise_id is None and not queries.may_list(who):
        abort(404)
    ended = {"ended": True, "open": False}.get(request.args.get("state", ""))
    rows, next_id = queries.own_exchanges(who, positive_int(request.args.get("after")), ended)
    return render_template("exchanges/index.html", rows=rows, next_id=next_id, state=request.args.get("state", ""))


@bp.route("/listings/<int:listing_id>/request", methods=["GET", "POST"])
@requires(Permission.TRADE)
def request_match(listing_id: int) -> ResponseReturnValue:
    listing = find_or_404(Listing, listing_id, Permission.REQUEST, listing_queries.detail_options())
    who = viewer()
    form = RequestForm(material=listing.material, sites=queries.own_sites(who.enterprise_id or 0))
    counter_id, part_t = positive_int(request.args.get("with")), positive_tonnes(request.args.get("quantity"))
    if not form.is_submitted():
        form.start_from_listing(listing, request.args.get("use", ""), part_t)
    if not form.validate_on_submit():
        page = render_template("exchanges/request.html", listing=listing, form=form)
        return page, 422 if form.errors else 200
    try:
        with transaction():
            exchange = service.request(
                listing_id, current_user, int(form.site_id.data), form.terms(), form.submission.data or "", counter_id
            )
    except AlreadyRequested as already:
        flash(already.sentence())
        return redirect(url_for("exchanges.detail", exchange_id=already.exchange_id), 303)
    except (NotEnoughLeft, UnknownUse, LicenceMissing) as refused:
        field = form.use if isinstance(refused, UnknownUse) else form.quantity_t
        field.errors = [refused.sentence()]
        return render_template("exchanges/request.html", listing=listing, form=form), refused.status
    return redirect(url_for("exchanges.detail", exchange_id=exchange.id), 303)


@bp.get("/exchanges/<int:exchange_id>")
@login_required
def detail(exchange_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, options=queries.detail_options())
    return render_template("exchanges/detail.html", page=exchange_page(exchange, viewer()), message_form=MessageForm())


@bp.route("/exchanges/<int:exchange_id>/terms", methods=["GET", "POST"])
@login_required
def propose(exchange_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART, queries.detail_options())
    form = TermsForm(material=exchange.material)
    if not form.is_submitted():
        form.start_from(exchange.current_terms)
    if not form.validate_on_submit():
        page = render_template("exchanges/terms.html", exchange=exchange, form=form)
        return page, 422 if form.errors else 200
    return _step(exchange_id, lambda party: service.propose(party, form.terms(), form.submission.data or ""))


@bp.post("/exchanges/<int:exchange_id>/terms/<int:number>/accept")
@login_required
def accept(exchange_id: int, number: int) -> ResponseReturnValue:
    find_or_404(Exchange, exchange_id, Permission.TAKE_PART)
    return _step(exchange_id, lambda party: service.accept(party, number))


@bp.post("/exchanges/<int:exchange_id>/messages")
@login_required
def write_message(exchange_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART, queries.detail_options())
    form = MessageForm()
    if not form.validate_on_submit():
        page = render_template("exchanges/detail.html", page=exchange_page(exchange, viewer()), message_form=form)
        return page, 422
    text, key = form.text.data or "", form.submission.data or ""
    return _step(exchange_id, lambda party: service.write_message(party, text, key))


ENDINGS: dict[str, Callable[[service.Party, str], None]] = {
    "decline": service.decline,
    "withdraw": service.withdraw,
    "cancel": service.cancel,
    "dispute": service.dispute,
    "finish": service.finish,
}


@bp.route(f"/exchanges/<int:exchange_id>/<any({', '.join(ENDINGS)}):action>", methods=["GET", "POST"])
@login_required
def end(exchange_id: int, action: str) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART, queries.detail_options())
    form = ReasonForm()
    if not form.validate_on_submit():
        page = render_template("exchanges/reason.html", exchange=exchange, form=form, action=action)
        return page, 422 if form.errors else 200
    reason = form.reason.data or ""
    return _step(exchange_id, lambda party: ENDINGS[action](party, reason))


@bp.route("/exchanges/<int:exchange_id>/resume", methods=["GET", "POST"])
@login_required
def resume(exchange_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.SETTLE_DISPUTE, queries.detail_options())
    form = ReasonForm()
    if not form.validate_on_submit():
        page = render_template("exchanges/reason.html", exchange=exchange, form=form, action="resume")
        return page, 422 if form.errors else 200
    try:
        with transaction():
            service.resume(exchange_id, current_user, form.reason.data or "")
    except DomainError as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("exchanges.detail", exchange_id=exchange_id), 303)


@bp.route("/exchanges/<int:exchange_id>/deliveries/new", methods=["GET", "POST"])
@login_required
def record_delivery(exchange_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART, queries.detail_options())
    form = DeliveryForm(exchange=exchange)
    if not form.is_submitted():
        form.start_from(exchange)
    if not form.validate_on_submit():
        page = render_template("exchanges/delivery.html", exchange=exchange, form=form)
        return page, 422 if form.errors else 200
    try:
        files = attachments.read_uploads([form.picture.data], pictures_only=True)
        with transaction():
            party = service.as_party(exchange_id, current_user)
            delivery = service.record_delivery(party, form.facts(), form.submission.data or "")
            attachments.attach(files, delivery_id=delivery.id)
    except (NotEnoughLeft, TicketUsed, UnsuitableFile, PeriodSettled, OutsidePeriods) as refused:
        fields = {TicketUsed: form.ticket_number, UnsuitableFile: form.picture, NotEnoughLeft: form.gross_t}
        fields.get(type(refused), form.weighed_on).errors = [refused.sentence()]
        page = render_template("exchanges/delivery.html", exchange=exchange, form=form)
        return page, refused.status
    except DomainError as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("exchanges.detail", exchange_id=exchange_id), 303)


@bp.route("/exchanges/<int:exchange_id>/deliveries/<int:delivery_id>/confirm", methods=["GET", "POST"])
@login_required
def confirm_delivery(exchange_id: int, delivery_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART, queries.detail_options())
    delivery = _delivery(exchange, delivery_id)
    form = ConfirmDeliveryForm(net_t=delivery.net_t)
    if not form.validate_on_submit():
        page = render_template("exchanges/confirm_delivery.html", exchange=exchange, delivery=delivery, form=form)
        return page, 422 if form.errors else 200
    reject_t = form.reject_t.data or 0 * delivery.net_t
    return _step(
        exchange_id, lambda party: service.confirm_delivery(party, _delivery(party.exchange, delivery_id), reject_t)
    )


@bp.route("/exchanges/<int:exchange_id>/deliveries/<int:delivery_id>/dispute", methods=["GET", "POST"])
@login_required
def dispute_delivery(exchange_id: int, delivery_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART, queries.detail_options())
    delivery = _delivery(exchange, delivery_id)
    form = ReasonForm()
    if not form.validate_on_submit():
        page = render_template(
            "exchanges/reason.html", exchange=exchange, form=form, action="dispute_delivery", delivery=delivery
        )
        return page, 422 if form.errors else 200
    reason = form.reason.data or ""
    return _step(
        exchange_id, lambda party: service.dispute_delivery(party, _delivery(party.exchange, delivery_id), reason)
    )


@bp.post("/exchanges/<int:exchange_id>/deliveries/<int:delivery_id>/withdraw")
@login_required
def withdraw_delivery(exchange_id: int, delivery_id: int) -> ResponseReturnValue:
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART)
    _delivery(exchange, delivery_id)
    return _step(exchange_id, lambda party: service.withdraw_delivery(party, _delivery(party.exchange, delivery_id)))


@bp.route("/exchanges/<int:exchange_id>/complete", methods=["GET", "POST"])
@login_required
def complete(exchange_id: int) -> ResponseReturnValue:
    """The figure with every factor is shown first; only then can it, or the period it is about, be confirmed."""
    exchange = find_or_404(Exchange, exchange_id, Permission.TAKE_PART, queries.detail_options())
    if request.method == "GET":
        return render_template("exchanges/complete.html", page=exchange_page(exchange, viewer()))
    seen_period = request.form.get("period", "")
    return _step(exchange_id, lambda party: service.confirm_completion(party, seen_period))


def _step(exchange_id: int, step: Callable[[service.Party], object]) -> ResponseReturnValue:
    """Take one step in one transaction and show the exchange; a refusal is said on its page."""
    try:
        with transaction():
            step(service.as_party(exchange_id, current_user))
    except NotEnoughLeft as refused:
        flash(gettext("Not agreed: only %(free)s are left.", free=tonnes(refused.free_t)), "error")
    except DomainError as refused:
        flash(refused.sentence(), "error")
    except InputError as wrong:
        flash(sentence_of(wrong), "error")
    return redirect(url_for("exchanges.detail", exchange_id=exchange_id), 303)


def _delivery(exchange: Exchange, delivery_id: int) -> Delivery:
    for delivery in exchange.deliveries:
        if delivery.id == delivery_id:
            return delivery
    abort(404)
