"""Days as Shanghai counts them."""

from datetime import date
from zoneinfo import ZoneInfo

from marketplace.database import now

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """The present calendar day in Shanghai."""
    return now().astimezone(SHANGHAI).date()
