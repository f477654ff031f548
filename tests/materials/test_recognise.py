"""What a text names: typed with slips, in other scripts and forms, and said to be absent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.knowledge import knowledge
from marketplace.matching.core.concepts import ConceptReader
from marketplace.matching.core.values import MatchListing
from marketplace.materials.codes import codes_of
from marketplace.materials.recognise import Lexicon, Recogniser
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.text import read
from marketplace.materials.typos import Speller
from marketplace.materials.variants import MATERIAL_BEGINNINGS, MATERIAL_ENDINGS, with_variants

TERMS = {
    "slag": ("granulated slag", "水渣"),
    "gypsum": ("phosphogypsum", "磷石膏", "CaSO4·2H2O"),
    "pvc": ("PVC", "聚氯乙烯"),
    "asbestos": ("asbestos", "石棉"),
    "wood": ("wood", "nails", "木块"),
    "iron": ("Fe2O3", "non-ferrous slag"),
    "salt": ("盐", "bentonite"),
    "ash": ("fly ash", "粉煤灰"),
}


@pytest.fixture(scope="module")
def names():
    return Recogniser(TERMS)


@pytest.fixture(scope="module")
def reader():
    return ConceptReader(knowledge())


def named(names, text):
    return {m.concept for m in names.mentions(text)}


def want(text):
    return MatchListing(id="w", is_offer=False, title=text, description="", lat=0, lon=0)


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("phosphogipsum, washed", "gypsum"),
        ("phosphogypsums", "gypsum"),
        ("granualted slag", "slag"),
        ("betonite powder", "salt"),
        ("ＰＶＣ edge trim", "pvc"),
        ("磷石膏（二水）", "gypsum"),
        ("聚氯乙烯", "pvc"),
        ("粉煤灰", "ash"),
        ("廢聚氯乙烯", "pvc"),
        ("CaSO4·2H2O 92 %", "gypsum"),
        ("CaSO₄·2H₂O", "gypsum"),
        ("Fe₂O₃ 65 %", "iron"),
    ],
)
def test_slips_plurals_scripts_and_formulae_are_recognised(names, text, concept):
    assert concept in named(names, text)


@pytest.mark.parametrize(
    ("text", "absent", "present"),
    [
        ("free of PVC and wood, granulated slag", {"pvc", "wood"}, {"slag"}),
        ("asbestos-free, fly ash", {"asbestos"}, {"ash"}),
        ("asbestos free fly ash", {"asbestos"}, {"ash"}),
        ("without wood or nails; fly ash", {"wood"}, {"ash"}),
        ("granulated slag, no wood", {"wood"}, {"slag"}),
        ("not PVC but wood", {"pvc"}, {"wood"}),
        ("not only PVC", set(), {"pvc"}),
        ("No. 2 granulated slag", set(), {"slag"}),
        ("non-ferrous slag", set(), {"iron"}),
        ("不含石棉、木块，粉煤灰", {"asbestos", "wood"}, {"ash"}),
        ("无石棉和聚氯乙烯 粉煤灰", {"asbestos", "pvc"}, {"ash"}),
        ("水渣，PVC除外", {"pvc"}, {"slag"}),
        ("除木块外的粉煤灰", {"wood"}, {"ash"}),
        ("无机盐", set(), {"salt"}),
        ("free flowing fly ash", set(), {"ash"}),
    ],
)
def test_what_is_said_to_be_absent_is_not_named(names, text, absent, present):
    found = named(names, text)
    assert not found & absent
    assert present <= found


def test_honest_words_are_not_taken_for_slips():
    speller = Speller(["friction", "phosphogypsum", "magnetite"])
    assert speller.correct("fraction") == "fraction"
    assert speller.correct("phosphogpysum") == "phosphogypsum"
    assert speller.correct("magnet") == "magnet"


def test_a_word_near_two_known_ones_is_left_alone():
    assert Speller(["granulate", "granulated"]).correct("granulatee") == "granulatee"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("EWC 10 02 02", {"100202"}),
        ("19 01 11*", {"190111"}),
        ("LoW 100202", {"100202"}),
        ("100202 t", set()),
        ("99 99 99", set()),
        ("hw08 废油", {"HW08"}),
        ("900-249-08", {"900-249-08", "HW08"}),
        ("SW17 900-001-S17", {"SW17", "900-001-S17"}),
        ("tel. 021-100-2022", set()),
    ],
)
def test_waste_codes_are_read_from_the_text(text, codes):
    assert set(codes_of(text)) == codes


def test_a_code_is_evidence_where_the_name_says_nothing(reader):
    material = next(m for m in taxonomy() if m.slug == "spent-potlining")
    code = material.low_codes[0]
    found = reader.read([want(f"see data sheet, {code[:2]} {code[2:4]} {code[4:]}")])[0]
    assert code in found.codes
    assert found.materials.get("spent-potlining", 0) > 0.3


def test_dictionaries_of_one_pass_do_not_disturb_one_another():
    lexicon = Lexicon([{"a": ("刨花",)}, {"b": ("刨花板",)}])
    first, second = lexicon.mentions(read("刨花板"))
    assert [m.concept for m in first] == ["a"]
    assert [m.concept for m in second] == ["b"]


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    codes_of(text)
    assert all(m.start < m.end for m in Recogniser(TERMS).mentions(text))


def test_one_listing_reads_as_it_does_among_others(reader):
    wants = [want("矿物掺合料"), want("clay substitute"), want("")]
    assert reader.read(wants) == [reader.read([w])[0] for w in wants]


def test_words_for_form_and_state_may_be_exchanged_unless_two_materials_would_share_them():
    names = {"fluoride": ("fluoride sludge",), "nets": ("废渔网",), "tin": ("tin dust",), "tin-oxide": ("tin powder",)}
    found = with_variants(names, MATERIAL_ENDINGS, MATERIAL_BEGINNINGS)
    assert "fluoride cake" in found["fluoride"]
    assert "旧渔网" in found["nets"]
    assert "tin fines" not in found["tin"] + found["tin-oxide"]
    assert "tin powder" not in found["tin"]


def test_a_term_for_many_materials_says_less_than_a_name(reader):
    found = reader.read([want("granite sawing sludge, with steel grit")])[0].materials
    assert max(found, key=found.get) == "granite-sludge"
    assert reader.read([want("sludge")])[0].materials["wwtp-sludge"] > 0.5


@pytest.mark.parametrize(
    ("term", "text", "is_named"),
    [
        ("fluxes", "a flux for steel", True),
        ("edgings", "cut along the edge", False),
        ("alternators", "alternative fuel", False),
        ("refrigerators", "refrigerated cargo", False),
        ("batteries", "one battery", True),
    ],
)
def test_a_name_of_one_word_is_that_word_and_not_another_of_its_stem(term, text, is_named):
    assert bool(Recogniser({"a": (term,)}).mentions(text)) == is_named


def test_a_share_of_something_in_what_was_named_already_is_no_second_name(reader):
    def offer(title, description):
        return MatchListing(id="o", is_offer=True, title=title, description=description, lat=0, lon=0)

    biogas, pure = reader.read([offer("沼气", "甲烷58%，二氧化碳 40%"), offer("gas of the best", "CO2 99.9 %")])
    assert "co2-captured" not in biogas.named
    assert "co2-captured" in pure.named


def test_a_process_that_is_named_says_less_than_a_use():
    plain = ConceptReader(knowledge()).read([want("nylon depolymerisation, caprolactam recovery")])[0].uses
    assert max(plain, key=plain.get) == "nylon-depolymerisation"


def test_the_first_word_of_a_list_in_a_name_names_nothing():
    names = taxonomy().own_names
    assert "Copper" not in names["copper-flue-dust"]  # “Copper, lead and tin smelter flue dust”
    assert "Okara" in names["okara"]  # “Okara (soy pulp)”
    assert "zinc ash" in {name.lower() for name in names["zinc-ash"]}  # “Zinc ash and skimmings, clean”


@pytest.mark.parametrize("text", ["食品厂", "玻璃厂收纯料", "a filter cake", "家具厂"])
def test_a_word_for_a_sector_or_a_form_names_no_use_and_no_material(reader, text):
    found = reader.read([want(text)])[0]
    assert not found.named | found.asked


def test_no_variant_takes_a_word_of_another_meaning():
    names = {"mud": ("filter mud",)}
    assert "filter cake" in with_variants(names, MATERIAL_ENDINGS, MATERIAL_BEGINNINGS)["mud"]
    kept = with_variants(names, MATERIAL_ENDINGS, MATERIAL_BEGINNINGS, ["filter cake"])
    assert "filter cake" not in kept["mud"]
    assert "filter sludge" in kept["mud"]


@pytest.mark.parametrize("text", ["corn cobs for fodder", "玉米芯"])
def test_a_product_within_a_longer_name_is_not_that_product(reader, text):
    found = reader.read([want(text)])[0]
    assert "corncob" in found.named
    assert "bioethanol" not in found.asked  # maize would ask for it
