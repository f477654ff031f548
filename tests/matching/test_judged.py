"""The judged sets are well formed, and training reads none of them."""

import builtins
import io
from pathlib import Path

import pytest

from marketplace.knowledge import knowledge
from marketplace.matching.core.rank import Matcher
from marketplace.matching.core.training import train, training_pairs
from marketplace.matching.files import read_grades, read_listings

OURS = Path(__file__).parent / "judged"
BLIND = Path(__file__).parent / "judged_blind"
STYLED = Path(__file__).parent / "judged_blind2"
TERMS = Path(__file__).parent / "judged_terms"
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("folder", [OURS, BLIND, STYLED], ids=["ours", "blind", "blind in the style of dev"])
def test_every_judgement_is_of_a_known_pair_that_may_be_suggested(folder):
    offers = {o.id: o for o in read_listings(folder / "offers.jsonl", is_offer=True)}
    wants = {w.id: w for w in read_listings(folder / "wants.jsonl", is_offer=False)}
    grades = read_grades(folder / "qrels.tsv", set(wants), set(offers))
    assert len(offers) >= 120
    assert len(wants) >= 80
    assert set(grades) == set(wants)
    assert not [
        (want, offer)
        for want, judged in grades.items()
        for offer, grade in judged.items()
        if grade and offers[offer].is_hazardous and not wants[want].accepts_hazard
    ]


def test_of_offers_of_one_name_the_better_terms_come_first():
    offers = read_listings(TERMS / "offers.jsonl", is_offer=True)
    wants = read_listings(TERMS / "wants.jsonl", is_offer=False)
    grades = read_grades(TERMS / "qrels.tsv", {w.id for w in wants}, {o.id for o in offers})
    matcher = Matcher(knowledge(), train(knowledge()))
    name = {o.id: o.title for o in offers}
    out_of_order = [
        want.id
        for want in wants
        if len({name[o] for o in grades[want.id]}) == 1  # the others differ in what they save, which counts for less
        and (order := [grades[want.id][m.offer] for m in matcher.rank(want, offers) if m.offer in grades[want.id]])
        != sorted(order, reverse=True)
    ]
    assert out_of_order == []


def test_training_opens_no_judged_file(monkeypatch):
    opened: list[str] = []
    plain = io.open

    def note(file, *args, **kwargs):
        opened.append(str(file))
        return plain(file, *args, **kwargs)

    monkeypatch.setattr(io, "open", note)  # pathlib opens through it
    monkeypatch.setattr(builtins, "open", note)
    read_listings(OURS / "offers.jsonl", is_offer=True)
    assert opened, "the watch sees nothing"
    opened.clear()
    knowledge.cache_clear()
    training_pairs(knowledge(), 20, 1)
    assert any(name.endswith("uses.csv") for name in opened)
    assert not [name for name in opened if "judged" in name or "shared" in name]


@pytest.mark.parametrize("name", ["qrels", "judged", "shared"])
def test_the_knowledge_and_the_training_name_no_judged_set(name):
    code = (ROOT / "marketplace" / "matching" / "core" / "training.py").read_text(encoding="utf-8")
    assert f'"{name}' not in code
    assert f"/{name}" not in code
