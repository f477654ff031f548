"""What the district's overview shows, put together once for the template."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext

from marketplace.accounts.models import Park
from marketplace.accounts.queries import parks
from marketplace.carbon.restating import Restatement
from marketplace.district import queries
from marketplace.district.queries import Flow, Period, Total
from marketplace.district.restated import at_todays_factors
from marketplace.ledger.models import Dimension
from marketplace.web.formats import month as show_month
from marketplace.web.pictures import (
    MapPicture,
    MapPoint,
    ParkShape,
    SeriesPicture,
    corridor_map,
    month_series,
)

TABLES = (Dimension.PARK, Dimension.FAMILY, Dimension.MATERIAL, Dimension.ENTERPRISE)


@dataclass(frozen=True, slots=True)
class DistrictPage:
    """Figures of a period; `tables` by dimension, largest first."""

    period: Period
    grand: Total
    today: Restatement
    tables: dict[Dimension, list[Total]]
    months: list[tuple[date, Total]]
    series: SeriesPicture
    map: MapPicture
    flows: list[Flow]
    park_names: dict[int, str]
    is_own_park: bool


def district_page(period: Period, park_id: int | None, language: str) -> DistrictPage:
    """The whole district, or one park for its manager (who sees no enterprise of other parks)."""
    dimensions = (Dimension.PARK,) if park_id else (Dimension.ALL, *TABLES)
    found = queries.totals(dimensions, period, language)
    key, dimension = (str(park_id), Dimension.PARK) if park_id else ("all", Dimension.ALL)
    grand = queries.total_of(found[dimension], key)
    if park_id:
        found = {Dimension.PARK: [t for t in found[Dimension.PARK] if t.key == key]}
    all_parks = parks()
    all_flows = [f for f in queries.flows(period) if not park_id or park_id in (f.supplier_park_id, f.receiver_park_id)]
    months = queries.by_month(dimension, key, period)
    names = {p.id: p.name_zh if language == "zh" else p.name_en for p in all_parks}
    return DistrictPage(
        period=period,
        grand=grand,
        today=at_todays_factors(dimension, key, period),
        tables={d: rows for d, rows in found.items() if d is not Dimension.ALL},
        months=months,
        series=series(months),
        map=corridor(all_parks, all_flows, names),
        flows=sorted(all_flows, key=lambda f: -f.accepted_t),
        park_names=names,
        is_own_park=park_id is not None,
    )


def series(months: Sequence[tuple[date, Total]]) -> SeriesPicture:
    """Avoided emissions accumulated month by month, in tonnes, with the interval of each month's sum."""
    return month_series(
        [(show_month(m), t.net_kgco2e / 1000, t.low_kgco2e / 1000, t.high_kgco2e / 1000) for m, t in months]
    )


def corridor(all_parks: Sequence[Park], flows: Sequence[Flow], names: dict[int, str]) -> MapPicture:
    """The corridor with each park as a point and the flows between parks."""
    index = {park.id: i for i, park in enumerate(all_parks)}
    handled = {park.id: 0.0 for park in all_parks}
    for flow in flows:
        for park_id in {flow.supplier_park_id, flow.receiver_park_id}:
            handled[park_id] += float(flow.accepted_t)
    points = [MapPoint(p.lat, p.lon, names[p.id], "park", None, handled[p.id]) for p in all_parks]
    lines = [
        (index[f.supplier_park_id], index[f.receiver_park_id], float(f.accepted_t))
        for f in flows
        if f.supplier_park_id != f.receiver_park_id and f.accepted_t > 0
    ]
    shapes = [ParkShape(p.code, names[p.id], [(c[0], c[1]) for c in json.loads(p.outline)]) for p in all_parks]
    return corridor_map(points, lines, shapes)


def period_words(period: Period) -> str:
    """The period as a phrase."""
    if period.start and period.end:
        return f"{show_month(period.start)} – {show_month(period.end)}"
    if period.start:
        return gettext("since %(month)s", month=show_month(period.start))
    return gettext("until %(month)s", month=show_month(period.end)) if period.end else gettext("all months")
