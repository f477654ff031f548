"""Days as Shanghai counts them, and moments as records write them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from marketplace.database import now

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """The present calendar day in Shanghai."""
    return now().astimezone(SHANGHAI).date()


def stamp(at: datetime) -> str:
    """RFC 3339, UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
