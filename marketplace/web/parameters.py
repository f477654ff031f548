"""What a request says besides its form: row ids and tonnes in the query, and who seems to ask."""

import re
from decimal import Decimal

from flask import Request, abort

_TONNES = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
_ROBOT = re.compile(r"bot|crawl|spider|slurp|monitor|preview|scan|curl|wget|python", re.IGNORECASE)


def positive_int(text: str | None) -> int | None:
    """A positive row id, or None when nothing was given; anything else is a bad request."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:12]) < 2**31:
        abort(400)
    return int(text)


def positive_tonnes(text: str | None) -> Decimal | None:
    """Tonnes to the kilogram, or None when nothing was given; anything else is a bad request."""
    if not text:
        return None
    if not _TONNES.fullmatch(text) or Decimal(text) <= 0:
        abort(400)
    return Decimal(text)


def is_read_by_a_person(request: Request) -> bool:
    """Whether a page is asked for to be read now: by no robot that says so, and not ahead by a browser."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in purpose and not _ROBOT.search(request.user_agent.string)
