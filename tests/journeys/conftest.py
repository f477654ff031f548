"""A served site on SQLite and a real browser: headless Chromium of Debian."""

import os
import threading
from pathlib import Path

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from marketplace import create_app
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.ledger import factors
from marketplace.matching import store
from tests.factories import PASSWORD, World

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
AXE = Path(__file__).resolve().parents[2] / "static" / "vendor-dev" / "axe.min.js"


@pytest.fixture(scope="module")
def site(tmp_path_factory, data_dir):
    """The address of a running site with three enterprises and the district's people, and nothing else.

    One for each file: what one journey posts would be a match, a line of the ledger or a total in the next.
    """
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder / 'site.sqlite3'}"
    app = create_app({"SQLALCHEMY_DATABASE_URI": url, "DATA_DIR": data_dir, "PUBLIC_URL": "http://127.0.0.1"})
    with app.app_context():
        upgrade()
        with transaction():
            factors.publish_library()
            World.build()
        store.matcher()
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Person:
    """Somebody at a browser, in one language; complains about anything the console complains about."""

    def __init__(self, browser: Browser, site: str, language: str, width: int = 1280) -> None:
        self.site, self.complaints = site, []
        locale = {"en": "en-GB", "zh": "zh-CN"}[language]
        self.context = browser.new_context(locale=locale, viewport={"width": width, "height": 900})
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("request", self._watch)

    def _watch(self, request):
        if request.url.startswith("http") and not request.url.startswith(self.site):
            self.complaints.append(f"outside request: {request.url}")

    def open(self, path: str) -> "Person":
        self.page.goto(self.site + path)
        return self

    def sign_in(self, email: str) -> "Person":
        self.open("/sign-in")
        self.page.locator("input[name=email]").fill(email)
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("main form button[type=submit]").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
        return self

    def press(self, name: str) -> "Person":
        """Press the first button or follow the first link of that name in the page's body."""
        main = self.page.locator("main")
        target = main.get_by_role("button", name=name, exact=True).or_(main.get_by_role("link", name=name, exact=True))
        target.first.click()
        self.page.wait_for_load_state()
        return self

    def type(self, **values: str) -> "Person":
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        return self

    @property
    def text(self) -> str:
        return self.page.inner_text("main")

    def violations(self) -> list[str]:
        """What axe finds on the page; run past the page's policy, which stays in force for the page itself."""
        session = self.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found = self.page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [f"{v['id']}: {n['html'][:120]}" for v in found for n in v["nodes"]]

    def overflow(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture
def person(browser, site):
    made = []

    def make(language="en", width=1280):
        made.append(Person(browser, site, language, width))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
        assert one.complaints == []
