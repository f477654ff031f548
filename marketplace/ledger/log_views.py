"""What programs read of the log: keys, checkpoints, tiles (C2SP tlog-tiles), proofs; and where witnesses hand in.

Answers are plain text, bytes or JSON. Hashes say nothing about an enterprise and are public; entries are for those
who may read the whole ledger.
"""

from flask import Blueprint, Response, abort, json, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.policy import Permission, may, viewer
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.extensions import csrf
from marketplace.ledger import checkpoints, keys, queries, tile_store, witnesses
from marketplace.ledger.tiles import HIGHEST_LEVEL, TileAddress, TileError, parse_number

bp = Blueprint("log", __name__)
FOR_EVER = "max-age=31536000, immutable"
MOST_NOTE_BYTES = 64 * 1024


@bp.get("/.well-known/ledger-keys.json")
def well_known_keys() -> ResponseReturnValue:
    """Origin and public keys, oldest first, each with the time until which it signed."""
    listed = keys.listed_keys()
    return _json(
        {
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
            "witnesses": [witness.vkey for witness in witnesses.all_witnesses()],
        }
    )


@bp.get("/ledger/checkpoint")
def checkpoint() -> ResponseReturnValue:
    """The newest checkpoint, with our signature and any cosignatures."""
    newest = checkpoints.latest_checkpoint()
    if newest is None:
        return _text("No checkpoint has been issued yet; one comes within the hour.\n", 404)
    return _text(checkpoints.published_note(newest).encoded)


@bp.get("/ledger/checkpoints/<int:checkpoint_id>")
def numbered_checkpoint(checkpoint_id: int) -> ResponseReturnValue:
    """A former checkpoint with the cosignatures it has got since."""
    found = checkpoints.find_checkpoint(checkpoint_id)
    if found is None:
        return _text(f"There is no checkpoint {checkpoint_id}.\n", 404)
    return _text(checkpoints.published_note(found).encoded)


@bp.get("/ledger/tile/<level>/<path:tile_path>")
def tile(level: str, tile_path: str) -> ResponseReturnValue:
    """Up to 256 hashes of one level; what was served once is served for ever."""
    try:
        address = TileAddress(_level(level), *parse_number(tile_path))
        data = tile_store.published_tile(address)
    except TileError as refused:
        return _refused(refused)
    return _bytes(data, f"public, {FOR_EVER}")


@bp.get("/ledger/tile/entries/<path:tile_path>")
def entry_bundle(tile_path: str) -> ResponseReturnValue:
    """Up to 256 entries, for auditors and officers."""
    if not may(viewer(), Permission.SEE_LEDGER):
        abort(404)
    try:
        data = tile_store.read_bundle(*parse_number(tile_path))
    except TileError as refused:
        return _refused(refused)
    return _bytes(data, f"private, {FOR_EVER}")


@bp.get("/ledger/proofs/inclusion/<int:position>")
def inclusion(position: int) -> ResponseReturnValue:
    """The hashes from one entry's leaf to the root of the present tree, or of the tree of `size`."""
    try:
        size = _size("size")
        tree = tile_store.served_tree(size)
        return _json(
            {
                "position": str(position),
                "size": str(size),
                "leaf": tree.leaf(position).hex(),
                "root": tree.root().hex(),
                "proof": [step.hex() for step in tree.inclusion_proof(position)],
            }
        )
    except ValueError as refused:
        return _text(f"{refused}\n", 400 if isinstance(refused, _NoSize) else 404)


@bp.get("/ledger/proofs/consistency")
def consistency() -> ResponseReturnValue:
    """The hashes that show that the tree of `from` entries is the beginning of the tree of `to`."""
    try:
        old, new = _size("from"), _size("to")
        tree = tile_store.served_tree(new)
        return _json(
            {
                "from": str(old),
                "to": str(new),
                "old_root": tree.root(old).hex(),
                "root": tree.root().hex(),
                "proof": [step.hex() for step in tree.consistency_proof(old)],
            }
        )
    except ValueError as refused:
        return _text(f"{refused}\n", 400)


@bp.post("/ledger/cosignatures")
@csrf.exempt  # no browser sends this and nobody signs in: the signature itself says who it is
def hand_in() -> ResponseReturnValue:
    """A witness hands in one of our checkpoints with its cosignature: the note as the body of the request."""
    body = request.get_data(cache=False)[: MOST_NOTE_BYTES + 1]
    if len(body) > MOST_NOTE_BYTES:
        return _text(f"A note has at most {MOST_NOTE_BYTES} bytes.\n", 413)
    try:
        with transaction():
            taken = witnesses.take_cosignatures(body.decode("utf-8", "replace"))
            lines = [f"{c.witness.name} has cosigned the checkpoint of {c.checkpoint.size} entries.\n" for c in taken]
    except DomainError as refused:
        return _text(refused.sentence() + "\n", refused.status)
    return _text("".join(lines), 201)


class _NoSize(ValueError):
    """A tree size in the query that is none."""


def _size(name: str) -> int:
    """A tree size from the query; the present one when nothing is said."""
    text, present = request.args.get(name), queries.head().size
    if text is None:
        return present
    if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) > present:
        raise _NoSize(f"{name} is a number of entries from 0 to {present}")
    return int(text)


def _level(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or text != str(int(text)) or int(text) > HIGHEST_LEVEL:
        raise TileError(f"the level of a tile is a number from 0 to {HIGHEST_LEVEL}, or entries")
    return int(text)


def _refused(refused: TileError) -> Response:
    """400 for an address that names no tile, 404 for a tile that is not there (yet)."""
    return _text(f"{refused}\n", 404 if isinstance(refused, tile_store.NotThere) else 400)


def _text(text: str, status: int = 200) -> Response:
    response = Response(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-cache" if status == 200 else "no-store"
    return response


def _bytes(data: bytes, cache: str) -> Response:
    response = Response(data, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = cache
    return response


def _json(body: object) -> Response:
    response = Response(json.dumps(body, indent=1) + "\n", mimetype="application/json")
    response.headers["Cache-Control"] = "no-cache"
    return response
