"""Pages and downloads of certificates: for the parties, for whoever scans the code, for auditors."""

from pathlib import Path

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts.policy import Permission, find_or_404, may, requires, viewer
from marketplace.database import now, transaction
from marketplace.errors import DomainError
from marketplace.exchanges.models import Side
from marketplace.ledger import verify_certificate
from marketplace.ledger.certificates import queries, service
from marketplace.ledger.certificates.documents import bundle_of, credential_of
from marketplace.ledger.certificates.export import export_stream
from marketplace.ledger.certificates.forms import NAMED, PSEUDONYM, AppearanceForm
from marketplace.ledger.certificates.pdf import certificate_pdf
from marketplace.ledger.certificates.queries import CertificateDetail
from marketplace.ledger.models import LedgerEntry

bp = Blueprint("certificates", __name__)


@bp.get("/ledger/entries/<int:position>/certificate")
@login_required
def detail(position: int) -> ResponseReturnValue:
    """The certificate's page for the parties, officers and auditors: its documents, and a party's choice."""
    entry = find_or_404(LedgerEntry, position)
    return _detail_page(entry, AppearanceForm())


@bp.post("/ledger/entries/<int:position>/certificate")
@login_required
def issue(position: int) -> ResponseReturnValue:
    """Make the certificate: for either party's owner or trader."""
    find_or_404(LedgerEntry, position, Permission.TAKE_PART)
    try:
        with transaction():
            service.issue(position, current_user)
    except DomainError as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("certificates.detail", position=position), 303)


@bp.post("/ledger/entries/<int:position>/certificate/appearance")
@login_required
def choose(position: int) -> ResponseReturnValue:
    """By name or by pseudonym: each party for itself, at any time."""
    entry = find_or_404(LedgerEntry, position, Permission.TAKE_PART)
    form = AppearanceForm()
    if not form.validate_on_submit():
        return _detail_page(entry, form), 422
    side = _side(entry)
    assert side is not None, "the rule lets parties only take part"
    with transaction():
        service.choose_appearance(entry.exchange_id, side, form.appears.data == NAMED, current_user)
    flash(gettext("Kept. Certificates downloaded from now on, and their public page, show it so."))
    return redirect(url_for("certificates.detail", position=position), 303)


@bp.get("/ledger/entries/<int:position>/certificate.pdf")
@login_required
def pdf(position: int) -> ResponseReturnValue:
    found = _certificate_or_404(position)
    return _download(certificate_pdf(found, queries.place_of(found.entry)), "application/pdf", position, "pdf")


@bp.get("/ledger/entries/<int:position>/certificate.json")
@login_required
def bundle(position: int) -> ResponseReturnValue:
    found = _certificate_or_404(position)
    return _download(bundle_of(found.entry, queries.place_of(found.entry)), "application/json", position, "json")


@bp.get("/ledger/entries/<int:position>/credential.json")
@login_required
def credential(position: int) -> ResponseReturnValue:
    found = _certificate_or_404(position)
    return _download(credential_of(found, queries.place_of(found.entry)), "application/vc", position, "vc.json")


@bp.get("/ledger/certificates/<serial>")
def check(serial: str) -> ResponseReturnValue:
    """What the code on a certificate opens, for everybody: valid, reversed or unknown."""
    found = queries.by_serial(serial[:64])
    return render_template("certificates/check.html", detail=found, serial=serial[:64]), 200 if found else 404


@bp.get("/ledger/certificates/<serial>.json")
def status(serial: str) -> ResponseReturnValue:
    """The same for programs; the credential's `credentialStatus` points here."""
    found = queries.by_serial(serial[:64])
    response = jsonify({"status": found.state.value if found else "unknown"})
    response.headers["Cache-Control"] = "no-cache"
    return response, 200 if found else 404


@bp.get("/ledger/how-to-check")
def how_to_check() -> ResponseReturnValue:
    """Everything an auditor needs to write a verifier of their own."""
    return render_template("certificates/how_to_check.html")


@bp.get("/ledger/verify_certificate.py")
def verifier() -> ResponseReturnValue:
    """The stand-alone verifier."""
    response = Response(Path(verify_certificate.__file__).read_bytes(), mimetype="text/x-python")
    response.headers["Content-Disposition"] = 'attachment; filename="verify_certificate.py"'
    return response


@bp.get("/ledger/export.zip")
@requires(Permission.SEE_LEDGER)
def export() -> ResponseReturnValue:
    """The whole ledger as one archive, sent while it is written."""
    response = Response(stream_with_context(export_stream()), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="ledger-{now():%Y%m%d}.zip"'
    return response


def _detail_page(entry: LedgerEntry, form: AppearanceForm) -> str:
    parties = queries.appearance(entry)
    side = _side(entry) if may(viewer(), Permission.TAKE_PART, entry) else None
    if side and not form.is_submitted():
        form.appears.data = NAMED if parties[side].is_named else PSEUDONYM
    return render_template(
        "certificates/detail.html",
        entry=entry,
        found=queries.of_entry(entry),
        parties=parties,
        side=side,
        form=form,
        may_issue=side is not None and queries.may_be_certified(entry),
    )


def _side(entry: LedgerEntry) -> Side | None:
    own = viewer().enterprise_id
    return {entry.supplier_id: Side.SUPPLIER, entry.receiver_id: Side.RECEIVER}.get(own or 0)


def _certificate_or_404(position: int) -> CertificateDetail:
    found = queries.of_entry(find_or_404(LedgerEntry, position))
    if found is None:
        abort(404)
    return found


def _download(content: bytes, mimetype: str, position: int, suffix: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{position}.{suffix}"'
    return response
