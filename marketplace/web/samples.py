"""Sample data of /dev/components: every chart and every kind of field, plain and wrong."""

from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, MultipleFileField, RadioField

from marketplace.matching.shares import stacked
from marketplace.matching.weighing import QuantityFit
from marketplace.web import pictures
from marketplace.web.fields import ChoiceField, DayField, LineField, NumberField, Required, TextField

_PARKS = (
    ("Carbon Neutral Industrial Park", 31.455, 121.405, 8112.0),
    ("Nanda Innovation City", 31.292, 121.382, 6940.0),
    ("Binjiang Cruise Belt", 31.405, 121.500, 2630.0),
    ("Wusong Smart City", 31.372, 121.482, 22410.0),
    ("Luojing Industrial Park", 31.478, 121.340, 1200.0),
    ("Yangtze Delta Partner Parks", 31.450, 121.130, 1116.0),
)
_FLOWS = [(3, 0, 9000.0), (0, 3, 1500.0), (3, 1, 4000.0), (2, 3, 900.0), (0, 5, 700.0), (4, 0, 300.0)]


class SampleForm(Form):
    title = LineField("Title", [Required()])
    quantity = NumberField("Quantity", [Required()])
    day = DayField("Available from")
    unit = ChoiceField("Unit", choices=[("t", "t"), ("m3", "m³")])
    note = TextField("Note")
    carrier = RadioField("Who carries", choices=[("supplier", "Supplier delivers"), ("receiver", "自提")])
    files = MultipleFileField("Pictures and data sheets")
    is_hazardous = BooleanField("It is hazardous waste")


def _swing(label: str, low: str, high: str, net_at_low: str, net_at_high: str, share: str) -> pictures.TornadoRow:
    ends = Decimal(net_at_low), Decimal(net_at_high)
    return pictures.TornadoRow(label, low, high, f"{low} – {high}", *ends, Decimal(share))


def samples() -> dict[str, Any]:
    """Everything that `dev/components.html` shows beside its own text."""
    shapes = [
        pictures.ParkShape(
            name,
            name,
            [
                (lat - 0.012, lon - 0.014),
                (lat - 0.009, lon + 0.018),
                (lat + 0.012, lon + 0.014),
                (lat + 0.01, lon - 0.018),
            ],
        )
        for name, lat, lon, _ in _PARKS
    ]
    parks = [pictures.MapPoint(lat, lon, name, "park", None, t) for name, lat, lon, t in _PARKS]
    hits = [
        pictures.MapPoint(lat + i * 0.004, lon, str(i), "offer" if i % 3 else "want", "#", 1.0)
        for i, (_, lat, lon, _) in enumerate(_PARKS * 2, 1)
    ]
    wrong = SampleForm(MultiDict({"title": "", "quantity": "１２", "day": "tomorrow", "unit": "?", "carrier": "?"}))
    wrong.validate()
    return {
        "waterfall": pictures.waterfall(
            [
                ("disposal", "避免的处置", Decimal("1260.5")),
                ("displaced", "Production displaced", Decimal("27480")),
                ("displaced_transport", "Haul of the displaced product", Decimal("640")),
                ("reprocessing", "Reprocessing", Decimal("-8200")),
                ("transport", "Transport", Decimal("-1240")),
                ("rejects", "Disposal of rejects", Decimal("-64")),
            ],
            "Net avoided",
            {
                "displaced": "38 t × 723 kg CO₂e/t · GB/T 24067 CN 2024 · 62 % of the uncertainty",
                "transport": "16,600 t·km × 0.0747 kg CO₂e/tkm · 32–36 L/100 km CN 2022 · 3 %",
            },
        ),
        "tornado": pictures.tornado(
            Decimal("19876.5"),
            [
                _swing("Clinker, dry process 水泥熟料", "826", "908 kg CO₂e/t", "18210", "21600", "0.62"),
                _swing("how much it replaces", "0.86 t/t", "1.04 t/t", "18900", "20850", "0.21"),
                _swing("the distances", "−17 %", "+20.5 %", "20090", "19620", "0.01"),
            ],
        ),
        "loss": pictures.waterfall(
            [("displaced", "Production displaced", Decimal("120")), ("transport", "Transport", Decimal("-310"))],
            "净避免排放",
        ),
        "months": pictures.month_series(
            [
                (f"{m}月", Decimal(v), Decimal(v) * 8 / 10, Decimal(v) * 13 / 10)
                for m, v in enumerate((310, 420, 515, 930, 640, 720, 1180, 1010, 1240, 1390, 905, 1100), 1)
            ]
        ),
        "no_months": pictures.month_series([]),
        "rows": pictures.bar_rows(
            [
                ("吴淞智慧城", 9204),
                ("Carbon Neutral Industrial Park", 4870),
                ("Nanda Innovation City", 3015),
                ("Outside", -451),
            ]
        ),
        "district": pictures.corridor_map(parks, _FLOWS, shapes),
        "hits": pictures.corridor_map(hits, [], shapes),
        "composition": pictures.composition_bar(
            [("CaO", 0.41), ("SiO₂", 0.34), ("Al₂O₃", 0.13), ("MgO", 0.08)], "rest"
        ),
        "calendar": pictures.months_bar(
            [(f"{m}月", s) for m, s in enumerate((1, 1, 0.5, 0.5, 1, 1, 1, 1, 0.2, 0.7, 1, 1), 1)]
        ),
        "reasons": [
            (0.42, "Known use: ground slag replaces clinker (GB/T 18046)."),
            (0.2, "8 km away; worth it up to 330 km."),
            (-0.06, "The quantities differ."),
        ],
        "stacked": stacked([0.42, 0.2, -0.06], 0.71),
        "fits": [QuantityFit(Decimal(40), Decimal(100)), QuantityFit(Decimal(100), Decimal(40))],
        "forms": [SampleForm(prefix="right-"), wrong],
    }
