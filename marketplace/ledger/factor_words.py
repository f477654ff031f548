"""How people read what a factor comes with: region, licence of the source, and the step at which it was chosen."""

from collections.abc import Mapping

from flask_babel import gettext

from marketplace.carbon.library import SourceLicence
from marketplace.carbon.resolution import Step


def factor_name(name_en: str, name_zh: str, language: str) -> str:
    """The name for the reader; many factors have none in Chinese."""
    return (name_zh if language == "zh" else "") or name_en


def factor_kind(kind: str) -> str:
    """What kind of thing a factor is of; an unknown kind is shown as it is."""
    words = {
        "production": gettext("Production"),
        "production-secondary": gettext("Production from recovered material"),
        "disposal": gettext("Disposal"),
        "reprocessing": gettext("Reprocessing"),
        "transport": gettext("Transport"),
        "energy": gettext("Energy"),
        "gwp": gettext("Global warming potential"),
    }
    return words.get(kind, kind)


def region_name(code: str) -> str:
    """A region code in words; an unknown code is shown as it is."""
    words = {
        "CN": gettext("China"),
        "CN-SH": gettext("Shanghai"),
        "CN-JS": gettext("Jiangsu"),
        "CN-ZJ": gettext("Zhejiang"),
        "CN-AH": gettext("Anhui"),
        "YRD": gettext("Yangtze delta"),
        "EAS": gettext("East Asia"),
        "GLO": gettext("World"),
        "GB": gettext("United Kingdom"),
        "IE": gettext("Ireland"),
        "EU": gettext("European Union"),
    }
    return words.get(code, code)


def licence_words(licence: str) -> str:
    """On what terms the value may be passed on."""
    words = {
        SourceLicence.OGL_UK: gettext("Open Government Licence v3.0"),
        SourceLicence.OFFICIAL: gettext("Official document, free of copyright (Copyright Law of China, Art. 5)"),
        SourceLicence.CITED: gettext("One figure quoted; all other rights stay with the publisher"),
        SourceLicence.OWN: gettext("Our own calculation, free to use"),
        SourceLicence.UNKNOWN: gettext("not known"),
    }
    return words[SourceLicence(licence)]


def step_words(step: str) -> str:
    """The step of the order in which factors are looked for."""
    words = {
        Step.SITE: gettext("step 1, measured at the site"),
        Step.PROVINCE: gettext("step 2, the province"),
        Step.COUNTRY: gettext("step 3, China"),
        Step.DELTA: gettext("step 4, Yangtze delta or East Asia"),
        Step.WORLD: gettext("step 5, the world"),
        Step.PROXY: gettext("step 6, another region as a proxy"),
        Step.NOTHING: gettext("nothing to count"),
    }
    return words[Step(step)]


def step_reason(factor: Mapping[str, str]) -> str:
    """Why this factor, of a copy that says at which step it was found."""
    reasons = {
        Step.SITE: gettext("Measured at the site itself and approved by an officer before the exchange was requested."),
        Step.PROVINCE: gettext("The site has no approved measurement; a figure of its province goes before others."),
        Step.COUNTRY: gettext("No approved measurement of the site and no figure of its province."),
        Step.DELTA: gettext("No approved measurement of the site, no figure of its province or of China."),
        Step.WORLD: gettext("No approved measurement of the site, no figure of its province, China or East Asia."),
        Step.NOTHING: gettext("This part does not take place: zero by definition."),
    }
    step = Step(factor["step"])
    if step is Step.PROXY:
        return gettext(
            "No local figure is known. The one for %(region)s stands in; "
            "its spread is widened from %(own)s to %(gsd)s.",
            region=region_name(factor["region"]),
            own=factor["own_gsd"],
            gsd=factor["gsd"],
        )
    return str(reasons[step])
