"""Query parameters that are no form fields."""

from flask import abort


def positive_int(text: str | None) -> int | None:
    """A positive row id, or None when nothing was given; anything else is a bad request."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:12]) < 2**31:
        abort(400)
    return int(text)
