"""Public pages of the factors: the list with its filter, and one factor with its origin, versions and uses."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.policy import Permission, may, may_see, viewer
from marketplace.ledger import factor_queries
from marketplace.ledger.forms import FactorFilterForm
from marketplace.ledger.models import EmissionFactor
from marketplace.ledger.views import bp


@bp.get("/ledger/factors")
def factor_list() -> ResponseReturnValue:
    """Every published factor with its source, for everybody."""
    lines = factor_queries.listed()
    form = FactorFilterForm(request.args, lines=lines)
    is_valid = form.validate()
    shown = [line for line in lines if is_valid and form.lets_through(line)]
    page = render_template("ledger/factors.html", form=form, lines=shown, count=len(lines))
    return page, 200 if is_valid else 400


@bp.get("/ledger/factors/<factor_id>")
def factor(factor_id: str) -> ResponseReturnValue:
    page = factor_queries.page_of(factor_id[:120], may_see(EmissionFactor, viewer()))
    if page is None:
        abort(404)
    contributions = factor_queries.contributions(factor_id) if may(viewer(), Permission.SEE_DISTRICT) else {}
    return render_template("ledger/factor.html", page=page, contributions=contributions)
