"""What a want says it will not take stays away from it, and what an offer says is not in it does not count."""

from dataclasses import replace

import numpy as np
import pytest

from marketplace.knowledge import knowledge
from marketplace.matching.core.concepts import ConceptReader
from marketplace.matching.core.picking import may_suggest_rows
from marketplace.matching.store import matcher
from marketplace.materials import refusable
from marketplace.materials.taxonomy import taxonomy
from tests.matching.test_ranking import offer, want

PAINTED, PALLETS = offer("Painted boards from houses"), offer("Untreated pallets, broken")
SEWAGE, BARK = offer("城镇污水厂污泥"), offer("树皮")
OILY, BALED = offer("轧钢含油污泥"), offer("重型废钢")
PVC, PET = offer("PVC offcuts of window profiles"), offer("PET flakes, washed")


@pytest.fixture(scope="module")
def ranker(app):
    with app.app_context():
        return matcher()


def ranked(ranker, one_want, *offers):
    return {match.offer for match in ranker.rank(one_want, list(offers))}


@pytest.mark.parametrize(
    ("text", "kept", "refused"),
    [
        ("Biomass for our boiler, excluding painted wood", PALLETS, PAINTED),
        ("Chips for boiler fuel: pallets yes, painted wood not accepted", PALLETS, PAINTED),
        ("锅炉生物质燃料，不收油漆木", PALLETS, PAINTED),
        ("Compost feedstock, no sewage sludge please", BARK, SEWAGE),
        ("堆肥原料，不要污泥", BARK, SEWAGE),
        ("堆肥原料，污泥除外", BARK, SEWAGE),
        ("炼钢用废钢，不收含油料", BALED, OILY),
        ("Scrap for our furnace, nothing oily: no oil, no grease", BALED, OILY),
        ("Plastics for kiln fuel, free of PVC", PET, PVC),
        ("水泥窑替代燃料，不含PVC", PET, PVC),
    ],
)
def test_what_a_want_refuses_is_kept_from_it_and_the_rest_is_not(ranker, text, kept, refused):
    assert ranked(ranker, want(text), kept, refused) == {kept.id}


@pytest.mark.parametrize("text", ["Kiln fuel, free of PVC", "水泥窑替代燃料，不含PVC"])
def test_the_offer_is_kept_from_the_want_as_the_want_from_the_offer(ranker, text):
    one = want(text)
    assert not ranker.rank_wants(PVC, [one])
    assert [m.want for m in ranker.rank_wants(PET, [one])] == [one.id]


@pytest.mark.parametrize(
    "text",
    ["PET flakes wanted, no other plastics", "收PET flakes，不要其他塑料", "PET flakes only, no PVC or other plastics"],
)
def test_a_kind_is_refused_but_for_what_is_asked_for(ranker, text):
    assert ranked(ranker, want(text), PET, PVC, offer("HDPE regrind")) == {PET.id}


def test_an_offer_that_holds_what_is_refused_is_kept_away_and_one_that_is_free_of_it_is_not(ranker):
    one = want("Wood for boiler fuel, no painted wood")
    holding = offer("Shredded pallets", description="contains some painted boards")
    free = offer("Wood chips", description="free of painted boards")
    assert ranked(ranker, one, holding, free) == {free.id}


@pytest.mark.parametrize("text", ["再生PP破碎料，不含PVC", "PP regrind, PVC-free", "PP regrind without PVC"])
def test_what_an_offer_says_is_absent_does_not_make_it_an_offer_of_it(text):
    (found,) = ConceptReader(knowledge()).read([offer(text)])
    assert "pp-regrind" in found.named
    assert "pvc-offcuts" not in found.named
    assert "pvc" not in found.words


@pytest.mark.parametrize(
    "text",
    [
        "We no longer get fly ash and need a cement addition",
        "There is no fly ash nearby: cement addition wanted",
        "水泥混合材，本地没有粉煤灰",
        "水泥混合材，除粉煤灰外也收其他活性料",
        "水泥混合材，除了粉煤灰还收矿渣",
    ],
)
def test_who_has_none_of_something_does_not_refuse_it(ranker, text):
    ash = offer("Coal fly ash")
    assert ranked(ranker, want(text), ash) == {ash.id}


@pytest.mark.parametrize("text", ["水泥混合材，除粉煤灰外均可", "水泥混合材，不要粉煤灰"])
def test_everything_except_is_a_refusal(ranker, text):
    assert not ranked(ranker, want(text), offer("Coal fly ash"))


def test_a_material_that_a_person_chose_is_refused_whatever_the_title(ranker):
    one = want("Compost feedstock, no sewage sludge")
    chosen = replace(offer("Organic cake, dewatered"), material="wwtp-sludge")
    assert not ranked(ranker, one, chosen)


def test_a_title_that_names_where_a_material_comes_from_is_no_offer_of_that(ranker):
    one = want("Fill for roads, no sewage sludge")
    ash = offer("Ash from sewage sludge")
    query = ranker.query(one)
    assert may_suggest_rows(query, ranker.encoder.encode([ash]), np.arange(1)).all()


def test_both_ways_of_asking_agree_on_many_pairs(ranker):
    offers = [PAINTED, PALLETS, SEWAGE, BARK, OILY, BALED, PVC, PET]
    wants = [
        want("no painted wood"),
        want("不要污泥、不收含油料"),
        want("free of plastics; PET flakes wanted"),
        want("wood"),
    ]
    of_wants, of_offers = ranker.encoder.encode(wants), ranker.encoder.encode(offers)
    by_want = [may_suggest_rows(ranker.query(w), of_offers, np.arange(len(offers))) for w in wants]
    by_offer = [may_suggest_rows(ranker.query(o), of_wants, np.arange(len(wants))) for o in offers]
    assert (np.array(by_want) == np.array(by_offer).T).all()
    assert not np.array(by_want).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("x,a,b,,no-such", "unknown no-such"),
        ("x,a,b,plastics,\nx,c,d,wood,", "x twice"),
        ("gbfs,a,b,plastics,", "gbfs twice"),
    ],
)
def test_a_faulty_file_of_kinds_is_refused(tmp_path, rows, message):
    path = tmp_path / "refusable.csv"
    path.write_text(f"slug,terms_en,terms_zh,families,materials\n{rows}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        refusable.load(taxonomy(), path)
