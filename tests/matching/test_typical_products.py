"""What a use displaces with most materials counts where a row of applications says nothing of its own."""

import csv
import shutil
from decimal import Decimal

import pytest

from marketplace.carbon.library import library
from marketplace.knowledge import knowledge
from marketplace.matching.core.benefit import benefit_of
from marketplace.matching.core.knowledge import DATA, TYPICAL_GSD, load_knowledge
from marketplace.materials import check
from marketplace.materials.taxonomy import taxonomy


@pytest.fixture
def edited(tmp_path):
    """A function that changes cells of the row whose first cells are given, and reads the knowledge again."""
    shutil.copytree(DATA, tmp_path / "data")

    def edit(file, *key, **cells):
        path = tmp_path / "data" / file
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        (row,) = [r for r in rows if tuple(r.values())[: len(key)] == key]
        row |= cells
        with path.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return load_knowledge(taxonomy(), tmp_path / "data")

    return edit


def test_a_row_without_a_product_takes_the_one_that_is_typical_of_its_use():
    found = knowledge().of_pair("gypsum-powder-surplus", "building-plaster")
    assert (found.displaced_factor, found.substitution_ratio) == ("natural-gypsum", Decimal("0.7"))
    assert found.substitution_gsd == TYPICAL_GSD


def test_the_benefit_holds_the_typical_product_less_the_step_it_takes():
    found = knowledge().of_pair("track-ballast", "recycled-aggregate-concrete")
    without = knowledge().of_pair("track-ballast", "earthworks-fill")
    product, step = library()["sand-natural"].value, library()["crushing"].value
    gained = benefit_of(found).gross_kgco2e_per_t - benefit_of(without).gross_kgco2e_per_t
    assert gained == product * Decimal("0.8") - step + library()[without.reprocessing_factor].value


def test_a_row_that_names_a_product_keeps_its_own():
    found = knowledge().of_pair("gbfs", "scm-cement")
    assert found.substitution_ratio > knowledge().uses["scm-cement"].typical.ratio
    assert found.substitution_gsd < TYPICAL_GSD


@pytest.mark.parametrize(
    ("material", "use"),
    [
        ("coke-breeze", "foundry-charge"),  # carburiser, not of the families that stand for pig iron
        ("mill-scale", "eaf-charge"),  # its row says that it displaces nothing
    ],
)
def test_a_material_that_plays_another_part_displaces_nothing(material, use):
    found = knowledge().of_pair(material, use)
    assert (found.displaced_factor, found.substitution_ratio) == ("", None)


def test_what_is_at_research_stage_displaces_nothing_yet(edited):
    base = edited("applications/gypsums.csv", "gypsum-powder-surplus", "building-plaster", grade="1")
    assert base.of_pair("gypsum-powder-surplus", "building-plaster").substitution_ratio is None


def test_a_use_is_found_by_the_slug_it_had_before_it_was_merged():
    base = knowledge()
    assert "masterbatch-wax" not in base.uses
    assert base.of_pair("pe-wax", "masterbatch-wax") == base.of_pair("pe-wax", "wax-products") is not None
    assert base.of_use("scaffold-structure-reuse") == base.of_use("structural-steel-reuse")


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"displaced_factor": "no-such"}, "no-such is no factor per tonne"),
        ({"displaced_factor": "bituminous"}, "bituminous is no factor per tonne"),
        ({"substitution_ratio": "0"}, "ratio 0 is not positive"),
        ({"displaced_by": "equipment"}, "no material of equipment serves it"),
    ],
)
def test_a_typical_product_that_cannot_be_is_reported(edited, monkeypatch, cells, fault):
    base = edited("uses.csv", "building-plaster", **cells)
    monkeypatch.setattr(check, "knowledge", lambda: base)
    assert f"uses.csv: building-plaster: {fault}" in check.faults()
