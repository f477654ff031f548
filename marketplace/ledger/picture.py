"""The waterfall of a figure: from zero through each component to the net."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from marketplace.web.labels import COMPONENTS
from marketplace.web.pictures import WaterfallPicture, waterfall


def waterfall_of(result: Mapping[str, Any]) -> WaterfallPicture:
    """The picture of an entry's or an assessment's result (`to_dict` form); empty components are left out."""
    components = [
        (name, str(COMPONENTS[name]), Decimal(text))
        for name, text in result["components"].items()
        if Decimal(text) != 0
    ]
    return waterfall(components, gettext("Net avoided"))
