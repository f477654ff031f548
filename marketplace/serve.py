"""`flask serve`: gunicorn on one port with the worker beside it, for the demo and small districts."""

import click
from flask.cli import with_appcontext
from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):
    def __init__(self, port: int, threads: int) -> None:
        self._options = {
            "bind": f"127.0.0.1:{port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": threads,
            "timeout": 120,
            "loglevel": "warning",
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self):  # type: ignore[no-untyped-def]
        from marketplace import create_app
        from marketplace.notifications.worker import run_beside

        app = create_app()
        run_beside(app)
        return app


@click.command("serve")
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True)
@with_appcontext
def serve(port: int, threads: int) -> None:
    """Serve on 127.0.0.1 with one process: pages in threads, mail and expiry beside them."""
    _Server(port, threads).run()
