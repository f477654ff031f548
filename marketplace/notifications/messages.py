"""The sentences of each kind of message, translated when they are shown or sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject (also the line in the app), body and the word on the button; %(name)s are the message's facts."""

    subject: Any
    body: Any
    button: Any


_OPEN = _l("Open the exchange")
_EXCHANGE = _l("About “%(listing)s”. Sign in to read and answer.")

MESSAGES: Mapping[str, Wording] = {
    "confirm_address": Wording(
        _l("Confirm your address"),
        _l("Press the button to confirm that this address is yours. The link is good for three days."),
        _l("Confirm address"),
    ),
    "already_registered": Wording(
        _l("You already have an account"),
        _l("Somebody tried to sign up with this address. If it was you and you forgot your password, set a new one."),
        _l("Set a new password"),
    ),
    "reset_password": Wording(
        _l("Set a new password"),
        _l("Press the button to choose a new password. The link is good for one hour and works once."),
        _l("Set a new password"),
    ),
    "invitation": Wording(
        _l("%(enterprise)s invites you"),
        _l("%(enterprise)s asks you to act for it on the Green Corridor Exchange. The link is good for two weeks."),
        _l("Accept the invitation"),
    ),
    "new_match": Wording(
        _l("New for “%(listing)s”: %(new)s"),
        _l("A new listing very likely fits yours. Request the match, or say why it is not for you."),
        _l("Look at the match"),
    ),
    "new_for_interest": Wording(
        _l("New: %(new)s"),
        _l("A new listing fits your saved interest: %(interest)s. You can change or end it under Saved interests."),
        _l("Look at the listing"),
    ),
    "daily_digest": Wording(
        _l("New listings that may suit you: %(count)s"),
        _l("Today: %(new)s. You can switch this digest off in your account."),
        _l("Look at them"),
    ),
    "enterprise_waits": Wording(
        _l("%(enterprise)s waits for approval"),
        _l("A new enterprise has confirmed its address."),
        _l("Look and decide"),
    ),
    "enterprise_approved": Wording(
        _l("Your enterprise is approved"),
        _l("You can publish listings and request matches now. Remark of the officer: %(reason)s"),
        _l("Open your enterprise"),
    ),
    "enterprise_rejected": Wording(
        _l("Your enterprise was not approved"), _l("Reason: %(reason)s"), _l("Open your enterprise")
    ),
    "enterprise_suspended": Wording(
        _l("Your enterprise is suspended"), _l("Reason: %(reason)s"), _l("Open your enterprise")
    ),
    "licence_waits": Wording(
        _l("%(enterprise)s: check licence %(licence)s"), _l("An enterprise has added a licence."), _l("Look and decide")
    ),
    "measured_waits": Wording(
        _l("%(enterprise)s: check a measured factor (%(factor)s)"),
        _l("An enterprise proposes a factor that it measured at its site."),
        _l("Look and decide"),
    ),
    "measured_approved": Wording(
        _l("Your measured factor is approved (%(factor)s, %(site)s)"),
        _l("Exchanges requested from now on use it. Remark of the officer: %(reason)s"),
        _l("Look at it"),
    ),
    "measured_rejected": Wording(
        _l("Your measured factor was not approved (%(factor)s, %(site)s)"), _l("Reason: %(reason)s"), _l("Look at it")
    ),
    "exchange_request": Wording(_l("%(other)s requests a match"), _EXCHANGE, _OPEN),
    "exchange_propose": Wording(_l("%(other)s proposes other terms"), _EXCHANGE, _OPEN),
    "exchange_accept": Wording(_l("Agreed with %(other)s"), _EXCHANGE, _OPEN),
    "exchange_decline": Wording(_l("%(other)s declined"), _EXCHANGE, _OPEN),
    "exchange_withdraw": Wording(_l("%(other)s withdrew the request"), _EXCHANGE, _OPEN),
    "exchange_cancel": Wording(_l("%(other)s cancelled the exchange"), _EXCHANGE, _OPEN),
    "exchange_dispute": Wording(_l("%(other)s disputes the exchange"), _EXCHANGE, _OPEN),
    "exchange_resume": Wording(_l("The dispute with %(other)s is settled"), _EXCHANGE, _OPEN),
    "exchange_message": Wording(_l("%(other)s wrote to you"), _EXCHANGE, _OPEN),
    "exchange_delivery": Wording(_l("%(other)s recorded a delivery"), _EXCHANGE, _OPEN),
    "exchange_delivery_confirmed": Wording(_l("%(other)s confirmed a delivery"), _EXCHANGE, _OPEN),
    "exchange_delivery_disputed": Wording(_l("%(other)s disputes a delivery"), _EXCHANGE, _OPEN),
    "exchange_delivery_withdrawn": Wording(_l("%(other)s withdrew a delivery"), _EXCHANGE, _OPEN),
    "exchange_confirm": Wording(_l("%(other)s confirmed completion"), _EXCHANGE, _OPEN),
    "exchange_complete": Wording(_l("Complete: the figure is in the ledger"), _EXCHANGE, _OPEN),
    "exchange_confirm_period": Wording(_l("%(other)s confirmed the period %(period)s"), _EXCHANGE, _OPEN),
    "exchange_close": Wording(_l("Period %(period)s closed: its figure is in the ledger"), _EXCHANGE, _OPEN),
    "exchange_period_over": Wording(_l("%(period)s is over: check its figure and confirm it"), _EXCHANGE, _OPEN),
    "exchange_finish": Wording(_l("%(other)s ended the recurring exchange"), _EXCHANGE, _OPEN),
    "exchange_review": Wording(_l("Confirmed: an officer looks at the figure before it counts"), _EXCHANGE, _OPEN),
    "exchange_review_approved": Wording(_l("The figure was approved and is in the ledger"), _EXCHANGE, _OPEN),
    "exchange_review_rejected": Wording(_l("The figure was sent back: please correct it"), _EXCHANGE, _OPEN),
    "figure_review": Wording(
        _l("A figure waits for your review"),
        _l("The figure of “%(listing)s” is not plausible at first sight. It counts only after your decision."),
        _l("Look at the figure"),
    ),
    "exchange_reopen": Wording(_l("An officer reversed the entry and reopened the exchange"), _EXCHANGE, _OPEN),
}
