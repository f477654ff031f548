"""What the page of an exchange shows, put together once for the template."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from flask_babel import gettext

from marketplace.accounts.policy import Permission, Viewer, may
from marketplace.carbon.errors import InputError
from marketplace.carbon.scenario import Finding
from marketplace.carbon.values import Period
from marketplace.exchanges import queries, settling
from marketplace.exchanges.models import Delivery, Exchange, ExchangeState, Side, TermsRevision
from marketplace.exchanges.page_periods import PeriodRow, PeriodStanding, period_rows
from marketplace.exchanges.state import Action, NextStep, is_possible, is_ready, next_step
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.ledger import queries as ledger_queries
from marketplace.ledger.assessing import Figure, figure_of
from marketplace.ledger.errors import FactorNotPublished
from marketplace.ledger.explaining import Explanation, explanation_of
from marketplace.ledger.guarding import findings_of
from marketplace.ledger.models import LedgerEntry
from marketplace.ledger.wrong_input import sentence_of
from marketplace.web.formats import day, money_per_t, percent, tonnes
from marketplace.web.labels import label
from marketplace.web.language import language

LATEST_STEPS = 20
CLOSED_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A term that differs from the revision before, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ExchangePage:
    """The exchange as one viewer sees it. `actions` are those the viewer may take now."""

    exchange: Exchange
    side: Side | None
    step: NextStep
    is_my_turn: bool
    actions: frozenset[Action]
    may_resume: bool
    is_ready: bool
    timeline: list[queries.TimelineItem]
    changes: list[Change]
    figure: Figure | None
    figure_note: str
    findings: list[Finding]
    why: Explanation | None
    entries: list[LedgerEntry]
    periods: list[PeriodRow]

    @property
    def terms(self) -> TermsRevision:
        return self.exchange.current_terms

    @property
    def open_period(self) -> Period | None:
        """The period that the figure is about; None where the exchange is settled once."""
        return settling.open_period(self.exchange)

    @property
    def open_code(self) -> str:
        """What a person confirms who closes that period."""
        return settling.open_code(self.exchange)

    @property
    def last_day(self) -> date | None:
        """The last day of that period."""
        return self.open_period.end - timedelta(days=1) if self.open_period else None

    @property
    def earlier_periods(self) -> list[PeriodRow]:
        """Closed periods that are folded away: all but the last, where there are many."""
        return self.periods[: self._first_shown]

    @property
    def latest_periods(self) -> list[PeriodRow]:
        """The last closed periods and all that are not closed."""
        return self.periods[self._first_shown :]

    @property
    def _first_shown(self) -> int:
        closed = (n for n, row in enumerate(self.periods) if row.standing is not PeriodStanding.SETTLED)
        return max(0, next(closed, len(self.periods)) - CLOSED_SHOWN)

    @property
    def open_deliveries(self) -> list[Delivery]:
        """Deliveries about which something may still happen; also those withdrawn."""
        return [d for d in self.exchange.deliveries if not self.is_settled(d)]

    @property
    def settled_deliveries(self) -> list[Delivery]:
        """Deliveries of closed periods."""
        return [d for d in self.exchange.deliveries if self.is_settled(d)]

    @property
    def earlier(self) -> list[queries.TimelineItem]:
        """Steps that are folded away when there are many."""
        return self.timeline[:-LATEST_STEPS]

    @property
    def latest(self) -> list[queries.TimelineItem]:
        """The newest steps, oldest of them first."""
        return self.timeline[-LATEST_STEPS:]

    def is_settled(self, delivery: Delivery) -> bool:
        """Whether a delivery counts in a closed period, which keeps it."""
        return settling.settled_at(self.exchange, delivery.weighed_on) is not None

    @property
    def delivered_t(self) -> Decimal:
        return self.exchange.delivered_t


def exchange_page(exchange: Exchange, who: Viewer) -> ExchangePage:
    """Everything the page needs, in a fixed number of statements."""
    side, step = exchange.side_of(who.enterprise_id), next_step(exchange)
    entries = ledger_queries.entries_of_exchange(db.session, exchange.id)
    acts = side is not None and may(who, Permission.TAKE_PART, exchange)
    actions = frozenset(a for a in Action if acts and side and is_possible(exchange, side, a))
    figure, note = _figure(exchange)
    return ExchangePage(
        exchange=exchange,
        side=side,
        step=step,
        is_my_turn=acts and side in step.sides,
        actions=actions,
        may_resume=exchange.state is ExchangeState.DISPUTED and may(who, Permission.SETTLE_DISPUTE, exchange),
        is_ready=is_ready(exchange),
        timeline=queries.timeline(exchange, with_messages=side is not None),
        changes=_changes(exchange),
        figure=figure,
        figure_note=note,
        findings=_findings(exchange, figure),
        why=explanation_of(figure.inputs, figure.factors, language()) if figure else None,
        entries=entries,
        periods=period_rows(exchange, {entry.position: entry for entry in entries}),
    )


def _findings(exchange: Exchange, figure: Figure | None) -> list[Finding]:
    """Why an officer looks, or will look when both sides have confirmed."""
    if exchange.open_review is not None:
        return queries.findings_of(exchange.open_review)
    is_next = exchange.state is ExchangeState.DELIVERING and is_ready(exchange)
    return findings_of(exchange, figure) if figure and is_next else []


def _figure(exchange: Exchange) -> tuple[Figure | None, str]:
    if exchange.state is ExchangeState.COMPLETED and settling.is_recurring(exchange):
        return None, gettext("All deliveries are settled; each period has its entry in the ledger.")
    if not settling.to_settle(exchange):
        return None, gettext("The figure appears with the first weighed delivery.")
    try:
        return figure_of(exchange), ""
    except InputError as wrong:
        return None, sentence_of(wrong)
    except FactorNotPublished as missing:
        return None, missing.sentence()


def _changes(exchange: Exchange) -> list[Change]:
    if len(exchange.revisions) < 2:
        return []
    before, after = exchange.revisions[-2:]
    pairs = zip(_in_words(before), _in_words(after), strict=True)
    return [Change(label, old, new) for (label, old), (_, new) in pairs if old != new]


def _in_words(terms: TermsRevision) -> list[tuple[str, str]]:
    """Each term's name and value as people read them."""
    use = knowledge().uses.get(terms.use)
    return [
        (gettext("Quantity"), tonnes(terms.quantity_t)),
        (gettext("Price"), money_per_t(terms.price_cny_per_t)),
        (gettext("First delivery"), day(terms.deliver_from)),
        (gettext("Last delivery"), day(terms.deliver_until)),
        (gettext("Settled"), label(terms.recurrence)),
        (gettext("Who carries"), label(terms.transport_by)),
        (gettext("Means of transport"), label(terms.mode)),
        (gettext("Used for"), use.name(language()) if use else gettext("another use")),
        (gettext("Supplier’s share of the saving"), percent(terms.supplier_percent / 100, 2)),
    ]
