"""Listings on the schematic map of the corridor."""

import json
from collections.abc import Sequence

from flask import url_for

from marketplace.accounts.models import Park
from marketplace.listings.models import Listing
from marketplace.listings.queries import Hit
from marketplace.web.pictures import MapPicture, MapPoint, ParkShape, corridor_map


def hits_map(hits: Sequence[Hit], parks: Sequence[Park], language: str) -> MapPicture:
    """One point per hit, linked to its page; numbered as in the list."""
    points = [_point(hit.listing, str(i), hit.listing.kind.value) for i, hit in enumerate(hits, 1)]
    return corridor_map(points, [], park_shapes(parks, language))


def listing_map(listing: Listing, partners: Sequence[Listing], parks: Sequence[Park], language: str) -> MapPicture:
    """A listing and lines to its suggested partners, numbered as in the list of matches."""
    points = [_point(listing, "★", "self")]
    points += [_point(partner, str(i), partner.kind.value) for i, partner in enumerate(partners, 1)]
    flows = [(0, i, 1.0) for i in range(1, len(points))]
    return corridor_map(points, flows, park_shapes(parks, language))


def park_shapes(parks: Sequence[Park], language: str) -> list[ParkShape]:
    """The outlines of the parks with their names."""
    return [
        ParkShape(p.code, p.name_zh if language == "zh" else p.name_en, [(c[0], c[1]) for c in json.loads(p.outline)])
        for p in parks
    ]


def _point(listing: Listing, label: str, kind: str) -> MapPoint:
    href = url_for("listings.detail", listing_id=listing.id)
    return MapPoint(listing.lat, listing.lon, label, kind, href, 1.0)
