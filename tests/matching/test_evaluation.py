"""How the matcher is judged: metrics, baselines, calibration, and the commands that print them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.knowledge import knowledge
from marketplace.matching import store
from marketplace.matching.core.baselines import BASELINES, rank_by
from marketplace.matching.core.evaluation import evaluate
from marketplace.matching.core.metrics import brier, measure, reliability, summarise
from marketplace.matching.core.training import train
from marketplace.matching.core.values import MatchListing
from marketplace.matching.files import BrokenFile, read_grades, read_listings

SHARED = Path(__file__).resolve().parents[3] / "shared" / "matching"
DEV = SHARED / "dev"
needs_judged_set = pytest.mark.skipif(not DEV.exists(), reason="the shared judged set is not beside this checkout")

grades = st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.integers(0, 3), min_size=1)


def listing(name, is_offer, text, **changes):
    usual = {"id": name, "is_offer": is_offer, "title": text, "description": "", "lat": 31.4, "lon": 121.4}
    return MatchListing(**(usual | changes))


@given(judged=grades)
def test_the_best_order_measures_one(judged):
    best = sorted(judged, key=lambda offer: -judged[offer])
    found = measure(best, judged)
    if max(judged.values()) < 2:
        assert found is None
    else:
        assert found.ndcg == pytest.approx(1)
        assert found.mrr == 1


@given(judged=grades, order=st.permutations("abcdefghijklmnop"))
def test_measures_stay_between_nought_and_one(judged, order):
    found = measure(order, judged)
    if found:
        assert 0 <= found.ndcg <= 1 + 1e-9
        assert 0 <= found.recall <= 1
        assert 0 < found.mrr <= 1


def test_the_interval_holds_the_mean():
    found = summarise([measure("ab", judged) for judged in ({"a": 3}, {"b": 3}, {"b": 2})])
    assert found.low <= found.ndcg <= found.high
    with pytest.raises(ValueError, match="no want"):
        summarise([])


def test_true_probabilities_are_reliable():
    rng = np.random.default_rng(3)
    scores = rng.random(20_000)
    useful = (rng.random(20_000) < scores).astype(int)
    assert brier(scores, useful) == pytest.approx(1 / 6, abs=0.01)
    assert all(abs(b.mean_score - b.share_useful) < 0.05 for b in reliability(scores, useful))
    assert sum(b.pairs for b in reliability(scores, useful)) == 20_000


def test_a_hazardous_suggestion_to_a_want_that_may_not_take_it_is_counted():
    offers = [listing("acid", True, "spent acid", is_hazardous=True)]
    wants = [listing("w", False, "acid")]
    assert evaluate({"w": ["acid"]}, {"w": {"acid": 2}}, wants, offers).hazard_violations == 1
    assert all("acid" not in rank_by(name, wants, [*offers, listing("o", True, "slag")])["w"] for name in BASELINES)


@pytest.mark.parametrize(
    ("text", "words"),
    [("w o 3\n", "grade from 0 to 3"), ("w\to\t4\n", "grade from 0 to 3"), ("x\to\t1\n", "unknown listing x"),
     ("w\to\t1\nw\to\t2\n", "judged twice"), ("w\ty\t1\n", "unknown listing y")],
)  # fmt: skip
def test_broken_judgements_are_named_with_their_line(tmp_path, text, words):
    path = tmp_path / "qrels.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenFile, match=words):
        read_grades(path, {"w"}, {"o"})


@needs_judged_set
def test_our_measures_are_those_of_the_shared_script(tmp_path):
    offers, wants = read_listings(DEV / "offers.jsonl", True), read_listings(DEV / "wants.jsonl", False)
    judged = read_grades(DEV / "qrels.tsv", {w.id for w in wants}, {o.id for o in offers})
    ranking = rank_by("TF-IDF, characters", wants, offers)
    run = tmp_path / "run.tsv"
    run.write_text("".join(f"{w}\t{o}\t{-i}\n" for w, top in ranking.items() for i, o in enumerate(top)))
    theirs = json.loads(
        subprocess.run(
            [sys.executable, str(SHARED / "eval.py"), "--run", str(run), "--qrels", str(DEV / "qrels.tsv"),
             "--offers", str(DEV / "offers.jsonl"), "--wants", str(DEV / "wants.jsonl"), "--json"],
            capture_output=True, text=True, check=False,
        ).stdout.splitlines()[0]
    )  # fmt: skip
    for group, ours in evaluate(ranking, judged, wants, offers).groups.items():
        assert ours.ndcg == pytest.approx(theirs[group]["ndcg10"], abs=1e-4), group
        assert ours.recall == pytest.approx(theirs[group]["recall10"], abs=1e-4), group
        assert ours.mrr == pytest.approx(theirs[group]["mrr"], abs=1e-4), group


@needs_judged_set
def test_evaluate_prints_the_matcher_beside_the_baselines(app):
    files = [
        f"--{n}={DEV / f}" for n, f in (("offers", "offers.jsonl"), ("wants", "wants.jsonl"), ("qrels", "qrels.tsv"))
    ]
    answer = app.test_cli_runner().invoke(args=["match", "evaluate", "--json", *files])
    found = json.loads(answer.output)
    best = max(found["rankings"][name]["groups"]["all"]["ndcg"] for name in BASELINES)
    ours = found["rankings"]["matcher"]
    assert ours["groups"]["all"]["ndcg"] >= 0.85 > best
    assert min(s["ndcg"] for s in ours["groups"].values()) >= 0.8
    assert ours["groups"]["all"]["recall"] >= 0.85
    assert ours["hazard_violations"] == 0
    assert all(abs(b["mean_score"] - b["share_useful"]) < 0.1 for b in found["calibration"]["bins"] if b["pairs"] > 100)


def test_the_former_model_can_be_put_back(app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    with app.app_context():
        with pytest.raises(store.BrokenModel, match="no former model"):
            store.rollback()
        small = train(knowledge(), pairs=300)
        store.save(small, {"number": 1})
        store.save(small, {"number": 2})
        assert store.card()["metrics"] == {"number": 2}
        store.rollback()
        assert store.card()["metrics"] == {"number": 1}
        store.rollback()
        assert store.card()["metrics"] == {"number": 2}
    assert "number" in app.test_cli_runner().invoke(args=["match", "status"]).output


def test_a_model_of_unknown_types_or_cut_short_is_refused(app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    with app.app_context():
        path = store.save(train(knowledge(), pairs=300), {})
        path.write_bytes(path.read_bytes()[:2000])
        with pytest.raises(store.BrokenModel):
            store.matcher()


def paraphrased():
    """Sixty wants of the judged set in other words, written after the knowledge base; (want, title, description)."""
    lines = (Path(__file__).parent / "paraphrases.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(line.split("\t")) for line in lines]


@needs_judged_set
def test_other_words_for_the_same_wants_lose_little(app):
    offers, wants = read_listings(DEV / "offers.jsonl", True), read_listings(DEV / "wants.jsonl", False)
    judged = read_grades(DEV / "qrels.tsv", {w.id for w in wants}, {o.id for o in offers})
    by_id = {w.id: w for w in wants}
    others = [replace(by_id[want], title=title, description=text) for want, title, text in paraphrased()]
    assert len(others) == 60
    with app.app_context():
        ranker = store.matcher()
        before = [
            measure([m.offer for m in ranker.rank(by_id[o.id], offers, explain=False)], judged[o.id]) for o in others
        ]
        after = [measure([m.offer for m in ranker.rank(o, offers, explain=False)], judged[o.id]) for o in others]
    assert summarise(after).ndcg > summarise(before).ndcg - 0.07
