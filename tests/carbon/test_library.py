"""The library of factors and the usual treatments."""

from decimal import Decimal

import pytest

from marketplace.carbon.baselines import baseline_for, baselines, read_baselines
from marketplace.carbon.errors import BrokenTable, UnknownMaterial
from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE, Confidence, library, provenance_faults, read_factors
from marketplace.carbon.method import assess
from marketplace.materials.taxonomy import taxonomy

ROW = {
    "id": "x",
    "name_en": "X",
    "name_zh": "",
    "kind": "disposal",
    "material_or_mode": "any",
    "value": "-1.5",
    "unit": "kgCO2e/t",
    "region": "CN",
    "year": "2024",
    "gsd": "1.2",
    "source": "",
    "source_detail": "",
    "confidence": "high",
    "notes": "",
}


def test_the_library_keeps_its_rows_and_the_marks_of_estimates():
    assert len(library()) == 274
    assert sum(factor.confidence is Confidence.ESTIMATE for factor in library().values()) == 41


def test_a_factor_may_be_negative():
    assert read_factors([ROW])["x"].value == Decimal("-1.5")


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"gsd": "0.9"},
        {"value": "NaN"},
        {"value": "1e99"},
        {"unit": "kg"},
        {"year": "soon"},
        {"confidence": "sure"},
    ],
    ids=str,
)
def test_a_wrong_row_is_refused(change):
    with pytest.raises(BrokenTable):
        read_factors([{**ROW, **change}])


def test_a_factor_is_listed_once():
    with pytest.raises(BrokenTable, match="twice"):
        read_factors([ROW, ROW])


@pytest.mark.parametrize("mode", ["truck", "truck_ev", "barge", "rail"])
def test_every_mode_has_a_factor_per_tonne_kilometre(mode):
    assert library()[TRANSPORT_FACTOR_BY_MODE[mode]].unit == "kgCO2e/tkm"


def test_every_baseline_names_a_treatment_of_the_library():
    assert set(baselines()) == set(taxonomy().materials)
    kinds = {library()[row.disposal_factor].kind for row in baselines().values() if row.disposal_factor != "none"}
    assert kinds == {"disposal"}


def test_traded_scrap_has_no_disposal_to_avoid():
    traded = baseline_for("copper-scrap")

    assert traded.disposal_factor == "none"
    assert library()["none"].value == 0


@pytest.mark.parametrize("material", ["waterworks-sludge", "calcium-fluoride-sludge", "lime-sludge"])
def test_mineral_sludge_claims_no_landfill_gas(material):
    assert library()[baseline_for(material).disposal_factor].value < 10


def test_an_unknown_material_is_named():
    with pytest.raises(UnknownMaterial, match="unobtainium"):
        baseline_for("unobtainium")


@pytest.mark.parametrize(
    "change",
    [{"disposal_factor": "teleport"}, {"disposal_factor": "rail-cn"}, {"basis": "damp"}, {"moisture": "12"}],
    ids=str,
)
def test_a_wrong_baseline_is_refused(change):
    row = {
        "material": "x",
        "disposal_factor": "none",
        "basis": "wet",
        "moisture": "0.1",
        "source": "",
        "note_en": "",
        "note_zh": "",
    }
    with pytest.raises(BrokenTable):
        read_baselines([{**row, **change}])


def test_library_rows_serve_as_factors_of_an_assessment():
    used = ("stockpile-inert", "clinker-cn", "grinding-slag", "truck-cn-49t")
    factors = {name: library()[name].to_raw() for name in used}

    assessment = assess(
        {
            "basis": {"disposal": "wet", "displaced": "wet", "reprocessing": "wet"},
            "deliveries": [
                {
                    "wet_t": "25",
                    "reject_t": "0",
                    "moisture": "0",
                    "weighed_on": "2026-03-01",
                    "legs": [{"km": "10", "factor": TRANSPORT_FACTOR_BY_MODE["truck"]}],
                }
            ],
            "disposal": {"factor": "stockpile-inert"},
            "displaced": {"factor": "clinker-cn", "substitution": "1"},
            "reprocessing": {"factor": "grinding-slag"},
        },
        factors,
    )

    assert assessment.components["disposal"] == Decimal("100.000")


def test_every_row_says_what_is_known_of_its_origin_and_no_more():
    assert provenance_faults(library().values()) == []
    assert {factor.reviewer for factor in library().values()} == {""}, "a review needs a person who made it"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"licence": ""}, "no licence"),
        ({"licence": "OGL-UK-3.0", "source": "DESNZ", "place": ""}, "place in DESNZ is missing"),
        ({"licence": "cited", "source": ""}, "source is missing"),
        ({"licence": "own", "confidence": "high"}, "cannot be called high"),
    ],
    ids=str,
)
def test_what_the_origin_lacks_is_named(change, fault):
    (found,) = provenance_faults(read_factors([{**ROW, "licence": "own", "confidence": "medium", **change}]).values())
    assert fault in found


@pytest.mark.parametrize("change", [{"licence": "free"}, {"reviewer": "Li Wei"}, {"reviewer": "2026-11-25"}], ids=str)
def test_an_origin_that_cannot_be_is_refused(change):
    with pytest.raises(BrokenTable):
        read_factors([{**ROW, **change}])


def test_a_review_has_a_name_and_a_day():
    assert read_factors([{**ROW, "reviewer": "Li Wei 2026-11-25"}])["x"].reviewer == "Li Wei 2026-11-25"


def test_rows_of_one_thing_are_of_one_kind_and_unit():
    one, other = {**ROW, "thing": "t"}, {**ROW, "id": "y", "thing": "t", "unit": "kgCO2e/tkm"}
    with pytest.raises(BrokenTable, match="another kind or unit"):
        read_factors([one, other])
