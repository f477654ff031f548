"""Home, language, static pages and the page that shows what waits for a person."""

from datetime import date
from decimal import Decimal

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from marketplace.accounts.models import Office
from marketplace.accounts.policy import viewer
from marketplace.accounts.queries import parks
from marketplace.calendar import today
from marketplace.district import queries as district
from marketplace.district.page import corridor
from marketplace.exchanges import queries as exchanges
from marketplace.ledger import queries as ledger
from marketplace.ledger.models import Dimension
from marketplace.listings import queries as listings
from marketplace.listings.models import Kind
from marketplace.measured import queries as measured
from marketplace.web.language import LOCALES, language
from marketplace.web.redirects import safe_next

bp = Blueprint("web", __name__)
work = Blueprint("work", __name__)
PAGES = ("about", "method", "privacy", "help")


@bp.get("/")
def home() -> ResponseReturnValue:
    grand = district.total_of(district.totals([Dimension.ALL], district.Period(), language())[Dimension.ALL])
    all_parks = parks()
    names = {p.id: p.name_zh if language() == "zh" else p.name_en for p in all_parks}
    return render_template(
        "web/home.html",
        grand=grand,
        avoided_t=grand.net_kgco2e / 1000,
        kinds=Kind,
        open_count=listings.open_count(),
        head=ledger.head(),
        newest=listings.newest(viewer()),
        map=corridor(all_parks, district.flows(district.Period()), names),
    )


@bp.get("/lang/<any(en, zh):lang>")
def set_language(lang: str) -> ResponseReturnValue:
    assert lang in LOCALES
    session["language"] = lang
    session.permanent = True
    return redirect(safe_next(request.args.get("next"), url_for("web.home")), 303)


@bp.get("/pages/<name>")
def page(name: str) -> ResponseReturnValue:
    if name not in PAGES:
        abort(404)
    return render_template(f"web/{name}.html")


@bp.get("/robots.txt")
def robots() -> ResponseReturnValue:
    return Response("User-agent: *\nDisallow: /dev/\n", mimetype="text/plain")


@bp.get("/healthz")
def health() -> ResponseReturnValue:
    """For the load balancer: the process answers and its database too."""
    ledger.head()
    return Response("ok\n", mimetype="text/plain")


@work.get("/work")
@login_required
def overview() -> ResponseReturnValue:
    """What waits for this person; each role has its own."""
    who = viewer()
    if who.office is Office.DISTRICT_OFFICER:
        return render_template(
            "work/officer.html",
            waiting=district.count_waiting(),
            measured=measured.count_waiting(),
            reviews=exchanges.count_open_reviews(),
            disputed=exchanges.disputed(),
            head=ledger.head(),
        )
    if who.office is Office.AUDITOR:
        return render_template("work/auditor.html", head=ledger.head())
    if who.office is Office.PARK_MANAGER:
        return redirect(url_for("district.overview"), 303)
    if who.enterprise_id is None:
        return render_template("work/nothing.html")
    year = district.Period(start=date(today().year, 1, 1))
    own = district.totals([Dimension.ENTERPRISE], year, language())[Dimension.ENTERPRISE]
    rows, _ = exchanges.own_exchanges(who, is_ended=False)
    waiting = sorted((r for r in rows if r.is_my_turn), key=lambda r: r.exchange.changed_at)
    return render_template(
        "work/enterprise.html",
        enterprise=current_user.membership.enterprise,
        waiting=waiting,
        others=[r for r in rows if not r.is_my_turn],
        listings=listings.own_listings(who.enterprise_id, 8),
        total=district.total_of(own, str(who.enterprise_id)),
        year=Decimal(today().year),
        has_site=bool(exchanges.own_sites(who.enterprise_id)),
    )
