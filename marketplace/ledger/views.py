"""Pages of the ledger: the public head, entries, one entry and its downloads."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts.policy import Permission, find_or_404, may, may_see, requires, viewer
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges import service as exchanges
from marketplace.ledger import checkpoints, keys, queries, witnesses
from marketplace.ledger.explaining import Explanation, explanation_of
from marketplace.ledger.forms import EntryFilterForm, ReversalForm
from marketplace.ledger.models import EntryKind, LedgerEntry
from marketplace.ledger.pdf import entry_pdf
from marketplace.ledger.picture import waterfall_of
from marketplace.ledger.restated import entry_at_todays_factors
from marketplace.ledger.second_opinion import second_opinion
from marketplace.web.language import language
from marketplace.web.parameters import positive_int

bp = Blueprint("ledger", __name__)


@bp.get("/ledger")
def overview() -> ResponseReturnValue:
    """The head, for everybody: how many entries, and the root they give."""
    return render_template(
        "ledger/overview.html",
        head=queries.head(),
        checkpoint=checkpoints.latest_checkpoint(),
        keys=keys.listed_keys(),
        witnesses=witnesses.states(),
    )


@bp.get("/ledger/checkpoints")
def checkpoint_list() -> ResponseReturnValue:
    """All checkpoints, newest first, and who cosigned each."""
    rows, next_number = witnesses.newest_checkpoints(positive_int(request.args.get("before")))
    return render_template("ledger/checkpoints.html", checkpoints=rows, next_number=next_number)


@bp.get("/ledger/entries")
@login_required
def entries() -> ResponseReturnValue:
    who = viewer()
    if who.enterprise_id is None and not may(who, Permission.SEE_LEDGER):
        abort(404)
    form = EntryFilterForm(request.args)
    if not form.validate():
        return render_template("ledger/entries.html", form=form, entries=[], next_position=None, names={}), 400
    rows, next_position = queries.entries(
        may_see(LedgerEntry, who), form.filters(), positive_int(request.args.get("before"))
    )
    ids = {i for e in rows for i in (e.supplier_id, e.receiver_id)}
    names = queries.names_of_enterprises(ids, language())
    return render_template("ledger/entries.html", form=form, entries=rows, next_position=next_position, names=names)


@bp.get("/ledger/entries/<int:position>")
@login_required
def entry(position: int) -> ResponseReturnValue:
    row = find_or_404(LedgerEntry, position)
    detail = queries.detail(row, language())
    return render_template(
        "ledger/entry.html",
        detail=detail,
        waterfall_picture=waterfall_of(detail.body["result"]),
        why=_why(detail.body),
        today=entry_at_todays_factors(detail.body),
        opinion=second_opinion(detail.body),
        may_reverse=may(viewer(), Permission.REVERSE_ENTRIES)
        and row.kind is EntryKind.ASSESSMENT
        and detail.reversed_by is None,
    )


def _why(body: Mapping[str, Any]) -> Explanation | None:
    """A reversal has no inputs of its own to explain."""
    return explanation_of(body["inputs"], body["factors"], language()) if "inputs" in body else None


@bp.get("/ledger/entries/<int:position>.json")
@login_required
def entry_json(position: int) -> ResponseReturnValue:
    """The canonical bytes themselves: what the leaf hash covers."""
    row = find_or_404(LedgerEntry, position)
    response = Response(row.canonical, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="entry-{position}.json"'
    return response


@bp.get("/ledger/entries/<int:position>.pdf")
@login_required
def entry_as_pdf(position: int) -> ResponseReturnValue:
    row = find_or_404(LedgerEntry, position)
    response = Response(entry_pdf(queries.detail(row, language())), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="entry-{position}.pdf"'
    return response


@bp.route("/ledger/entries/<int:position>/reverse", methods=["GET", "POST"])
@requires(Permission.REVERSE_ENTRIES)
def reverse(position: int) -> ResponseReturnValue:
    row = find_or_404(LedgerEntry, position)
    form = ReversalForm()
    if not form.validate_on_submit():
        return render_template("ledger/reverse.html", entry=row, form=form), 422 if form.errors else 200
    try:
        with transaction():
            target = exchanges.take_back(row.exchange_id, position, current_user, form.reason.data or "").position
    except DomainError as refused:
        flash(refused.sentence(), "error")
        return redirect(url_for("ledger.entry", position=position), 303)
    flash(gettext("Reversed. The exchange is open again for its parties to correct and complete."))
    return redirect(url_for("ledger.entry", position=target), 303)
