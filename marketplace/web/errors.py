"""One handler for the whole HTML face: domain errors and HTTP errors become pages that say what to do."""

from flask import Flask, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from marketplace.errors import DomainError
from marketplace.extensions import db


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(500, _broken)


def _sentences() -> dict[int, tuple[str, str]]:
    return {
        400: (gettext("This address cannot be understood"), gettext("Go back and try the link or form again.")),
        403: (gettext("You may not do this"), gettext("Ask the owner of your enterprise or the district.")),
        404: (gettext("There is no such page"), gettext("It may have moved, or it is not for you to see.")),
        405: (gettext("This page cannot be used like that"), gettext("Go back and use its form.")),
        410: (gettext("This is no longer here"), gettext("Ask for a new link.")),
        413: (gettext("That is too large"), gettext("At most 20 MB per file and 24 MB in all.")),
        429: (gettext("Too many attempts"), gettext("Wait a minute, then try again.")),
    }


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    title, text = _sentences().get(code, (gettext("This did not work"), gettext("Go back and try again.")))
    response = _page(title, text, code)
    retry_after = getattr(error, "retry_after", None)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response, code


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    text = gettext("Your session has ended or the form is too old. Go back, reload the page and send it again.")
    return _page(gettext("This form is too old"), text, 400), 400


def _domain(error: DomainError) -> ResponseReturnValue:
    db.session.rollback()
    return _page(gettext("This did not work"), error.sentence(), error.status), error.status


def _broken(_error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    text = gettext("The fault is ours and has been recorded. Try again in a moment.")
    return _page(gettext("Something broke"), text, 500), 500


def _page(title: str, text: str, code: int) -> Response:
    if request.path.startswith("/static/"):
        return make_response(title, code)
    return make_response(render_template("web/error.html", title=title, text=text, code=code), code)
