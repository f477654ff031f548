"""Which published factor each part of an exchange's figure takes, and at which step of METHOD §7 it was found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from marketplace.accounts.models import Site
from marketplace.calendar import SHANGHAI as SHANGHAI_TIME
from marketplace.calendar import today
from marketplace.carbon.errors import MissingFactor
from marketplace.carbon.library import library
from marketplace.carbon.resolution import PROXY_PREFIX, SHANGHAI, Resolved, Step, resolve_wanted
from marketplace.exchanges.models import Exchange, TransportBy
from marketplace.exchanges.settling import open_period
from marketplace.ledger import factors as published
from marketplace.ledger.errors import FactorMissing
from marketplace.ledger.factor_table import FactorTable, FactorVersion


class Part(StrEnum):
    """What of a figure a factor is for; whose site is asked first depends on it."""

    DISPOSAL = "disposal"
    DISPLACED = "displaced"
    REPROCESSING = "reprocessing"
    REJECTS = "rejects"
    TRANSPORT = "transport"


@dataclass(frozen=True, slots=True)
class Want:
    """A factor that a baseline, an application or a means of transport names."""

    part: Part
    factor_id: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The factor version taken for what was wanted, and the step at which it was found."""

    wanted: str
    version: FactorVersion
    step: Step

    def to_copy(self) -> dict[str, str]:
        """The factor as an entry keeps it, with how it was chosen. Readers of gcx-entry/2 take from a factor what they
        know, so these members need no new format."""
        copy = {**self.version.copy, "step": self.step.value}
        if self.version.factor_id != self.wanted:
            copy["wanted"] = self.wanted
        if self.step is Step.PROXY:
            copy["own_gsd"] = published.plain(library()[self.version.factor_id.removeprefix(PROXY_PREFIX)].gsd)
        return copy


def chosen_for(exchange: Exchange, inputs: Mapping[str, Any], table: FactorTable) -> dict[Want, Chosen]:
    """The factor of the table for each that the inputs want: measured at the site, else by the general order.

    Raises:
        FactorMissing: there is none for one of them.
        FactorNotPublished: it is in the library, but not yet published here.
    """
    wants = wants_in(inputs)
    on = min((date.fromisoformat(d["weighed_on"]) for d in inputs["deliveries"]), default=today())
    chosen = _measured_at_sites(exchange, wants, on, table)
    for want in wants:
        if want not in chosen:
            resolved = _resolved(exchange, want, on)
            chosen[want] = Chosen(want.factor_id, table.in_force(resolved.factor.id), resolved.step)
    return chosen


def wants_in(inputs: Mapping[str, Any]) -> list[Want]:
    """Every factor the inputs name, each once, with its part."""
    wants = [Want(part, inputs[part]["factor"]) for part in Part if part is not Part.TRANSPORT and part in inputs]
    modes = {inputs["default_mode"]} | {leg["factor"] for d in inputs["deliveries"] for leg in d["legs"]}
    return wants + [Want(Part.TRANSPORT, mode) for mode in sorted(modes)]


def with_chosen(inputs: Mapping[str, Any], chosen: Mapping[Want, Chosen]) -> dict[str, Any]:
    """The inputs with the ids of the factors taken in place of those wanted."""

    def taken(part: Part, wanted: str) -> str:
        return chosen[Want(part, wanted)].version.factor_id

    renamed = {
        part.value: {**inputs[part], "factor": taken(part, inputs[part]["factor"])}
        for part in Part
        if part is not Part.TRANSPORT and part in inputs
    }
    deliveries = [
        {**d, "legs": [{**leg, "factor": taken(Part.TRANSPORT, leg["factor"])} for leg in d["legs"]]}
        for d in inputs["deliveries"]
    ]
    mode = taken(Part.TRANSPORT, inputs["default_mode"])
    return {**inputs, **renamed, "deliveries": deliveries, "default_mode": mode}


def asked_sites(exchange: Exchange, part: Part) -> tuple[Site, ...]:
    """Whose measurement counts, first one first: of the place where the thing happens.

    The supplier disposes of it (and takes rejects back), the receiver makes the product that is displaced, and
    either may prepare the material; who carries, carries with his own lorries.
    """
    supplier, receiver = exchange.supplier_site, exchange.receiver_site
    if part in (Part.DISPOSAL, Part.REJECTS):
        return (supplier,)
    if part is Part.DISPLACED:
        return (receiver,)
    if part is Part.REPROCESSING:
        return (receiver, supplier)
    return (supplier,) if exchange.current_terms.transport_by is TransportBy.SUPPLIER else (receiver,)


def province_of(site: Site) -> str:
    """Region code of a site; empty for the partner parks, which lie in several provinces."""
    return SHANGHAI if site.park.is_in_district else ""


def _measured_at_sites(exchange: Exchange, wants: Iterable[Want], on: date, table: FactorTable) -> dict[Want, Chosen]:
    chosen = {}
    for want in wants:
        own = (published.own_factor_id(site, want.factor_id) for site in asked_sites(exchange, want.part))
        version = next((v for i in own if (v := _measured(table.versions.get(i, ()), exchange, on))), None)
        if version is not None:
            chosen[want] = Chosen(want.factor_id, version, Step.SITE)
    return chosen


def _measured(versions: Iterable[FactorVersion], exchange: Exchange, on: date) -> FactorVersion | None:
    """The newest of a year not after the first delivery. What was measured and approved while two were already dealing
    is for their next exchange."""
    since = _dealing_since(exchange)
    valid = [v for v in versions if v.published_at <= since and int(v.year) <= on.year]
    return valid[-1] if valid else None


def _dealing_since(exchange: Exchange) -> datetime:
    """Since when the two have dealt on what is settled now: a recurring exchange deals anew with each period."""
    period = open_period(exchange)
    if period is None:
        return exchange.created_at
    return max(exchange.created_at, datetime.combine(period.start, time.min, SHANGHAI_TIME))


def _resolved(exchange: Exchange, want: Want, on: date) -> Resolved:
    province = province_of(asked_sites(exchange, want.part)[0])
    try:
        return resolve_wanted(want.factor_id, library(), province=province, on=on)
    except MissingFactor as missing:
        raise FactorMissing(missing.wanted, missing.nearest, missing.gsd) from missing
