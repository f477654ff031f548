"""The thesaurus: complete in both languages, without loops, and of use to the matcher."""

import shutil

import pytest

from marketplace.knowledge import knowledge
from marketplace.matching.core.concepts import ConceptReader
from marketplace.matching.core.knowledge import DATA, load_knowledge
from marketplace.matching.core.values import MatchListing
from marketplace.materials.check import faults
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.thesaurus import KINDS, Concept, Thesaurus, thesaurus, thesaurus_faults


def test_the_data_files_have_no_fault():
    assert faults() == []


def test_it_names_more_than_seven_hundred_concepts_uses_included():
    assert len(thesaurus()) + len(knowledge().uses) >= 700
    assert all(thesaurus().of_kind(kind) for kind in KINDS)


def test_every_concept_leads_up_to_a_top():
    tops = {c.slug for c in thesaurus() if not c.broader}
    for concept in thesaurus():
        chain = thesaurus().broader_chain(concept.slug)
        assert (chain[-1] if chain else concept.slug) in tops


def test_a_loop_a_gap_and_a_dead_link_are_named(monkeypatch):
    broken = [
        Concept("a", "products", ("A",), ("甲",), "b"),
        Concept("b", "products", ("B",), ("乙",), "a"),
        Concept("c", "products", ("C",), (), "nowhere", ("no-use",)),
        Concept("d", "products", ("D",), ("丁",)),
    ]
    tree = Thesaurus({c.slug: c for c in broken})
    monkeypatch.setattr("marketplace.materials.thesaurus.thesaurus", lambda: tree)
    found = "\n".join(thesaurus_faults(frozenset()))
    for words in ("a: is broader than itself", "c: a label is missing", "no broader concept nowhere",
                  "c: no use no-use", "d: has nothing broader"):  # fmt: skip
        assert words in found


@pytest.mark.parametrize(
    ("title", "use"),
    [
        ("to replace fishmeal in our diets", "aquafeed"),
        ("替代元明粉", "salt-chemicals"),
        ("instead of bauxite", "alumina-recovery"),
    ],
)
def test_a_product_that_is_named_speaks_for_the_uses_that_replace_it(title, use):
    reader = ConceptReader(knowledge())
    want = MatchListing(id="w", is_offer=False, title=title, description="", lat=0, lon=0)
    assert use in reader.read([want])[0].uses


@pytest.mark.parametrize("file", ["uses.csv", "applications/slags.csv"])
def test_a_row_that_stands_twice_is_refused(tmp_path, file):
    shutil.copytree(DATA, tmp_path / "data")
    path = tmp_path / "data" / file
    header, first, *_ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(path.read_bytes() + first)

    with pytest.raises(ValueError, match="twice"):
        load_knowledge(taxonomy(), tmp_path / "data")
