"""Forms of an exchange."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from wtforms import Field, HiddenField
from wtforms.validators import Optional, ValidationError

from marketplace.accounts.models import Site
from marketplace.calendar import today
from marketplace.exchanges.models import EVEN_PERCENT, Exchange, Mode, Recurrence, TermsRevision, TransportBy
from marketplace.exchanges.periods import MOST_PERIODS, periods_between
from marketplace.exchanges.service import Decision, DeliveryFacts, TermsFacts
from marketplace.knowledge import knowledge
from marketplace.listings.models import Listing, Rhythm
from marketplace.places import road_km
from marketplace.web.fields import ChoiceField, DayField, LineField, NumberField, Required, SubmissionForm, TextField
from marketplace.web.labels import choices
from marketplace.web.language import language

_PROPOSED = (
    "quantity_t", "price_cny_per_t", "deliver_from", "deliver_until", "transport_by", "mode", "use", "recurrence",
    "supplier_percent",
)  # fmt: skip


class TermsForm(SubmissionForm):
    """Quantity, price, dates, transport, use, and whose the saving is."""

    quantity_t = NumberField(lazy_gettext("Quantity"), validators=[Required()], minimum="0.001", maximum="100000000")
    price_cny_per_t = NumberField(
        lazy_gettext("Price per tonne"), validators=[Required()], minimum="-1000000", maximum="10000000", places=2
    )
    deliver_from = DayField(lazy_gettext("First delivery"), validators=[Required()])
    deliver_until = DayField(lazy_gettext("Last delivery"), validators=[Required()])
    transport_by = ChoiceField(lazy_gettext("Who carries"), validators=[Required()])
    mode = ChoiceField(lazy_gettext("Means of transport"), validators=[Required()])
    use = ChoiceField(lazy_gettext("What the receiver uses it for"))
    recurrence = ChoiceField(lazy_gettext("Settled"), validators=[Required()])
    supplier_percent = NumberField(
        lazy_gettext("Supplier’s share of the saving"),
        validators=[Required()],
        minimum="0",
        maximum="100",
        places=2,
        default=EVEN_PERCENT,
    )
    note = TextField(lazy_gettext("Note to the other side"), maximum=2000)

    def __init__(self, *args: Any, material: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        base, reader = knowledge(), language()
        self.recurrence.choices = choices(Recurrence)
        self.transport_by.choices = choices(TransportBy)
        self.mode.choices = choices(Mode)
        self.use.choices = [
            ("", gettext("Another use: nothing is counted as displaced")),
            *(
                (a.use, f"{base.uses[a.use].name(reader)}" + (f" → {a.replaces(reader)}" if a.replaces(reader) else ""))
                for a in base.of_material(material)
            ),
        ]

    def validate_deliver_until(self, field: Field) -> None:
        start = self.deliver_from.data
        if field.data and start and field.data < start:
            raise ValidationError(gettext("The last delivery lies before the first."))

    def validate_recurrence(self, field: Field) -> None:
        first, last = self.deliver_from.data, self.deliver_until.data
        if not (first and last and field.data in tuple(Recurrence)):
            return
        count = len(periods_between(Recurrence(field.data), first, last))
        if count > MOST_PERIODS:
            raise ValidationError(
                gettext(
                    "That would be %(count)s periods; at most %(most)s can be agreed.", count=count, most=MOST_PERIODS
                )
            )

    def terms(self) -> TermsFacts:
        """The validated form as the service wants it."""
        return TermsFacts(
            quantity_t=self.quantity_t.data or Decimal(0),
            price_cny_per_t=self.price_cny_per_t.data if self.price_cny_per_t.data is not None else Decimal(0),
            deliver_from=self.deliver_from.data,  # type: ignore[arg-type]
            deliver_until=self.deliver_until.data,  # type: ignore[arg-type]
            transport_by=TransportBy(self.transport_by.data),
            mode=Mode(self.mode.data),
            use=self.use.data or "",
            note=self.note.data or "",
            recurrence=Recurrence(self.recurrence.data),
            supplier_percent=self.supplier_percent.data if self.supplier_percent.data is not None else EVEN_PERCENT,
        )

    def start_from(self, terms: TermsRevision) -> None:
        """Before the first showing: the terms on the table."""
        for name in _PROPOSED:
            self[name].data = getattr(terms, name)


class RequestForm(TermsForm):
    """The first terms, and from or to which of the requester's sites."""

    site_id = ChoiceField(lazy_gettext("Your site"), validators=[Required()])

    def __init__(self, *args: Any, sites: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site_id.choices = [(str(site.id), site.name) for site in sites]

    def start_from_listing(self, listing: Listing, use: str, part_t: Decimal | None = None) -> None:
        """Before the first showing: what the listing says, of which `part_t` tonnes may be asked for."""
        start = max(today(), listing.available_from)
        self.quantity_t.data = min(part_t or listing.quantity_t, listing.free_t).quantize(Decimal("0.001"))
        self.price_cny_per_t.data = listing.price_cny_per_t
        self.deliver_from.data = start
        self.deliver_until.data = max(start, min(listing.available_until, start + timedelta(days=60)))
        is_once = listing.rhythm is Rhythm.ONCE
        self.recurrence.data = (Recurrence.ONCE if is_once else Recurrence.MONTHLY).value
        self.transport_by.data, self.mode.data = TransportBy.RECEIVER.value, Mode.TRUCK.value
        documented = {value for value, _ in self.use.choices}
        self.use.data = use if use in documented else (self.use.choices[1][0] if len(self.use.choices) > 1 else "")


class DeliveryForm(SubmissionForm):
    """A weighbridge ticket: three large fields first."""

    gross_t = NumberField(lazy_gettext("Gross weight"), validators=[Required()], minimum="0.001", maximum="500000")
    tare_t = NumberField(lazy_gettext("Tare weight"), validators=[Required()], minimum="0", maximum="500000")
    weighed_on = DayField(lazy_gettext("Weighed on"), validators=[Required()])
    ticket_number = LineField(lazy_gettext("Ticket number"), validators=[Required()], maximum=40)
    weighed_at_site_id = ChoiceField(lazy_gettext("Weighed at"), validators=[Required()])
    mode = ChoiceField(lazy_gettext("Means of transport"), validators=[Required()])
    distance_km = NumberField(lazy_gettext("Distance"), validators=[Required()], minimum="0", maximum="20000", places=1)
    moisture_percent = NumberField(
        lazy_gettext("Moisture"), validators=[Optional()], minimum="0", maximum="100", places=2
    )
    vehicle = LineField(lazy_gettext("Vehicle"), maximum=20)
    manifest_number = LineField(lazy_gettext("Hazardous waste manifest number"), maximum=40)
    picture = FileField(lazy_gettext("Picture of the ticket"))

    def __init__(self, *args: Any, exchange: Exchange, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._needs_manifest = exchange.listing.is_hazardous
        self.mode.choices = choices(Mode)
        self.weighed_at_site_id.choices = [
            (str(site.id), site.name) for site in (exchange.supplier_site, exchange.receiver_site)
        ]

    def start_from(self, exchange: Exchange) -> None:
        """Before the first showing: today, the agreed mode, and the way between the two points."""
        supplier, receiver = exchange.supplier_site, exchange.receiver_site
        self.weighed_on.data = today()
        self.mode.data = exchange.current_terms.mode.value
        distance = road_km(supplier.lat, supplier.lon, receiver.lat, receiver.lon)
        self.distance_km.data = Decimal(str(round(distance, 1)))

    def validate_tare_t(self, field: Field) -> None:
        if field.data is not None and self.gross_t.data is not None and field.data >= self.gross_t.data:
            raise ValidationError(gettext("The tare must be less than the gross weight."))

    def validate_weighed_on(self, field: Field) -> None:
        if isinstance(field.data, date) and field.data > today():
            raise ValidationError(gettext("This day lies in the future."))

    def validate_manifest_number(self, field: Field) -> None:
        if self._needs_manifest and not field.data:
            raise ValidationError(gettext("Hazardous waste travels with a manifest: give its number."))

    def facts(self) -> DeliveryFacts:
        """The validated form as the service wants it."""
        moisture = self.moisture_percent.data or Decimal(0)
        return DeliveryFacts(
            gross_t=self.gross_t.data or Decimal(0),
            tare_t=self.tare_t.data or Decimal(0),
            moisture_fraction=moisture / 100,
            weighed_on=self.weighed_on.data,  # type: ignore[arg-type]
            mode=Mode(self.mode.data),
            distance_km=self.distance_km.data or Decimal(0),
            ticket_number=self.ticket_number.data or "",
            weighed_at_site_id=int(self.weighed_at_site_id.data),
            vehicle=self.vehicle.data or "",
            manifest_number=self.manifest_number.data or "",
        )


class ConfirmDeliveryForm(SubmissionForm):
    """The receiver's answer to a delivery."""

    reject_t = NumberField(lazy_gettext("Rejected quantity"), validators=[Optional()], minimum="0", maximum="500000")

    def __init__(self, *args: Any, net_t: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._net_t = net_t

    def validate_reject_t(self, field: Field) -> None:
        if field.data is not None and field.data > self._net_t:
            raise ValidationError(gettext("No more can be rejected than was delivered."))


class ReasonForm(SubmissionForm):
    """Why somebody ends, disputes or resumes something."""

    reason = TextField(lazy_gettext("Reason"), validators=[Required()], maximum=1000)


class ReviewForm(SubmissionForm):
    """An officer's decision about a figure; the reason stands in the timeline and in the log of decisions."""

    decision = ChoiceField(lazy_gettext("Decision"), validators=[Required()])
    reason = TextField(lazy_gettext("Reason"), validators=[Required()], maximum=1000)
    seen_kgco2e = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decision.choices = [
            ("", "—"),  # nothing is decided by leaving the list alone
            (Decision.APPROVE.value, lazy_gettext("It is right: let it count")),
            (Decision.APPROVE_WITHOUT_DISPOSAL.value, lazy_gettext("Let it count without the avoided disposal")),
            (Decision.REJECT.value, lazy_gettext("Send it back to the parties")),
        ]

    def seen(self) -> Decimal:
        """The figure on the page that was decided about, kg CO2e; not a number when the field was tampered with."""
        try:
            return Decimal(self.seen_kgco2e.data or "")
        except InvalidOperation:
            return Decimal("NaN")


class MessageForm(SubmissionForm):
    text = TextField(lazy_gettext("Message"), validators=[Required()], maximum=4000)
