"""What programs read of the log: keys, checkpoint, tiles (C2SP tlog-tiles), and where witnesses hand in."""

from flask import Blueprint, Response, json, url_for
from flask.typing import ResponseReturnValue

from marketplace.ledger import keys

bp = Blueprint("log", __name__)


@bp.get("/.well-known/ledger-keys.json")
def well_known_keys() -> ResponseReturnValue:
    """Origin and public keys, oldest first, each with the time until which it signed."""
    listed = keys.listed_keys()
    body = {
        "origin": listed[-1].key.name,
        "ledger": url_for("ledger.overview", _external=True),
        "keys": [
            {
                "vkey": row.key.encoded,
                "since": row.since.isoformat(),
                "until": row.until.isoformat() if row.until else None,
            }
            for row in listed
        ],
    }
    response = Response(json.dumps(body, indent=1) + "\n", mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
