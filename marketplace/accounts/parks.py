"""The parks of the corridor: reference data that every installation starts with."""

import json

from sqlalchemy import select

from marketplace.accounts.models import Park
from marketplace.extensions import db

# Code, names, centre (WGS-84), half width and height in degrees, inside the district. Outlines are schematic.
_PARKS = (
    ("carbon-neutral", "Carbon Neutral Industrial Park", "碳中和产业园", 31.455, 121.405, 0.020, 0.014, True),
    ("nanda", "Nanda Innovation City", "南大智慧城", 31.292, 121.382, 0.018, 0.013, True),
    ("binjiang", "Binjiang Cruise Belt", "滨江邮轮带", 31.405, 121.500, 0.010, 0.022, True),
    ("wusong", "Wusong Smart City", "吴淞智慧城", 31.372, 121.482, 0.016, 0.014, True),
    ("luojing", "Luojing Industrial Park", "罗泾产业园", 31.478, 121.340, 0.020, 0.012, True),
    ("delta", "Yangtze Delta Partner Parks", "长三角协作园", 31.450, 121.130, 0.030, 0.030, False),
)


def load_parks() -> int:
    """Add the parks that are missing; returns how many."""
    known = set(db.session.scalars(select(Park.code)))
    missing = [p for p in _PARKS if p[0] not in known]
    for code, name_en, name_zh, lat, lon, half_lon, half_lat, inside in missing:
        corners = [
            (lat - half_lat, lon - half_lon * 0.8),
            (lat - half_lat * 0.7, lon + half_lon),
            (lat + half_lat, lon + half_lon * 0.8),
            (lat + half_lat * 0.8, lon - half_lon),
        ]
        outline = json.dumps([[round(a, 5), round(b, 5)] for a, b in corners])
        db.session.add(
            Park(code=code, name_en=name_en, name_zh=name_zh, lat=lat, lon=lon, outline=outline, is_in_district=inside)
        )
    db.session.flush()
    return len(missing)
