"""Green Corridor Exchange: the material exchange of Baoshan District's industrial parks."""

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config as settings
from marketplace import logs
from marketplace.extensions import babel, csrf, db, limiter, login_manager, migrate, talisman

ROOT = Path(__file__).resolve().parent.parent
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """The application, put together; `overrides` replace settings (tests)."""
    environment = settings.current()
    environment.check()
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.from_object(environment)
    app.config.update(overrides or {})
    Path(app.config["DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    logs.init_app(app)
    _bind_extensions(app)
    _register_pages(app)
    _register_commands(app)
    return app


def _bind_extensions(app: Flask) -> None:
    from marketplace.accounts import session
    from marketplace.web.language import select_locale

    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=False)
    csrf.init_app(app)
    babel.init_app(app, locale_selector=select_locale)
    limiter.init_app(app)
    login_manager.init_app(app)
    session.init_app(login_manager)
    talisman.init_app(
        app,
        content_security_policy=CONTENT_SECURITY_POLICY,
        force_https=app.config["FORCE_HTTPS"],
        session_cookie_secure=app.config["SESSION_COOKIE_SECURE"],
        referrer_policy="same-origin",
    )


def _register_pages(app: Flask) -> None:
    from marketplace.accounts.views import bp as accounts
    from marketplace.attachments.views import bp as attachments
    from marketplace.district.views import bp as district
    from marketplace.exchanges import policy as _exchange_policy  # noqa: F401 - registers its rules
    from marketplace.exchanges.review_views import bp as reviews
    from marketplace.exchanges.views import bp as exchanges
    from marketplace.ledger import factor_views as _factor_views  # noqa: F401 - adds its pages to those of the ledger
    from marketplace.ledger.certificates import policy as _certificate_policy  # noqa: F401 - registers its rules
    from marketplace.ledger.certificates.views import bp as certificates
    from marketplace.ledger.log_views import bp as log
    from marketplace.ledger.views import bp as ledger
    from marketplace.listings import policy as _listing_policy  # noqa: F401 - registers its rules
    from marketplace.listings.views import bp as listings
    from marketplace.matching import events as _match_events  # noqa: F401 - listens to exchanges
    from marketplace.matching import policy as _matching_policy  # noqa: F401 - registers its rules
    from marketplace.matching.beyond.views import bp as beyond
    from marketplace.matching.interests import policy as _interest_policy  # noqa: F401 - registers its rules
    from marketplace.matching.interests.views import bp as interests
    from marketplace.matching.views import bp as matching
    from marketplace.materials.views import bp as materials
    from marketplace.measured import policy as _measured_policy  # noqa: F401 - registers its rules
    from marketplace.measured.views import bp as measured
    from marketplace.notifications.views import bp as notifications
    from marketplace.web import errors, formats, frame
    from marketplace.web.dev import bp as dev
    from marketplace.web.views import bp as web
    from marketplace.web.views import work

    for blueprint in (
        web,
        work,
        accounts,
        materials,
        listings,
        matching,
        interests,
        beyond,
        exchanges,
        reviews,
        ledger,
        log,
        certificates,
        measured,
        district,
        notifications,
        attachments,
    ):
        app.register_blueprint(blueprint)
    if app.config["DEV_PAGES"]:
        app.register_blueprint(dev)
    formats.init_app(app)
    frame.init_app(app)
    errors.init_app(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _register_commands(app: Flask) -> None:
    from marketplace.carbon.cli import carbon
    from marketplace.demo.cli import demo
    from marketplace.doctor import doctor
    from marketplace.ledger.cli import factor_commands, ledger
    from marketplace.matching.cli import match
    from marketplace.materials.cli import materials
    from marketplace.notifications.cli import worker
    from marketplace.serve import serve

    for command in (carbon, demo, doctor, factor_commands, ledger, match, materials, serve, worker):
        app.cli.add_command(command)
