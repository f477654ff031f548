"""Chains on the schematic map of the corridor."""

from collections.abc import Sequence
from string import ascii_uppercase

from flask import url_for

from marketplace.accounts.models import Park
from marketplace.listings.maps import park_shapes
from marketplace.listings.models import Listing
from marketplace.matching.beyond.chaining import ChainRow
from marketplace.matching.models import TreatmentService
from marketplace.web.pictures import MapPicture, MapPoint, corridor_map


def chains_map(
    rows: Sequence[ChainRow], around: Listing | TreatmentService, parks: Sequence[Park], language: str
) -> MapPicture:
    """The page's own subject with a star, listings by the numbers of their chains, plants by letter; a line a leg."""
    points: dict[tuple[str, int], MapPoint] = {}
    place_of: dict[tuple[str, int], int] = {}
    flows: list[tuple[int, int, float]] = []
    letter_of = letters(rows)
    _mark(points, place_of, around, "★")
    for number, row in enumerate(rows, 1):
        ends = [
            _mark(points, place_of, row.offer, str(number)),
            _mark(points, place_of, row.service, letter_of[row.service.id]),
            _mark(points, place_of, row.want, str(number)),
        ]
        flows += [(ends[0], ends[1], 1.0), (ends[1], ends[2], 1.0)]
    return corridor_map(list(points.values()), list(dict.fromkeys(flows)), park_shapes(parks, language))


def letters(rows: Sequence[ChainRow]) -> dict[int, str]:
    """A letter for each plant on a page, by the id of its service, in the order of the chains."""
    return dict(zip(dict.fromkeys(row.service.id for row in rows), ascii_uppercase, strict=False))


def _mark(
    points: dict[tuple[str, int], MapPoint],
    place_of: dict[tuple[str, int], int],
    subject: Listing | TreatmentService,
    label: str,
) -> int:
    """The number of a subject's point, which is made at its first mention."""
    is_service = isinstance(subject, TreatmentService)
    key = ("treatment" if is_service else "listing", subject.id)
    if key not in points:
        place_of[key] = len(points)
        points[key] = _point(subject, label)
    return place_of[key]


def _point(subject: Listing | TreatmentService, label: str) -> MapPoint:
    if isinstance(subject, TreatmentService):
        href = url_for("beyond.treatment", service_id=subject.id)
        return MapPoint(subject.site.lat, subject.site.lon, label, "treatment", href, 1.0)
    kind = "self" if label == "★" else subject.kind.value
    return MapPoint(subject.lat, subject.lon, label, kind, url_for("listings.detail", listing_id=subject.id), 1.0)
