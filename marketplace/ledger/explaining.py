"""A figure taken apart for people: every step with its factor and source, and what would change the figure most."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from marketplace.carbon.causes import KM, MASS, SUBSTITUTION, Causes, Step, Swing, causes_of
from marketplace.carbon.terms import KM_COMPONENTS
from marketplace.ledger.assessing import raw_factors
from marketplace.ledger.factor_words import factor_name
from marketplace.web.formats import factor_unit, kgco2e_range, number, percent, tonnes
from marketplace.web.labels import COMPONENTS
from marketplace.web.pictures import TornadoPicture, TornadoRow, WaterfallPicture, tornado, waterfall

Copies = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class StepRow:
    """One bar in words; `factor_id` leads to the factor's page, `variance_share` is 0 to 1 (negative: it offsets)."""

    component: str
    amount: str
    factor_id: str
    factor: str
    value: str
    source: str
    short_source: str
    is_estimate: bool
    kgco2e: Decimal
    variance_share: Decimal

    @property
    def share(self) -> str:
        return share_words(self.variance_share)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands under a figure. `tornado` is None where nothing is uncertain; `sentences` say what matters most."""

    waterfall: WaterfallPicture
    steps: Sequence[StepRow]
    tornado: TornadoPicture | None
    sentences: Sequence[str]


def explanation_of(inputs: Mapping[str, Any], copies: Copies, language: str) -> Explanation:
    """From what an entry (or a figure before completion) holds: its inputs and its copied factors.

    Raises:
        InputError: the inputs are wrong; those of an entry never are.
    """
    causes = causes_of(inputs, raw_factors(copies))
    steps = [_row(step, copies, language) for step in causes.steps if step.amount != 0]
    rows = [_tornado_row(swing, inputs, copies, language) for swing in causes.swings]
    return Explanation(
        waterfall=_waterfall(causes, copies, language),
        steps=steps,
        tornado=tornado(causes.assessment.net_kgco2e, rows) if rows else None,
        sentences=_sentences(causes, inputs, copies, language),
    )


def _waterfall(causes: Causes, copies: Copies, language: str) -> WaterfallPicture:
    components = [(c, str(COMPONENTS[c]), v) for c, v in causes.assessment.components.items() if v != 0]
    notes: dict[str, str] = {}
    for step in causes.steps:
        if step.kgco2e != 0:
            note = _note(_row(step, copies, language))
            notes[step.component] = f"{notes[step.component]}; {note}" if step.component in notes else note
    return waterfall(components, gettext("Net avoided"), notes)


def _note(row: StepRow) -> str:
    return gettext(
        "%(amount)s × %(value)s · %(source)s · %(share)s of the uncertainty",
        amount=row.amount, value=row.value, source=row.short_source, share=share_words(row.variance_share),
    )  # fmt: skip


def _row(step: Step, copies: Copies, language: str) -> StepRow:
    copy, size = copies[step.factor.id], abs(step.amount)
    source, place = copy.get("source", ""), (copy.get("region", ""), copy.get("year", ""))
    return StepRow(
        component=str(COMPONENTS[step.component]),
        amount=f"{number(size, 1)} t·km" if step.component in KM_COMPONENTS else tonnes(size),
        factor_id=step.factor.id,
        factor=_factor_name(step.factor.id, copies, language),
        value=f"{_few(step.factor.value)} {factor_unit(step.factor.unit)}",
        source=_joined(source, *place),
        short_source=_joined(re.split(r"[,;；，]", source)[0], *place),
        is_estimate=copy.get("confidence") == "estimate",
        kgco2e=step.kgco2e,
        variance_share=step.variance_share,
    )


def _tornado_row(swing: Swing, inputs: Mapping[str, Any], copies: Copies, language: str) -> TornadoRow:
    low, high = _bounds(swing, inputs, copies)
    label = _label(swing.name, copies, language)
    words = gettext("%(low)s to %(high)s", low=low, high=high)
    return TornadoRow(label, low, high, words, swing.net_at_low, swing.net_at_high, swing.variance_share)


def _sentences(causes: Causes, inputs: Mapping[str, Any], copies: Copies, language: str) -> list[str]:
    if not causes.swings:
        return [gettext("Nothing in this figure is on record as uncertain.")]
    widest, net = causes.swings[0], causes.assessment.net_kgco2e
    ends = kgco2e_range(*sorted((widest.net_at_low, widest.net_at_high)))
    low, high = _bounds(widest, inputs, copies)
    said = [
        gettext(
            "What would change this figure most: %(input)s. Between %(low)s and %(high)s the figure goes from"
            " %(range)s; that is %(share)s of the uncertainty.",
            input=_label(widest.name, copies, language), low=low, high=high,
            range=ends, share=share_words(widest.variance_share),
        )
    ]  # fmt: skip
    if causes.without_widest is not None:
        said.append(
            gettext(
                "Were it known exactly, the interval would be %(range)s.", range=kgco2e_range(*causes.without_widest)
            )
        )
    turning = [_label(s.name, copies, language) for s in causes.swings if s.turns_sign(net)]
    if turning:
        said.append(
            gettext(
                "The figure could change its sign by one input alone: %(inputs)s. Read it with care.",
                inputs=", ".join(turning),
            )
        )
    return said


def _bounds(swing: Swing, inputs: Mapping[str, Any], copies: Copies) -> tuple[str, str]:
    """The two ends of an input in words: a factor's values, a ratio, or by how much more or less."""
    if swing.name == SUBSTITUTION:
        ratio = Decimal(inputs["displaced"]["substitution"])
        return f"{_few(ratio * swing.low)} t/t", f"{_few(ratio * swing.high)} t/t"
    if swing.name in (KM, MASS):
        return f"−{percent(1 - swing.low, 1)}", f"+{percent(swing.high - 1, 1)}"
    unit = factor_unit(copies[swing.name]["unit"])
    return _few(swing.low), f"{_few(swing.high)} {unit}"


def _label(name: str, copies: Copies, language: str) -> str:
    if name in copies:
        return _factor_name(name, copies, language)
    return {
        SUBSTITUTION: gettext("how much it replaces"),
        KM: gettext("the distances"),
        MASS: gettext("the weighing"),
    }[name]


def _factor_name(factor_id: str, copies: Copies, language: str) -> str:
    copy = copies[factor_id]
    return factor_name(copy.get("name_en", ""), copy.get("name_zh", ""), language) or factor_id


def share_words(share: Decimal) -> str:
    """A part of the variance; what is there but small is not called nothing."""
    return gettext("under %(share)s", share="1 %") if 0 < abs(share) < Decimal("0.005") else percent(share)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _few(value: Decimal) -> str:
    """A number to about three figures."""
    size = abs(value)
    return number(value, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 4)
