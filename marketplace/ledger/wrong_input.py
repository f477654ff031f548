"""A wrong input of the method as a sentence in the reader's language: which field, and what is expected there."""

import re
from typing import Any

from flask_babel import gettext, lazy_gettext

from marketplace.carbon.errors import InputError

# METHOD §8: paths without their numbers. What is not here is shown by its path.
_FIELDS: dict[str, Any] = {
    "deliveries": lazy_gettext("deliveries"),
    "deliveries.wet_t": lazy_gettext("weight of delivery %(number)s"),
    "deliveries.reject_t": lazy_gettext("rejected quantity of delivery %(number)s"),
    "deliveries.moisture": lazy_gettext("moisture of delivery %(number)s"),
    "deliveries.weighed_on": lazy_gettext("day of delivery %(number)s"),
    "deliveries.legs.km": lazy_gettext("distance of delivery %(number)s"),
    "deliveries.legs.factor": lazy_gettext("factor for the transport of delivery %(number)s"),
    "disposal.factor": lazy_gettext("factor for disposal"),
    "displaced.factor": lazy_gettext("factor of the displaced product"),
    "displaced.substitution": lazy_gettext("replacement ratio"),
    "displaced.quality": lazy_gettext("quality of the replacement"),
    "reprocessing.factor": lazy_gettext("factor for reprocessing"),
    "rejects": lazy_gettext("treatment of what was rejected"),
    "attribution": lazy_gettext("shares of the parties"),
}
_EXPECTED: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"must be greater than (?P<limit>\S+)"), lazy_gettext("must be greater than %(limit)s")),
    (re.compile(r"must be at least (?P<limit>\S+)"), lazy_gettext("must be at least %(limit)s")),
    (re.compile(r"must be at most (?P<limit>\S+)"), lazy_gettext("must be at most %(limit)s")),
    (re.compile(r"must hold at least one delivery"), lazy_gettext("at least one is needed")),
    (re.compile(r"names no known factor"), lazy_gettext("there is no such factor")),
    (re.compile(r"is in (?P<unit>\S+), needs (?P<wanted>.+)"), lazy_gettext("is in %(unit)s, %(wanted)s is needed")),
    (re.compile(r"must add up to exactly 1"), lazy_gettext("must add up to exactly 100 %%")),
    (re.compile(r"must name what happens .*"), lazy_gettext("must be named")),
)


def sentence_of(wrong: InputError) -> str:
    """What is wrong with the figure's inputs, for a person."""
    field = _FIELDS.get(re.sub(r"\.\d+", "", wrong.path))
    number = re.search(r"deliveries\.(\d+)", wrong.path)
    name = str(field) % {"number": int(number[1]) + 1 if number else ""} if field is not None else wrong.path
    return gettext("The figure cannot be computed: %(field)s: %(expected)s.", field=name, expected=_expected(wrong))


def _expected(wrong: InputError) -> str:
    for pattern, words in _EXPECTED:
        found = pattern.fullmatch(wrong.message)
        if found:
            return str(words) % found.groupdict()
    return wrong.message
