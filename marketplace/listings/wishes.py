"""From the search form to what the query wants."""

from marketplace.accounts.models import Park
from marketplace.listings.forms import SearchForm
from marketplace.listings.models import Kind
from marketplace.listings.queries import Origin, SearchWish, park_origin

NARROWING = ("q", "kind", "family", "material", "park", "hazard", "near", "within", "least")


def wish_of(form: SearchForm, parks: list[Park], own: Origin | None, language: str, after: str) -> SearchWish:
    """The validated form as a search; distances start from the chosen park or the enterprise's first site."""
    by_code = {park.code: park for park in parks}
    near = by_code.get(form.near.data or "")
    return SearchWish(
        query=form.q.data or "",
        kind=Kind(form.kind.data) if form.kind.data else None,
        family=form.family.data or "",
        materials=(form.material.data,) if form.material.data else (),
        park_id=by_code[form.park.data].id if form.park.data else None,
        is_hazardous={"yes": True, "no": False}.get(form.hazard.data or ""),
        minimum_t=form.least.data,
        within_km=form.within.data,
        origin=park_origin(near, language) if near else own,
        sort=form.sort.data or "newest",
        after=after,
    )


def asked(form: SearchForm) -> dict[str, str]:
    """The filters of the search as its address holds them, without order and page: what a saved interest keeps."""
    return {name: form[name].raw_data[0] for name in NARROWING if form[name].raw_data and form[name].raw_data[0]}
