"""Training pairs made from the knowledge base alone: texts in its words, spoilt like real ones. Pure.

No judged set is read here (tests/matching/test_training.py holds us to it). A pair is useful with a probability
that follows the grade of the documented use and, mildly, everything else that a practitioner weighs.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from marketplace.matching.core.encode import Encoder, encoder_for
from marketplace.matching.core.features import COUNT, NAMES, all_features, query_of
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.model import SEED, MatchModel
from marketplace.matching.core.values import MatchListing
from marketplace.materials.thesaurus import thesaurus

USEFUL = {3: 0.985, 2: 0.93, 1: 0.22, 0: 0.006}
UNITLESS = {"comp-ph", "comp-whiteness", "comp-fineness", "comp-strength-index", "comp-viscosity", "comp-acid-value"}
START = date(2026, 1, 1)


def train(base: Knowledge, pairs: int = 12000, seed: int = SEED) -> MatchModel:
    """A model fitted to pairs of the knowledge base."""
    features, useful = training_pairs(base, pairs, seed)
    return MatchModel.fit(features, useful)


def training_pairs(base: Knowledge, pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (pairs, features) and labels; one third documented, two thirds drawn or nearly right."""
    rng = np.random.default_rng(seed)
    drawn = [_pair(base, rng) for _ in range(pairs)]
    features = pair_features([o for o, _, _ in drawn], [w for _, w, _ in drawn], encoder_for(base))
    # A benefit is known where a use is documented; drawn anew, it stands for what it saves alone.
    benefit = NAMES.index("benefit")
    features[:, benefit] = rng.permutation(features[:, benefit])
    probability = np.array([USEFUL[grade] for _, _, grade in drawn]) * _mildly(features)
    return features, (rng.random(pairs) < probability).astype(int)


def pair_features(offers: Sequence[MatchListing], wants: Sequence[MatchListing], encoder: Encoder) -> np.ndarray:
    """The features of each offer with the want of the same place: an array (pairs, features)."""
    of_offers, of_wants = encoder.encode(offers), encoder.encode(wants)
    found = np.empty((len(offers), COUNT))
    for row in range(len(offers)):
        query = query_of(of_wants.take([row]), False, encoder.tables)
        only = np.array([row])
        found[row] = all_features(query, of_offers, only)[:, 0]
    return found


def _mildly(features: np.ndarray) -> np.ndarray:
    """How much of a pair's usefulness is left by what it has besides the material: 1 at the best."""
    value = {name: features[:, NAMES.index(name)] for name in NAMES}
    left = 0.94 + 0.06 * value["quantity"] * value["dates"]
    left *= 0.94 + 0.06 * value["nearness"]
    left *= 0.9 + 0.1 * np.minimum(1, value["price"] / 0.5)
    left *= np.where(value["composition"] < 0.5, 0.45, 1.0)
    return np.asarray(left * np.where(value["benefit"] < 0.5, 0.9, 1.0))


def _pair(base: Knowledge, rng: np.random.Generator) -> tuple[MatchListing, MatchListing, int]:
    application = base.applications[rng.integers(len(base.applications))]
    material, use, grade = application.material, application.use, application.grade
    kind = rng.random()
    if kind > 0.34:  # a pair that nobody documented, often one that looks alike
        material = _another_material(base, rng, material, is_near=kind < 0.55)
        found = base.of_pair(material, use)
        grade = found.grade if found else 0
    offer, want = drawn_offer(base, rng, material), drawn_want(base, rng, use, material if rng.random() < 0.15 else "")
    if want.material and want.material == material:
        grade = max(grade, 2)
    if rng.random() < 0.25:
        offer, want = _state_amounts(rng, offer, want)
    return offer, replace(want, material=""), grade


def _state_amounts(
    rng: np.random.Generator, offer: MatchListing, want: MatchListing
) -> tuple[MatchListing, MatchListing]:
    """Both state a share of the same component; two times in three the offer keeps what the want asks."""
    components = [c for c in thesaurus().of_kind("components") if c.slug not in UNITLESS]
    component = components[rng.integers(len(components))]
    asked = int(rng.integers(10, 80))
    given = asked + int(rng.integers(1, 15)) * (1 if rng.random() < 0.67 else -1)
    offered, wanted = (component.name(x.language) for x in (offer, want))
    return (
        replace(offer, description=f"{offer.description} {offered} {given} %"),
        replace(want, description=f"{want.description} {wanted} ≥ {asked} %"),
    )


def _another_material(base: Knowledge, rng: np.random.Generator, material: str, is_near: bool) -> str:
    tree = base.taxonomy
    choice = tree.of_family(tree.materials[material].family) if is_near else list(tree)
    return choice[rng.integers(len(choice))].slug


def drawn_offer(base: Knowledge, rng: np.random.Generator, material: str) -> MatchListing:
    """An offer of a material in the words of the knowledge base, spoilt now and then."""
    node = base.taxonomy.materials[material]
    is_zh = rng.random() < 0.5
    names = (node.name_zh, *node.synonyms_zh) if is_zh else (node.name_en, *node.synonyms_en)
    offer = _listing(rng, True, is_zh, _pick(rng, names, 1 + int(rng.random() < 0.3)), [node.composition])
    codes = tuple(c for c in (*node.low_codes[:1], node.hw_code) if c)
    return replace(offer, codes=codes, material=material) if rng.random() < 0.4 else offer


def drawn_want(base: Knowledge, rng: np.random.Generator, use: str, material: str) -> MatchListing:
    """A want for a use, naming the material as well unless it is empty."""
    node, is_zh = base.uses[use], rng.random() < 0.5
    names = (node.name_zh, *node.terms_zh) if is_zh else (node.name_en, *node.terms_en)
    words = _pick(rng, names, 1 + int(rng.random() < 0.5))
    if material:
        found = base.taxonomy.materials[material]
        words.append(found.name_zh if is_zh else found.name_en)
    listing = _listing(rng, False, is_zh, words, [node.sector_zh if is_zh else node.sector_en])
    codes = base.taxonomy.materials[material].low_codes[:1] if material else ()
    return replace(listing, material=material, codes=codes if rng.random() < 0.5 else ())


def _listing(
    rng: np.random.Generator, is_offer: bool, is_zh: bool, words: Sequence[str], extra: Sequence[str]
) -> MatchListing:
    start = START + timedelta(days=int(rng.integers(0, 200)))
    return MatchListing(
        id="",
        is_offer=is_offer,
        title=" ".join(_spoil(rng, word) for word in words),
        description=" ".join(extra) if rng.random() < 0.4 else "",
        lat=31.2 + 0.4 * rng.random(),
        lon=121.2 + 0.5 * rng.random(),
        language="zh" if is_zh else "en",
        monthly_t=float(10 ** rng.uniform(0, 4)),
        price_cny_per_t=float(rng.integers(-300, 1500)) if rng.random() < 0.4 else None,
        available_from=start,
        available_until=start + timedelta(days=int(rng.integers(30, 365))),
    )


def _pick(rng: np.random.Generator, names: Sequence[str], count: int) -> list[str]:
    return [names[i] for i in rng.permutation(len(names))[:count]]


def _spoil(rng: np.random.Generator, word: str) -> str:
    """Now and then a part is missing, as in real titles that use other words than ours."""
    if len(word) < 4 or rng.random() > 0.45:
        return word
    parts = word.split()
    if len(parts) > 1:
        del parts[rng.integers(len(parts))]
        return " ".join(parts)
    cut = int(rng.integers(1, len(word)))
    return word[:cut] + word[cut + 1 :]
