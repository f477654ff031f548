"""The certificate as one page in both languages, with its documents attached and a seal over all of its bytes."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import render_template
from flask_babel import force_locale
from markupsafe import Markup

from marketplace.exchanges.models import Side
from marketplace.ledger.assessing import NO_STEP
from marketplace.ledger.certificates import words
from marketplace.ledger.certificates.credential import did_key
from marketplace.ledger.certificates.documents import bundle_of, credential_of, public_address
from marketplace.ledger.certificates.queries import CertificateDetail, Place
from marketplace.ledger.keys import signing_key
from marketplace.ledger.pdf import refuse_to_fetch
from marketplace.web.formats import number
from marketplace.web.labels import COMPONENTS
from marketplace.web.language import LOCALES

SEAL_CONTEXT = b"gcx-pdf/1\n"


@dataclass(frozen=True, slots=True)
class Both:
    """The same words in English and in Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the certificate: what it is, in both languages, and its value in both."""

    name: Both
    value: Both


def certificate_pdf(detail: CertificateDetail, place: Place) -> bytes:
    """The PDF of a certificate, with entry, bundle, checkpoint and credential attached."""
    from weasyprint import CSS, HTML, Attachment  # a second of import that only this page needs

    address = public_address("certificates.check", serial=detail.certificate.serial)
    page = render_template(
        "certificates/certificate_pdf.html",
        words={name: _both(text) for name, text in words.PAGE.items()},
        rows=rows_of(detail),
        components=_components(detail.body),
        detail=detail,
        place=place,
        qr=qr_code(address),
        address=address,
    )
    files = {
        "entry.json": detail.entry.canonical.encode(),
        "certificate.json": bundle_of(detail.entry, place),
        "checkpoint.txt": place.checkpoint.note.encode(),
        "credential.json": credential_of(detail, place),
    }
    printed = HTML(string=page, url_fetcher=refuse_to_fetch).write_pdf(
        stylesheets=[CSS(string=render_template("certificates/certificate_pdf.css"))],
        attachments=[Attachment(string=content, name=name) for name, content in files.items()],
    )
    return sealed(bytes(printed))


def sealed(pdf: bytes) -> bytes:
    """A PDF with a last comment line that signs all bytes before it; readers ignore it, the verifier does not."""
    key = signing_key()
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(SEAL_CONTEXT + hashlib.sha256(pdf).digest())
    seal = f"%gcx-seal {did_key(key.verifier.public_key)} {base64.b64encode(signature).decode()}\n"
    return pdf + seal.encode()


def qr_code(address: str) -> Markup:
    """The address as a QR code that still reads with a seventh of it covered; SVG for a printed page."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(border=4, dark="#15211d", light="#ffffff", omitsize=True))  # noqa: S704 - digits only


def rows_of(detail: CertificateDetail) -> list[Row]:
    """What was exchanged, by whom, and against what the figure is counted."""
    body = detail.body
    rows = [
        (words.MATERIAL, words.material(body["material"])),
        (words.ACCEPTED, (f"{number(Decimal(body['accepted_t']), 6)} t",) * 2),
        (words.USE, words.use(body["use"])),
        *((words.SIDES[side], _party(detail, side)) for side in Side),
        *([(words.PERIOD, (words.period(body["inputs"]["period"]),) * 2)] if "period" in body["inputs"] else []),
        (words.RECORDED, (body["recorded_at"][:10],) * 2),
        (words.METHOD, (body["method"],) * 2),
    ]
    return [
        *(Row(_both(name), Both(*value)) for name, value in rows),
        Row(_both(words.CLAIMED), _both(words.claimed(body["result"]["shares"], body["inputs"]["attribution"]))),
        Row(_both(words.BASELINE), _baseline(body)),
        Row(_both(words.REPLACED), _replaced(body)),
    ]


def _baseline(body: Mapping[str, Any]) -> Both:
    """What would have been done with the material, by the name of its factor."""
    factor_id = body["inputs"]["disposal"]["factor"]
    return _both(words.NO_DISPOSAL) if factor_id == NO_STEP else Both(*_names(body["factors"][factor_id]))


def _replaced(body: Mapping[str, Any]) -> Both:
    """Tonnes of which product need not be made for each tonne of material."""
    displaced = body["inputs"]["displaced"]
    if not Decimal(displaced["substitution"]):
        return _both(words.NOTHING_REPLACED)
    en, zh = _names(body["factors"][displaced["factor"]])
    return Both(f"{displaced['substitution']} t/t {en}", f"{displaced['substitution']} t/t {zh}")


def _party(detail: CertificateDetail, side: Side) -> tuple[str, str]:
    party = detail.parties[side]
    names = (party.name("en"), party.name("zh"))
    return (f"{names[0]} ({party.pseudonym})", names[1]) if party.is_named else (party.pseudonym,) * 2


def _names(factor: Mapping[str, Any]) -> tuple[str, str]:
    return factor["name_en"], factor["name_zh"] or factor["name_en"]


def _components(body: Mapping[str, Any]) -> list[Row]:
    """The components that are not zero, in kg CO2e."""
    found = {name: number(Decimal(kg), 3) for name, kg in body["result"]["components"].items() if Decimal(kg)}
    return [Row(_both(COMPONENTS[name]), Both(kg, kg)) for name, kg in found.items()]


def _both(text: Any) -> Both:
    """A lazy text in both languages, whatever the reader's."""
    found = {}
    for language, locale in LOCALES.items():
        with force_locale(locale):
            found[language] = str(text)
    return Both(**found)
