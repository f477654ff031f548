"""Use cases of exchanges. Each runs inside the transaction its caller opened, and says what changed in the outbox."""

from marketplace.exchanges.service.completing import confirm_completion, reopen, take_back
from marketplace.exchanges.service.delivering import (
    DeliveryFacts,
    confirm_delivery,
    dispute_delivery,
    record_delivery,
    withdraw_delivery,
)
from marketplace.exchanges.service.ending import cancel, decline, dispute, finish, resume, withdraw
from marketplace.exchanges.service.negotiating import TermsFacts, accept, propose, request, write_message
from marketplace.exchanges.service.party import Party, as_party
from marketplace.exchanges.service.reminding import remind_of_due_periods
from marketplace.exchanges.service.reviewing import Decision, decide_review

__all__ = [
    "Decision",
    "DeliveryFacts",
    "Party",
    "TermsFacts",
    "accept",
    "as_party",
    "cancel",
    "confirm_completion",
    "confirm_delivery",
    "decide_review",
    "decline",
    "dispute",
    "dispute_delivery",
    "finish",
    "propose",
    "record_delivery",
    "remind_of_due_periods",
    "reopen",
    "request",
    "resume",
    "take_back",
    "withdraw",
    "withdraw_delivery",
    "write_message",
]
