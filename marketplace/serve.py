"""`flask serve`: gunicorn on one port with the worker beside it, for the demo and small districts."""

import threading

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from gunicorn.app.base import BaseApplication

from marketplace.extensions import db
from marketplace.matching import store
from marketplace.notifications.worker import run_beside


class _Server(BaseApplication):
    """One process that answers in threads; the application is the one already made."""

    def __init__(self, app: Flask, port: int, threads: int) -> None:
        self._app = app
        self._options = {
            "bind": f"127.0.0.1:{port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": threads,
            "timeout": 120,
            "loglevel": "warning",
            "post_fork": lambda server, worker: _start_beside(app),
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def _start_beside(app: Flask) -> None:
    """In the serving process: mail and expiry in one thread; the matcher is warmed up in another."""
    run_beside(app)

    def warm_up() -> None:
        with app.app_context():
            store.matcher()

    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()


def run(port: int, threads: int = 8) -> None:
    """Serve the current application until it is stopped; no connection is shared with the forked process."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    db.session.remove()
    db.engine.dispose()
    _Server(app, port, threads).run()


@click.command("serve")
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True)
@with_appcontext
def serve(port: int, threads: int) -> None:
    """Serve on 127.0.0.1 with one process: pages in threads, mail and expiry beside them."""
    run(port, threads)
