"""Who acts in an exchange, on a locked row, with a line in the timeline for each step."""

from dataclasses import dataclass

from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.database import now
from marketplace.exchanges.errors import NotPossibleNow
from marketplace.exchanges.models import Exchange, ExchangeEvent, ExchangeState, Side
from marketplace.exchanges.signals import exchange_stepped
from marketplace.exchanges.state import Action, is_possible
from marketplace.extensions import db
from marketplace.notifications import service as notifications


@dataclass(frozen=True, slots=True)
class Party:
    """A person acting for one side of a locked exchange."""

    exchange: Exchange
    user: User
    side: Side

    def require(self, action: Action) -> None:
        """Raises: NotPossibleNow: the state or the side forbids it."""
        if not is_possible(self.exchange, self.side, action):
            raise NotPossibleNow

    def step(self, action: str, state: ExchangeState, reason: str = "", **facts: str) -> None:
        """Move to a state, write the timeline and tell the other side, with what the message names."""
        record(self.exchange, action, state, self.user, self.side, reason, facts.get("period", ""))
        tell(self.exchange, self.side.other, action, **facts)


def lock(exchange_id: int) -> Exchange:
    """The exchange, held by this transaction until it ends."""
    return db.session.scalars(
        select(Exchange).where(Exchange.id == exchange_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def as_party(exchange_id: int, user: User) -> Party:
    """Lock the exchange for a member of one of its sides.

    Raises:
        NotPossibleNow: the person belongs to neither side.
    """
    exchange = lock(exchange_id)
    side = exchange.side_of(user.membership.enterprise_id if user.membership else None)
    if side is None:
        raise NotPossibleNow
    return Party(exchange, user, side)


def record(
    exchange: Exchange,
    action: str,
    state: ExchangeState,
    user: User | None,
    side: Side | None,
    reason: str = "",
    period: str = "",
) -> None:
    """Set the state, write the timeline and let other parts write along.

    Args:
        reason: why; it stands beside the state until the next step.
        period: the code of the period that the step is about, for the timeline.
    """
    exchange.state = state
    exchange.state_reason = reason
    exchange.changed_at = now()
    db.session.add(
        ExchangeEvent(
            exchange_id=exchange.id,
            action=action,
            state=state,
            side=side,
            user_id=user.id if user else None,
            reason=reason or period,
        )
    )
    exchange_stepped.send(exchange, action=action)


def tell(exchange: Exchange, side: Side, action: str, **facts: str) -> None:
    """Leave a message for one side's people."""
    other = exchange.supplier if side is Side.RECEIVER else exchange.receiver
    notifications.tell(
        notifications.traders_of(exchange.enterprise_id_of(side)),
        f"exchange_{action}",
        f"/exchanges/{exchange.id}",
        listing=exchange.listing.title,
        other=other.name_zh or other.name_en,
        other_en=other.name_en or other.name_zh,
        **facts,
    )
