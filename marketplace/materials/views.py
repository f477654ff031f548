"""Pages of the taxonomy, and suggestions while one types."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.policy import viewer
from marketplace.knowledge import knowledge
from marketplace.listings.models import Kind
from marketplace.matching import possible_users
from marketplace.matching import service as matching
from marketplace.materials.classify import classifier
from marketplace.materials.codes import low_title, show_low_code
from marketplace.materials.taxonomy import taxonomy

bp = Blueprint("materials", __name__)


@bp.get("/materials")
def index() -> ResponseReturnValue:
    return render_template("materials/index.html", taxonomy=taxonomy())


@bp.get("/materials/<slug>")
def detail(slug: str) -> ResponseReturnValue:
    material = taxonomy().materials.get(slug)
    if material is None:
        abort(404)
    base = knowledge()
    codes = [(show_low_code(code), low_title(code)) for code in material.low_codes]
    return render_template(
        "materials/detail.html",
        material=material,
        family=taxonomy().families[material.family],
        codes=codes,
        applications=[(a, base.uses[a.use]) for a in base.of_material(slug)],
    )


@bp.get("/materials-suggest")
def suggest() -> ResponseReturnValue:
    """A fragment for the posting form: likely materials of a title, and how many could be partners."""
    title = request.args.get("title", "")[:160]
    kind = Kind.WANT if request.args.get("kind") == Kind.WANT else Kind.OFFER
    return render_template(
        "materials/_suggestions.html",
        suggestions=classifier().suggest(title),
        possible_users=possible_users.count_for_title(title, viewer()) if kind is Kind.OFFER else 0,
        partners=matching.count_partners(kind, title, viewer()),
        kind=kind,
        title=title.strip(),
    )
