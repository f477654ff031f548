"""The form of a saved interest. Its fields are named as those of the search page, so that its address fills them in."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms.validators import Optional, ValidationError

from marketplace.accounts.models import Site
from marketplace.knowledge import knowledge, mentions_of
from marketplace.listings.models import Kind
from marketplace.listings.search_index import query_groups
from marketplace.matching.interests.service import InterestFacts
from marketplace.matching.models import Interest, Pace
from marketplace.materials.taxonomy import taxonomy
from marketplace.web.fields import ChoiceField, LineField, NumberField, Required, SubmissionForm
from marketplace.web.labels import choices
from marketplace.web.language import language

MATERIALS = ("material", "material_2", "material_3")
SITE = "site-"  # begins the value of an own site, where the other values are codes of parks


class InterestForm(SubmissionForm):
    """What to hear of, where, and how soon."""

    kind = ChoiceField(lazy_gettext("Offers or wants"), validators=[Required()])
    q = LineField(lazy_gettext("Words"), maximum=200)
    material = ChoiceField(lazy_gettext("Material"))
    material_2 = ChoiceField(lazy_gettext("or this material"))
    material_3 = ChoiceField(lazy_gettext("or this one"))
    use = ChoiceField(lazy_gettext("Used for"))
    family = ChoiceField(lazy_gettext("Family"))
    park = ChoiceField(lazy_gettext("Park"))
    hazard = ChoiceField(lazy_gettext("Hazard"))
    least = NumberField(lazy_gettext("At least"), validators=[Optional()], minimum="0", maximum="100000000")
    within = NumberField(lazy_gettext("At most"), validators=[Optional()], minimum="0.1", maximum="5000", places=1)
    near = ChoiceField(lazy_gettext("Distance from"))
    pace = ChoiceField(lazy_gettext("Tell us"), validators=[Required()])

    def __init__(self, *args: Any, parks: list[tuple[str, str]], sites: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tree, reader, anything = taxonomy(), language(), ("", gettext("any"))
        self.has_site = bool(sites)
        self.kind.choices, self.pace.choices = choices(Kind), choices(Pace)
        materials = tree.by_family(reader)
        for name in MATERIALS:
            self[name].choices = {gettext("Leave open"): [anything]} | materials
        self.use.choices = self._use_choices(anything, reader)
        self.family.choices = [anything, *((f.slug, f.name(reader)) for f in tree.families.values())]
        self.park.choices = [anything, *parks]
        self.hazard.choices = [anything, ("no", gettext("not hazardous")), ("yes", gettext("hazardous"))]
        own = [(f"{SITE}{site.id}", site.name) for site in sites]
        self.near.choices = [("", gettext("my site") if sites else gettext("nowhere")), *own, *parks]
        for field in self:
            if isinstance(field, ChoiceField) and field.data is None:
                field.data = ""
        self.kind.data = self.kind.data or Kind.OFFER.value
        self.pace.data = self.pace.data or Pace.AT_ONCE.value

    def _use_choices(self, anything: tuple[str, str], reader: str) -> dict[str, list[tuple[str, str]]]:
        """All uses, those first that the words name."""
        uses = knowledge().uses
        named = mentions_of((self.q.data or "")[:200]).uses
        groups = {gettext("Leave open"): [anything]}
        if named:
            groups[gettext("Suggested by your words")] = [(slug, uses[slug].name(reader)) for slug in named]
        for use in uses.values():
            if use.slug not in named:
                sector = use.sector_zh if reader == "zh" else use.sector_en
                groups.setdefault(sector, []).append((use.slug, use.name(reader)))
        return groups

    def validate_q(self, field: LineField) -> None:
        asks = (self.use, self.family, self.park, *(self[name] for name in MATERIALS))
        if not field.data and not any(f.data for f in asks):
            raise ValidationError(
                gettext("Say what you want to hear of: words, a material, a use, a family or a park.")
            )
        if field.data and not query_groups(field.data):
            raise ValidationError(
                gettext("These words say nothing that can be searched for. Name a material or a use.")
            )

    def validate_within(self, field: NumberField) -> None:
        if field.data is not None and not self.has_site and not self.near.data:
            raise ValidationError(gettext("Say from which park: your enterprise has no site yet."))

    def facts(self, park_ids: dict[str, int]) -> InterestFacts:
        """The validated form as the service wants it; `park_ids` by the parks' codes."""
        near = self.near.data or ""
        return InterestFacts(
            kind=Kind(self.kind.data),
            pace=Pace(self.pace.data),
            words=self.q.data or "",
            materials=tuple(dict.fromkeys(self[name].data for name in MATERIALS if self[name].data)),
            use=self.use.data or "",
            family=self.family.data or "",
            park_id=park_ids.get(self.park.data or ""),
            is_hazardous={"yes": True, "no": False}.get(self.hazard.data or ""),
            minimum_t=self.least.data,
            within_km=self.within.data,
            site_id=int(near.removeprefix(SITE)) if near.startswith(SITE) else None,
            near_park_id=park_ids.get(near),
        )

    @staticmethod
    def typed(interest: Interest) -> dict[str, Any]:
        """A stored interest as form data."""
        near = f"{SITE}{interest.site_id}" if interest.site_id else ""
        return {
            "kind": interest.kind.value,
            "pace": interest.pace.value,
            "q": interest.words,
            "use": interest.use,
            "family": interest.family,
            "park": interest.park.code if interest.park else "",
            "hazard": {True: "yes", False: "no", None: ""}[interest.is_hazardous],
            "least": interest.minimum_t,
            "within": interest.within_km,
            "near": interest.near_park.code if interest.near_park else near,
            **dict(zip(MATERIALS, interest.slugs, strict=False)),
        }
