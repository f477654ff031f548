"""The two documents for programs: a bundle of entry, proof and checkpoint; and the credential."""

from collections.abc import Mapping
from typing import Any

from flask import current_app, url_for

from marketplace.calendar import stamp
from marketplace.exchanges.models import Side
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.certificates.credential import did_key, secured
from marketplace.ledger.certificates.queries import Appears, CertificateDetail, Place
from marketplace.ledger.keys import signing_key
from marketplace.ledger.models import LedgerEntry

BUNDLE_FORMAT = "gcx-certificate/2"
CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
ISSUER_NAME = "Green Corridor Exchange"


def bundle_of(entry: LedgerEntry, place: Place) -> bytes:
    """The certificate as canonical JSON: everything that `verify_certificate.py` needs."""
    return canonical_bytes(
        {"format": BUNDLE_FORMAT, "leafHash": entry.leaf_hash, **_evidence(entry, place)},
    )


def credential_of(detail: CertificateDetail, place: Place) -> bytes:
    """The certificate as a Verifiable Credential, signed with the ledger's present key, as canonical JSON."""
    key = signing_key()
    issued_at = stamp(detail.certificate.issued_at)
    vocabulary = public_address("certificates.how_to_check") + "#"
    document = {
        "@context": [CREDENTIALS_V2, {"@vocab": vocabulary}],
        "id": public_address("certificates.check", serial=detail.certificate.serial),
        "type": ["VerifiableCredential", "AvoidedEmissionsCredential"],
        "issuer": {"id": did_key(key.verifier.public_key), "name": ISSUER_NAME},
        "validFrom": issued_at,
        "credentialStatus": {
            "id": public_address("certificates.status", serial=detail.certificate.serial),
            "type": "LedgerStatus",
        },
        "credentialSubject": _subject(detail),
        "evidence": [{"type": ["LedgerInclusion"], **_evidence(detail.entry, place)}],
    }
    return canonical_bytes(secured(document, key.seed, issued_at))


def public_address(endpoint: str, **values: Any) -> str:
    """An address that stays in documents for years: of the public site, whatever host was asked."""
    return str(current_app.config["PUBLIC_URL"]).rstrip("/") + url_for(endpoint, **values)


def _evidence(entry: LedgerEntry, place: Place) -> dict[str, Any]:
    return {
        "entry": entry.canonical,
        "position": str(entry.position),
        "inclusionProof": list(place.proof),
        "confirmationProofs": [None if proof is None else list(proof) for proof in place.confirmation_proofs],
        "checkpoint": place.checkpoint.note,
        "logKey": place.key.encoded,
    }


def _subject(detail: CertificateDetail) -> dict[str, Any]:
    body: Mapping[str, Any] = detail.body
    return {
        "id": f"urn:uuid:{body['exchange']}",
        "type": ["MaterialExchange"],
        "exchange": body["exchange"],
        "avoidedKgCO2e": body["result"]["net_kgco2e"],
        "lowKgCO2e": body["result"]["low_kgco2e"],
        "highKgCO2e": body["result"]["high_kgco2e"],
        "confidence": "0.95",
        "sharesKgCO2e": {
            "supplier": body["result"]["shares"]["supplier"],
            "receiver": body["result"]["shares"]["user"],
        },
        "acceptedTonnes": body["accepted_t"],
        "material": body["material"],
        "method": body["method"],
        "recordedAt": body["recorded_at"],
        "isOffset": False,
        **({"period": body["inputs"]["period"]} if "period" in body["inputs"] else {}),
        **{side.value: _party(detail.parties[side]) for side in Side},
    }


def _party(party: Appears) -> dict[str, str]:
    return {"pseudonym": party.pseudonym} | ({"name": party.both_names} if party.is_named else {})
