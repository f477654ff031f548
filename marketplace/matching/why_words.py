"""The answer to “why is X not here?” as sentences in the reader's language."""

from decimal import Decimal

from flask_babel import gettext

from marketplace.knowledge import knowledge
from marketplace.listings.models import Kind, Listing
from marketplace.matching.core.values import Match
from marketplace.matching.listing_values import offer_and_want
from marketplace.matching.page import quantity_fit
from marketplace.matching.service import LEAST_SCORE
from marketplace.matching.why_not import Answer, Obstacle
from marketplace.materials.refusable import refusables
from marketplace.places import road_km
from marketplace.web.formats import day, kilometres, number, percent
from marketplace.web.labels import label

POOR_FIT = 0.5


def sentence_of(answer: Answer, language: str) -> str:
    """What keeps the listing away, and what would change it."""
    if answer.other is None:
        return _unnamed(answer.obstacle)
    plain = {
        Obstacle.ITSELF: gettext("That is this listing itself."),
        Obstacle.WITHHELD: gettext("A filter that only approved enterprises are told of keeps it away."),
        Obstacle.OWN_ENTERPRISE: gettext("It belongs to the same enterprise; nobody is matched with themselves."),
        Obstacle.HAZARD: gettext("The offer is hazardous waste, and the want does not accept that."),
        Obstacle.EXCLUDED: gettext("A rule of safety keeps this material from this use."),
        Obstacle.HERE: gettext("It is among these matches, in place %(place)s.", place=answer.place),
    }
    if answer.obstacle in plain:
        return plain[answer.obstacle]
    if answer.dismissal is not None:
        return _dismissed(answer)
    return _stated(answer, answer.other, language)


def filter_words(names: tuple[str, ...]) -> list[str]:
    """The page's filters by the names that people read."""
    words = {
        "within": gettext("distance"),
        "family": gettext("family"),
        "least": gettext("likely enough"),
        "hazard": gettext("hazard"),
        "price_from": gettext("lowest price"),
        "price_to": gettext("highest price"),
    }
    return [words[name] for name in names]


def weaknesses(listing: Listing, other: Listing, match: Match) -> list[str]:
    """What speaks against a pair, the gravest first; facts of the pair, whatever the model made of them."""
    offer, want = offer_and_want(listing, other)
    fit = quantity_fit(listing, other)
    found = []
    if not match.use:
        found.append(gettext("No documented use connects them."))
    if match.break_even_km is not None and match.distance_km > match.break_even_km:
        far, limit = kilometres(match.distance_km), kilometres(match.break_even_km)
        found.append(gettext("%(distance)s away, worth it up to %(limit)s only.", distance=far, limit=limit))
    if fit.share < POOR_FIT:
        offered, wanted = number(fit.offered_t, 1), number(fit.wanted_t, 1)
        found.append(gettext("%(offered)s t a month are offered, %(wanted)s t wanted.", offered=offered, wanted=wanted))
    if offer.available_until < want.available_from or want.available_until < offer.available_from:
        found.append(gettext("Their dates do not meet."))
    return found


def _unnamed(obstacle: Obstacle) -> str:
    if obstacle is Obstacle.SEVERAL:
        return gettext("Several listings read like that. Which one?")
    return gettext("We know no such listing. Try its number, the address of its page, or words of its title.")


def _dismissed(answer: Answer) -> str:
    dismissal, listing = answer.dismissal, answer.listing
    assert dismissal is not None
    reason, like = label(dismissal.reason), dismissal.other
    if answer.obstacle is Obstacle.DISMISSED:
        return gettext("You put it aside: %(reason)s.", reason=reason)
    if answer.obstacle is Obstacle.TOO_FAR:
        far = kilometres(road_km(listing.lat, listing.lon, like.lat, like.lon))
        return gettext(
            "You called “%(title)s” too far (%(distance)s); this one is as far or farther.",
            title=like.title,
            distance=far,
        )
    return gettext(
        "You put “%(title)s” aside: %(reason)s. That takes this one away too.", title=like.title, reason=reason
    )


def _stated(answer: Answer, other: Listing, language: str) -> str:
    listing = answer.listing
    offer, _ = offer_and_want(listing, other)
    score = percent(answer.match.score if answer.match else 0)
    match answer.obstacle:
        case Obstacle.NOTHING_SUGGESTED:
            return gettext("Nothing is suggested for this listing: it is %(state)s.", state=label(listing.state))
        case Obstacle.SAME_KIND:
            both = gettext("Both are offers.") if listing.kind is Kind.OFFER else gettext("Both are wants.")
            return f"{both} {gettext('Offers are matched with wants.')}"
        case Obstacle.NOT_OPEN:
            return gettext("It is not open: %(state)s.", state=label(other.state))
        case Obstacle.EXPIRED:
            return gettext("It expired: available until %(day)s.", day=day(other.available_until))
        case Obstacle.NO_LICENCE:
            return gettext(
                "The offer is hazardous waste (%(code)s), and the want's enterprise has no verified licence for it.",
                code=offer.hw_code or "HW",
            )
        case Obstacle.REFUSED:
            return gettext(
                "The want says that it takes no %(materials)s.",
                materials=gettext(", ").join(_names(answer.refused, language)),
            )
        case Obstacle.HIDDEN:
            words = gettext(", ").join(filter_words(answer.filters))
            return gettext(
                "It is a match (%(score)s), but your filters hide it: %(filters)s.", score=score, filters=words
            )
        case Obstacle.NO_KNOWN_USE:
            return _no_known_use(answer, offer, score, language)
        case Obstacle.UNLIKELY:
            least = percent(Decimal(str(LEAST_SCORE)))
            return gettext("It reaches %(score)s; matches need %(least)s.", score=score, least=least)
        case _:
            return gettext(
                "It would reach %(score)s, but other listings come before it, or its material leads nowhere near.",
                score=score,
            )


def _names(refused: tuple[str, ...], language: str) -> list[str]:
    materials, kinds = knowledge().taxonomy.materials, refusables()
    return [(materials.get(slug) or kinds[slug]).name(language) for slug in refused]


def _no_known_use(answer: Answer, offer: Listing, score: str, language: str) -> str:
    material = knowledge().taxonomy.materials[offer.material].name(language)
    names = [knowledge().uses[use].name(language) for use in answer.uses if use in knowledge().uses]
    if not names:
        return gettext(
            "The want names no use that we know, and no documented use of %(material)s leads to it (%(score)s).",
            material=material,
            score=score,
        )
    return gettext(
        "We know no documented use of %(material)s for what the want asks: %(uses)s (%(score)s).",
        material=material,
        uses=gettext(", ").join(names),
        score=score,
    )
