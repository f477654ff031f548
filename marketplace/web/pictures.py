"""Geometry of the pictures: where bars, pins and words stand. Pure: values in, frozen dataclasses out.

Each picture has two layouts, `wide` (640 units) and `narrow` (320 units, for phones and side columns), so that words
keep their size instead of shrinking with the drawing; the picture itself answers for its wide layout. The template
only copies the numbers into SVG attributes.
"""

from marketplace.web.map_picture import MapPicture, MapPoint, ParkShape
from marketplace.web.pictures_bars import BarRow, CompositionPart, MonthCell, bar_rows, composition_bar, months_bar
from marketplace.web.pictures_charts import SeriesPicture, WaterfallPicture, month_series, waterfall
from marketplace.web.pictures_map import corridor_map
from marketplace.web.pictures_tornado import TornadoPicture, TornadoRow, tornado

__all__ = [
    "BarRow",
    "CompositionPart",
    "MapPicture",
    "MapPoint",
    "MonthCell",
    "ParkShape",
    "SeriesPicture",
    "TornadoPicture",
    "TornadoRow",
    "WaterfallPicture",
    "bar_rows",
    "composition_bar",
    "corridor_map",
    "month_series",
    "months_bar",
    "tornado",
    "waterfall",
]
