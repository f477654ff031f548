"""Settings, one class per environment, read from the environment once at start."""

import os
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent
DEVELOPMENT_SECRET = "development-only-not-a-secret"  # noqa: S105 - refused in production by Production.check


class Base:
    """What every environment shares; each attribute is documented in docs/operations.md."""

    NAME = "base"
    DEBUG = False
    TESTING = False
    SECRET_KEY = os.environ.get("SECRET_KEY", DEVELOPMENT_SECRET)
    DATA_DIR = Path(os.environ.get("GCX_DATA_DIR", ROOT / "var"))
    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", f"sqlite:///{ROOT / 'var' / 'exchange.sqlite3'}")
    SQLALCHEMY_ENGINE_OPTIONS: dict = {"pool_pre_ping": True}
    MAX_CONTENT_LENGTH = 24 * 1024 * 1024
    MAX_FORM_MEMORY_SIZE = 1024 * 1024
    MAX_FORM_PARTS = 200
    ATTACHMENT_MAX_BYTES = 20 * 1024 * 1024
    PERMANENT_SESSION_LIFETIME = timedelta(hours=12)
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SECURE = False
    WTF_CSRF_TIME_LIMIT = None  # a form left open over lunch must still be sendable
    BABEL_DEFAULT_LOCALE = "en"
    BABEL_DEFAULT_TIMEZONE = "Asia/Shanghai"
    BABEL_TRANSLATION_DIRECTORIES = str(ROOT / "marketplace" / "translations")
    LOG_LEVEL = os.environ.get("LOG_LEVEL", "INFO")
    RATELIMIT_STORAGE_URI = os.environ.get("RATELIMIT_STORAGE_URI", "memory://")
    RATELIMIT_HEADERS_ENABLED = True
    SIGN_IN_LIMIT = os.environ.get("SIGN_IN_LIMIT", "10 per minute")
    MAIL_HOST = os.environ.get("MAIL_HOST", "")
    MAIL_PORT = int(os.environ.get("MAIL_PORT", "587"))
    MAIL_USER = os.environ.get("MAIL_USER", "")
    MAIL_PASSWORD = os.environ.get("MAIL_PASSWORD", "")
    MAIL_SENDER = os.environ.get("MAIL_SENDER", "exchange@example.invalid")
    LEDGER_KEY_FILE = os.environ.get("LEDGER_KEY_FILE", "")
    LEDGER_ORIGIN = os.environ.get("LEDGER_ORIGIN", "")
    PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000")
    TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))
    FORCE_HTTPS = False
    DEV_PAGES = False

    @classmethod
    def check(cls) -> None:
        """Refuse settings that would be unsafe to serve with."""


class Development(Base):
    """A laptop: SQLite, mail to the database, pages under /dev."""

    NAME = "development"
    DEV_PAGES = True


class Testing(Base):
    """Unit, service and browser tests."""

    NAME = "testing"
    TESTING = True
    DEV_PAGES = True
    SECRET_KEY = "testing"  # noqa: S105
    RATELIMIT_ENABLED = True
    SIGN_IN_LIMIT = "1000 per minute"


class Production(Base):
    """Behind a reverse proxy with TLS, on PostgreSQL."""

    NAME = "production"
    SESSION_COOKIE_SECURE = True
    FORCE_HTTPS = True
    TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "1"))

    @classmethod
    def check(cls) -> None:
        if cls.SECRET_KEY == DEVELOPMENT_SECRET or len(cls.SECRET_KEY) < 32:
            raise RuntimeError("Set SECRET_KEY to at least 32 random characters (see docs/operations.md).")
        if "DATABASE_URL" not in os.environ:
            raise RuntimeError("Set DATABASE_URL to the PostgreSQL database (see docs/operations.md).")
        if not cls.MAIL_HOST:
            raise RuntimeError("Set MAIL_HOST: sign-up is confirmed by mail (see docs/operations.md).")


ENVIRONMENTS: dict[str, type[Base]] = {c.NAME: c for c in (Development, Testing, Production)}


def current() -> type[Base]:
    """The environment named by GCX_ENV; development when nothing is said."""
    name = os.environ.get("GCX_ENV", "development")
    if name not in ENVIRONMENTS:
        raise RuntimeError(f"GCX_ENV must be one of {', '.join(ENVIRONMENTS)}, got {name!r}.")
    return ENVIRONMENTS[name]
