"""Logs are events with fields, one JSON object a line, each with its request's id."""

import logging
import time
import uuid

import structlog
from flask import Flask, g, request
from werkzeug.wrappers import Response

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Configure structlog and log every request once."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(app.config["LOG_LEVEL"])),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=uuid.uuid4().hex[:12])


def _end(response: Response) -> Response:
    if request.endpoint != "static":
        elapsed_ms = round(1000 * (time.perf_counter() - g.get("started", time.perf_counter())), 1)
        log.info(
            "request", method=request.method, route=str(request.url_rule), status=response.status_code, ms=elapsed_ms
        )
    return response
