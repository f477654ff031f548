"""Pages of the district: totals with their drill-down, exports, public totals, enterprises to decide about."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts import service as accounts
from marketplace.accounts.errors import AlreadyDecided
from marketplace.accounts.models import Enterprise, EnterpriseState, Licence, Office
from marketplace.accounts.policy import Permission, Viewer, find_or_404, may_see, requires, viewer
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.district import export, queries, restated
from marketplace.district.forms import DecisionForm, EnterpriseFilterForm, PeriodForm
from marketplace.district.page import district_page, series
from marketplace.extensions import db
from marketplace.ledger import factors as ledger_factors
from marketplace.ledger.models import Dimension, EmissionFactor
from marketplace.web.language import language
from marketplace.web.parameters import positive_int

bp = Blueprint("district", __name__)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A period one often wants."""

    label: str
    start: str
    end: str


@bp.get("/district")
@requires(Permission.SEE_DISTRICT)
def overview() -> ResponseReturnValue:
    form = PeriodForm(request.args)
    if not form.validate():
        return render_template("district/overview.html", form=form, page=None, shortcuts=shortcuts()), 400
    page = district_page(form.period(), _own_park(viewer()), language())
    return render_template("district/overview.html", form=form, page=page, shortcuts=shortcuts())


@bp.get("/district/totals.<any(csv, xlsx):kind>")
@requires(Permission.SEE_DISTRICT)
def download(kind: str) -> ResponseReturnValue:
    form = PeriodForm(request.args)
    if not form.validate():
        abort(400)
    page = district_page(form.period(), _own_park(viewer()), language())
    table = export.rows(page.tables, dimension_words())
    if kind == "csv":
        return _file(export.as_csv(table), "text/csv; charset=utf-8", "totals.csv")
    mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(export.as_xlsx(table), mime, "totals.xlsx")


@bp.get("/district/factors")
@requires(Permission.SEE_DISTRICT)
def factors() -> ResponseReturnValue:
    """As reported against today's factors: the difference, factor by factor."""
    form = PeriodForm(request.args)
    if not form.validate():
        return render_template("district/factors.html", form=form, total=None), 400
    own_park = _own_park(viewer())
    cell = (Dimension.PARK, str(own_park)) if own_park else (Dimension.ALL, "all")
    total = restated.at_todays_factors(*cell, form.period())
    rows = restated.rows_of(total.changes, language())
    return render_template("district/factors.html", form=form, total=total, rows=rows, is_own_park=own_park is not None)


@bp.get("/district/factors/<factor_id>")
@requires(Permission.SEE_LEDGER)
def factor(factor_id: str) -> ResponseReturnValue:
    """One factor's part in the totals, by material: from here to the entries."""
    form = PeriodForm(request.args)
    versions = ledger_factors.history(factor_id[:120], may_see(EmissionFactor, viewer()))
    if not versions:
        abort(404)
    if not form.validate():
        return render_template("district/factor.html", form=form, versions=versions, rows=[]), 400
    rows = restated.by_material(factor_id, form.period(), language())
    return render_template("district/factor.html", form=form, versions=versions, rows=rows)


@bp.get("/totals")
def public() -> ResponseReturnValue:
    """Totals for everybody; no cell stands for fewer than three enterprises."""
    period = queries.Period()
    groups = {
        dimension: queries.public_totals(dimension, period, language())
        for dimension in (Dimension.PARK, Dimension.FAMILY)
    }
    grand = queries.total_of(queries.totals([Dimension.ALL], period, language())[Dimension.ALL])
    months = queries.by_month(Dimension.ALL, "all", period)
    return render_template(
        "district/public.html",
        grand=grand,
        groups=groups,
        series=series(months),
        months=months,
        words=dimension_words(),
    )


@bp.get("/district/enterprises")
@requires(Permission.SEE_DISTRICT)
def enterprises() -> ResponseReturnValue:
    form = EnterpriseFilterForm(request.args)
    state = EnterpriseState(form.state.data) if form.validate() and form.state.data else None
    rows, next_id = queries.enterprises(state, _own_park(viewer()), positive_int(request.args.get("after")))
    page = render_template("district/enterprises.html", form=form, enterprises=rows, next_id=next_id)
    return page, 400 if form.errors else 200


@bp.route("/district/enterprises/<int:enterprise_id>", methods=["GET", "POST"])
@requires(Permission.SEE_DISTRICT)
def enterprise(enterprise_id: int) -> ResponseReturnValue:
    permission = Permission.DECIDE_ENTERPRISES if request.method == "POST" else Permission.SEE
    found = find_or_404(Enterprise, enterprise_id, permission)
    form = DecisionForm()
    if not form.validate_on_submit():
        page = render_template("district/enterprise.html", enterprise=found, form=form)
        return page, 422 if form.errors else 200
    try:
        with transaction():
            found = db.session.get_one(Enterprise, enterprise_id)
            accounts.decide(found, EnterpriseState(form.decision.data), form.reason.data or "", current_user)
    except AlreadyDecided as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("district.enterprise", enterprise_id=enterprise_id), 303)


@bp.post("/district/licences/<int:licence_id>/verify")
@login_required
def verify_licence(licence_id: int) -> ResponseReturnValue:
    licence = find_or_404(Licence, licence_id, Permission.DECIDE_ENTERPRISES)
    target = url_for("district.enterprise", enterprise_id=licence.enterprise_id)
    with transaction():
        accounts.verify_licence(db.session.get_one(Licence, licence_id), current_user)
    flash(gettext("The licence counts from now on."))
    return redirect(target, 303)


def dimension_words() -> dict[Dimension, str]:
    """What the totals are by, as people say it."""
    return {
        Dimension.ALL: gettext("District"),
        Dimension.PARK: gettext("Park"),
        Dimension.FAMILY: gettext("Family"),
        Dimension.MATERIAL: gettext("Material"),
        Dimension.ENTERPRISE: gettext("Enterprise"),
    }


def shortcuts() -> list[Shortcut]:
    """This year, last year and the last twelve months."""
    now, year = today(), today().year
    return [
        Shortcut(gettext("This year"), f"{year}-01-01", now.isoformat()),
        Shortcut(gettext("Last year"), f"{year - 1}-01-01", f"{year - 1}-12-31"),
        Shortcut(gettext("Last 12 months"), (now - timedelta(days=334)).replace(day=1).isoformat(), now.isoformat()),
    ]


def _own_park(who: Viewer) -> int | None:
    """A park manager sees the own park; officers and auditors see all."""
    return who.park_id or -1 if who.office is Office.PARK_MANAGER else None


def _file(content: bytes, mime: str, name: str) -> Response:
    response = Response(content, content_type=mime)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
