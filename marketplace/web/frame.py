"""What the frame of every page needs: navigation, counts, language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import gettext

from marketplace.accounts.policy import Permission, Viewer, may, viewer
from marketplace.carbon.resolution import PROXY_GSD
from marketplace.district.queries import Total
from marketplace.knowledge import knowledge
from marketplace.ledger import factor_words
from marketplace.matching.sentences import score_words
from marketplace.materials.codes import show_low_code
from marketplace.materials.taxonomy import taxonomy
from marketplace.notifications import service as notifications
from marketplace.web.labels import COMPONENTS, choices, label
from marketplace.web.language import HTML_LANG, language
from marketplace.web.pictures import BarRow, bar_rows


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    current: bool


def init_app(app: Flask) -> None:
    """Make the frame's values and the labels known to templates."""
    app.context_processor(_frame)
    app.jinja_env.globals.update(
        label=label,
        choices=choices,
        component_label=lambda key: str(COMPONENTS[key]),
        score_words=score_words,
        show_low_code=show_low_code,
        material_name=_material_name,
        family_name=_family_name,
        use_name=_use_name,
        url_with=_url_with,
        title_of=_title_of,
        total_bars=_total_bars,
        factor_kind=factor_words.factor_kind,
        region_name=factor_words.region_name,
        licence_words=factor_words.licence_words,
        proxy_gsd=f"{PROXY_GSD:f}",
        step_words=factor_words.step_words,
        step_reason=factor_words.step_reason,
    )


def _frame() -> dict[str, Any]:
    who = viewer()
    return {
        "nav_items": _navigation(who),
        "unread_count": _unread(who),
        "may_post": may(who, Permission.POST),
        "viewer": who,
        "lang": language(),
        "html_lang": HTML_LANG[language()],
        "may": lambda permission, subject=None: may(who, Permission(permission), subject),
    }


def _unread(who: Viewer) -> int:
    if who.user_id is None:
        return 0
    if "unread_count" not in g:
        g.unread_count = notifications.unread_count(who.user_id)
    return int(g.unread_count)


def _navigation(who: Viewer) -> list[NavItem]:
    items: list[tuple[str, str]] = []
    if who.user_id is not None:
        items.append((gettext("Work"), "work.overview"))
    items.append((gettext("Find"), "listings.search"))
    if who.enterprise_id is not None:
        items += [(gettext("My listings"), "listings.own"), (gettext("Exchanges"), "exchanges.index")]
    items.append((gettext("Ledger"), "ledger.overview"))
    if may(who, Permission.SEE_DISTRICT):
        items.append((gettext("District"), "district.overview"))
        items.append((gettext("Enterprises"), "district.enterprises"))
    else:
        items.append((gettext("Totals"), "district.public"))
    if who.enterprise_id is not None:
        items.append((gettext("Enterprise"), "accounts.enterprise"))
    if who.user_id is None:
        items.append((gettext("Materials"), "materials.index"))
    return [NavItem(text, url_for(endpoint), _is_current(endpoint)) for text, endpoint in items]


def _is_current(endpoint: str) -> bool:
    return request.endpoint == endpoint or (request.blueprint == endpoint.split(".")[0] and endpoint in _WHOLE)


_WHOLE = {"exchanges.index", "ledger.overview", "materials.index"}


def _material_name(slug: str) -> str:
    material = taxonomy().materials.get(slug)
    return material.name(language()) if material else slug


def _family_name(slug: str) -> str:
    family = taxonomy().families.get(slug)
    return family.name(language()) if family else slug


def _use_name(slug: str) -> str:
    use = knowledge().uses.get(slug)
    return use.name(language()) if use else slug


def _url_with(**changes: str) -> str:
    """The present page's address with some parameters changed; empty ones are dropped."""
    wanted: dict[str, Any] = {**request.args.to_dict(), **changes}
    parameters = {k: v for k, v in wanted.items() if v != ""}
    return url_for(request.endpoint or "web.home", **(request.view_args or {}), **parameters)


def _title_of(dimension: str) -> str:
    """What a table of totals is by."""
    words = {
        "all": gettext("District"),
        "park": gettext("Park"),
        "family": gettext("Family"),
        "material": gettext("Material"),
        "enterprise": gettext("Enterprise"),
    }
    return words[dimension]


def _total_bars(totals: Sequence[Total]) -> dict[str, BarRow]:
    """A bar for each total, in proportion to the largest."""
    rows = bar_rows([(t.key, t.net_kgco2e) for t in totals])
    return {row.label: row for row in rows}
