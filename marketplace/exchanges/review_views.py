"""Figures that wait for an officer: the queue, and one of them with the decision."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from marketplace.accounts.policy import Permission, find_or_404, may, requires, viewer
from marketplace.carbon.errors import InputError
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges import queries, service, settling
from marketplace.exchanges.forms import ReviewForm
from marketplace.exchanges.models import FigureReview, ReviewState
from marketplace.ledger.assessing import figure_of
from marketplace.ledger.explaining import explanation_of
from marketplace.ledger.wrong_input import sentence_of
from marketplace.web.language import language

bp = Blueprint("reviews", __name__)


@bp.get("/district/reviews")
@requires(Permission.SEE_LEDGER)
def queue() -> ResponseReturnValue:
    """What waits, and what was decided lately."""
    decided = [*queries.reviews(ReviewState.APPROVED, 20), *queries.reviews(ReviewState.REJECTED, 20)]
    decided.sort(key=lambda review: review.id, reverse=True)
    waiting = [(review, queries.findings_of(review)) for review in queries.reviews(ReviewState.OPEN)]
    return render_template("exchanges/reviews.html", waiting=waiting, decided=decided)


@bp.route("/district/reviews/<int:review_id>", methods=["GET", "POST"])
@requires(Permission.SEE_LEDGER)
def review(review_id: int) -> ResponseReturnValue:
    permission = Permission.DECIDE_FIGURES if request.method == "POST" else Permission.SEE
    found = find_or_404(FigureReview, review_id, permission)
    form = ReviewForm()
    if not form.validate_on_submit():
        return _page(found, form), 422 if form.errors else 200
    try:
        with transaction():
            decision, reason = service.Decision(form.decision.data), form.reason.data or ""
            service.decide_review(review_id, decision, current_user, reason, form.seen())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    except InputError as wrong:
        flash(sentence_of(wrong), "error")
    return redirect(url_for("reviews.review", review_id=review_id), 303)


def _page(found: FigureReview, form: ReviewForm) -> str:
    figure = figure_of(found.exchange) if found.state is ReviewState.OPEN else None
    if figure is not None:
        form.seen_kgco2e.data = str(figure.assessment.net_kgco2e)
    return render_template(
        "exchanges/review.html",
        review=found,
        exchange=found.exchange,
        deliveries=settling.to_settle(found.exchange),
        period=settling.open_period(found.exchange),
        findings=queries.findings_of(found),
        figure=figure,
        why=explanation_of(figure.inputs, figure.factors, language()) if figure else None,
        form=form,
        may_decide=figure is not None and may(viewer(), Permission.DECIDE_FIGURES, found),
    )
