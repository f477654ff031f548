"""An entry as a page to print or file, by WeasyPrint from the same template parts as the site."""

import logging

from flask import render_template

from marketplace.ledger.picture import waterfall_of
from marketplace.ledger.queries import EntryDetail

logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


def entry_pdf(detail: EntryDetail) -> bytes:
    """The PDF of one entry in the reader's language."""
    from weasyprint import CSS, HTML  # a second of import that only this page needs

    page = render_template(
        "ledger/entry_pdf.html", detail=detail, waterfall_picture=waterfall_of(detail.body["result"])
    )
    style = CSS(string=render_template("ledger/entry_pdf.css"))
    return bytes(HTML(string=page, url_fetcher=refuse_to_fetch).write_pdf(stylesheets=[style]))


def refuse_to_fetch(url: str, *_args: object, **_kwargs: object) -> dict[str, object]:
    """Nothing is fetched while printing."""
    raise ValueError(f"a printed page may not load {url}")
