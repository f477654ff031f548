"""Redirect only to our own pages."""

from urllib.parse import urlsplit


def safe_next(wanted: str | None, otherwise: str) -> str:
    """The path a person came from, if it is a path of this site; else `otherwise`."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or "\\" in wanted:
        return otherwise
    if any(ord(c) < 32 for c in wanted) or len(wanted) > 2000:
        return otherwise
    parts = urlsplit(wanted)
    return otherwise if parts.scheme or parts.netloc else wanted
