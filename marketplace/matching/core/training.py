"""Training pairs made from the knowledge base alone: texts in its words, spoilt like real ones. Pure.

No judged set is read here (tests/matching/test_training.py holds us to it). A pair is useful with a probability
that follows the grade of the documented use and, mildly, quantity, dates and distance.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from marketplace.matching.core.features import FeatureReader, dates_fit, nearness, quantity_fit
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.model import SEED, MatchModel
from marketplace.matching.core.profiles import ProfileReader, text_similarity
from marketplace.matching.core.values import MatchListing
from marketplace.places import road_km

USEFUL = {3: 0.97, 2: 0.8, 1: 0.3, 0: 0.01}
CHUNK = 1500
START = date(2026, 1, 1)


def train(base: Knowledge, pairs: int = 7000, seed: int = SEED) -> MatchModel:
    """A model fitted to pairs of the knowledge base."""
    features, useful = training_pairs(base, pairs, seed)
    return MatchModel.fit(features, useful)


def training_pairs(base: Knowledge, pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (pairs, features) and labels; one third documented, two thirds drawn or nearly right."""
    rng = np.random.default_rng(seed)
    drawn = [_pair(base, rng) for _ in range(pairs)]
    reader, features = ProfileReader(base), FeatureReader(base)
    rows: list[tuple[float, ...]] = []
    for start in range(0, pairs, CHUNK):
        chunk = drawn[start : start + CHUNK]
        offers, wants = [o for o, _, _ in chunk], [w for _, w, _ in chunk]
        of_offers, of_wants = reader.read(offers), reader.read(wants)
        for offer, want, a, b in zip(offers, wants, of_offers, of_wants, strict=True):
            text = float(text_similarity([a], [b])[0, 0])
            rows.append(features.evidence(offer, want, a.concepts, b.concepts, text).values)
    useful = np.array([rng.random() < probability for _, _, probability in drawn], dtype=int)
    return np.array(rows), useful


def _pair(base: Knowledge, rng: np.random.Generator) -> tuple[MatchListing, MatchListing, float]:
    application = base.applications[rng.integers(len(base.applications))]
    material, use, grade = application.material, application.use, application.grade
    kind = rng.random()
    if kind > 0.34:  # a pair that nobody documented, often one that looks alike
        material = _another_material(base, rng, material, is_near=kind < 0.55)
        found = base.of_pair(material, use)
        grade = found.grade if found else 0
    offer, want = _offer(base, rng, material), _want(base, rng, use, material if rng.random() < 0.15 else "")
    if want.material and want.material == material:
        grade = max(grade, 2)
    mildly = 0.85 + 0.15 * quantity_fit(offer.monthly_t, want.monthly_t) * dates_fit(offer, want)
    mildly *= 0.8 + 0.2 * nearness(road_km(offer.lat, offer.lon, want.lat, want.lon))
    return offer, replace(want, material=""), USEFUL[grade] * mildly


def _another_material(base: Knowledge, rng: np.random.Generator, material: str, is_near: bool) -> str:
    tree = base.taxonomy
    choice = tree.of_family(tree.materials[material].family) if is_near else list(tree)
    return choice[rng.integers(len(choice))].slug


def _offer(base: Knowledge, rng: np.random.Generator, material: str) -> MatchListing:
    node = base.taxonomy.materials[material]
    is_zh = rng.random() < 0.5
    names = (node.name_zh, *node.synonyms_zh) if is_zh else (node.name_en, *node.synonyms_en)
    return _listing(rng, True, is_zh, _pick(rng, names, 1 + int(rng.random() < 0.3)), [node.composition])


def _want(base: Knowledge, rng: np.random.Generator, use: str, material: str) -> MatchListing:
    node, is_zh = base.uses[use], rng.random() < 0.5
    names = (node.name_zh, *node.terms_zh) if is_zh else (node.name_en, *node.terms_en)
    words = _pick(rng, names, 1 + int(rng.random() < 0.5))
    if material:
        found = base.taxonomy.materials[material]
        words.append(found.name_zh if is_zh else found.name_en)
    listing = _listing(rng, False, is_zh, words, [node.sector_zh if is_zh else node.sector_en])
    return replace(listing, material=material)


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
